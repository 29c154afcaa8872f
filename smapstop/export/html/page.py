"""Render the page: one file that loads nothing, with whatever a process put into its names as plain text."""

import base64
import hashlib
import time
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from smapstop import __version__
from smapstop.export.html.comparison import compare
from smapstop.export.html.event_lines import event_lines
from smapstop.export.html.facts import facts_of, limits_of, name_of
from smapstop.export.html.family_table import family_section
from smapstop.export.html.flame_graph import flame_graph
from smapstop.export.html.mapping_sections import mapping_sections, undetailed_text
from smapstop.export.html.mapping_table import mapping_table
from smapstop.export.html.moments import marks_of, moments_of
from smapstop.export.html.recorded_run import RecordedRun
from smapstop.export.html.time_chart import time_chart
from smapstop.text.kinds import LETTERS
from smapstop.text.run_verdict import run_verdict


def run_page(run: RecordedRun) -> str:
    """The page about one run."""
    verdict, table = run_verdict(run.view, run.timeline, run.sums), mapping_table(run)
    sections = mapping_sections(run, table.rows)
    return render_page(
        "run.html",
        title=name_of(run),
        facts=facts_of(run),
        verdict=verdict,
        time_chart=time_chart(run, verdict.movers),
        moments=moments_of(run),
        marks=marks_of(run),
        table=table,
        sections=sections,
        undetailed=undetailed_text(table.rows, sections),
        detailed={section.row.mapping for section in sections},
        flame=flame_graph(run),
        limits=limits_of(run),
        family=family_section(run),
        events=event_lines(run),
    )


def comparison_page(before: RecordedRun, after: RecordedRun) -> str:
    """The page that compares two runs."""
    comparison = compare(before, after)
    return render_page("comparison.html", title=comparison.title, comparison=comparison)


def render_page(template: str, **content: Any) -> str:
    """Render a template with its content; no script in the page may run but its own."""
    script = _read("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = (
        _environment()
        .get_template(template)
        .render(
            style=Markup(_read("style.css")),
            script=Markup(script),
            script_hash=f"sha256-{digest}",
            version=__version__,
            time_zone=f"Times are in {time.strftime('%Z (UTC%z)')}.",
            letters=LETTERS,
            **content,
        )
    )
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


@cache
def _environment() -> Environment:
    """Environment of the templates: everything is escaped, and a missing variable is an error."""
    return Environment(
        loader=PackageLoader("smapstop.export.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _read(name: str) -> str:
    """Read a file of the directory of templates."""
    return files("smapstop.export.html").joinpath("templates", name).read_text("utf-8")
