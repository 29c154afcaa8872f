"""The page: what it says of a run, that it is complete, and that names are text."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from export_helpers import record_ticks
from factories import mappings_of, tick_of
from list_source import target
from model.family.readings import reading_of
from places import ROOT
from recorded_runs import family_readings, read_service, service_ticks

from smapstop.cli.main import main
from smapstop.export.html.event_lines import MAX_EVENTS, event_lines
from smapstop.export.html.page import comparison_page, run_page
from smapstop.export.html.recorded_run import read_run
from smapstop.export.html.run_figures import run_figures
from smapstop.model.events import MECHANISMS, NO_EVENTS, Events
from smapstop.recording.redaction import Redaction
from smapstop.recording.writer import Recorder
from smapstop.ui.theme.palette import _DARK, _LIGHT, Palette

HOSTILE = '</script><script>window.pwned=1</script>"><img src=x onerror=window.pwned=1>'
_BLOCKS = {"p", "dt", "dd", "td", "th", "li", "h1", "h2", "h3", "h4", "summary", "label", "div"}
_VOID = {"meta", "input", "img", "br", "link"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return run_page(read_service(tmp_path_factory.mktemp("page"), family=family_readings()))


class Outline(HTMLParser):
    """Checks that elements are closed, and collects their attributes and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += " " * (tag in _BLOCKS)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif not self.open or self.open[-1] != "style":
            self.text += data


def words(page: str) -> str:
    """The text of a page, with single spaces."""
    return " ".join(Outline(page).text.split())


def test_the_verdict_comes_first_and_says_what_grew_and_why(page: str) -> None:
    text = words(page)
    said = [
        "Rss grew from 480 KiB to 1.2 MiB in 7.0 s, by 700 KiB.",
        "It was highest at 22:13:23, with 2.8 MiB.",
        "The process exited 3 at 22:13:27.",
        "[heap] +700 K 100 % of all that grew",
        "Why: 175 pages first touch.",
        "Grows since 22:13:20 at 100 K/s, by first touch (25 pages a second). No reading shows it falling.",
        "Who: 100 % of the 175 page faults seen in it: remember, service.c:9.",
        "Over time",
        "What stands out",
        "Mappings",
    ]
    assert [each for each in said if each not in text] == []
    assert [text.index(each) for each in said] == sorted(text.index(each) for each in said)


def test_it_says_who_when_and_by_what(page: str) -> None:
    text = words(page)
    for fact in (
        "pid 4711",
        "command program",
        "2023-11-14 22:13:20 +0000 to 22:13:27, 7 s",
        "samples 8, every 1.0 s",
    ):
        assert fact in text
    assert re.search(r"kernel Linux \d+\.\d+", text)


def test_it_asks_for_nothing_and_may_run_nothing_but_its_own_script(page: str) -> None:
    outline = Outline(page)
    addresses = [
        value for _, name, value in outline.attributes if name in ("src", "href", "action", "data", "srcset")
    ]
    assert addresses
    assert all(value and value.startswith("#") for value in addresses)
    assert not re.search(r"url\(|@import|https?:", page)
    (policy,) = [
        value for tag, name, value in outline.attributes if tag == "meta" and value and "default-src" in value
    ]
    script = base64.b64encode(hashlib.sha256(outline.scripts[-1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]


def test_links_lead_to_what_is_there(page: str) -> None:
    attributes = Outline(page).attributes
    ids = [value for _, name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for _, name, value in attributes if name == "href"} <= {f"#{each}" for each in ids}


def test_mappings_have_their_amounts_and_what_came_and_went_is_not_forgotten(page: str) -> None:
    rows = re.findall(r"<tr data-kind=.*?</tr>", page, re.DOTALL)
    texts = [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in rows]
    assert texts == [
        "A anon bb8000 came and went rw-p · 2 M 512 p first touch",
        "H [heap] rw-p 400 K 1.07 M +700 K 1.07 M 175 p first touch",
        "F libfoo.so .text r-xp 80 K 80 K · 80 K",
    ]
    assert '<svg class="spark"' in rows[1]
    assert '<svg class="spark"' not in rows[2]


def test_callers_limits_and_the_family_are_there(page: str) -> None:
    text = words(page)
    assert "182 page faults since 22:13:20." in text
    assert "remember (service.c:9) in program: 175 page faults, 96 %" in page
    assert "memory (cgroup) 3 M 4 M 75 %" in text
    assert "when it had most Pss: family of 2 processes Σ Pss 1.37 M" in text


@pytest.mark.parametrize(
    ("service_kb", "worker_kb", "sentence"),
    [
        (300, 9_300, "Of its family, p4712 4712 grew most: Uss from 300 KiB to 9.1 MiB, by 8.8 MiB."),
        (9_500, 9_300, ""),  # the service itself grew more
        (300, 900, ""),  # too little
    ],
)
def test_a_worker_that_grew_more_than_the_process_is_named_at_the_top(
    tmp_path: Path, service_kb: int, worker_kb: int, sentence: str
) -> None:
    first, *last = (
        {"rss": 20_000, "pss": kb, "private_clean": 0, "private_dirty": kb} for kb in (300, service_kb, worker_kb)
    )
    readings = [
        reading_of(1, {4711: first, 4712: first}, new=(4711, 4712)),
        reading_of(3, {4711: last[0], 4712: last[1]}),
    ]
    text = words(run_page(read_service(tmp_path, family=readings)))
    found = re.search(r"Of its family, .*? by [^ ]+ [KM]iB\.", text.partition("Over time")[0])
    assert (found[0] if found else "") == sentence


def test_what_was_not_recorded_is_not_claimed(tmp_path: Path) -> None:
    text = words(run_page(read_service(tmp_path, count=2, growth=0)))
    assert "Rss was 480 KiB at the end of 1.0 s, as at the start." in text
    assert "Family" not in text
    assert "of all that grew" not in text


@pytest.mark.parametrize("where", ["library", "name", "stack"])
def test_names_are_text_wherever_they_come_from(tmp_path: Path, where: str) -> None:
    name = {"library": f"/usr/lib/{HOSTILE}\x1b[31m\u202e.so", "name": HOSTILE[:200], "stack": f"{HOSTILE} < main"}[
        where
    ]
    page = run_page(read_service(tmp_path, **{where: name}))
    outline = Outline(page)
    assert not [tag for tag, name, _ in outline.attributes if tag == "img" or name.startswith("on")]
    assert len(outline.scripts) == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", page)


def test_a_redacted_recording_stays_redacted(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "secret.smaps", redaction=Redaction())
    recorder.write_target(target(command_line=("/home/pwn/pwn-program", "pwn"), user="pwn"))
    recorder.write_ticks(*service_ticks(name="pwn", library="/home/pwn/libpwn.so", stack="pwn@pwn.c:1 < pwn_main"))
    recorder.write_family(*family_readings())
    recorder.close("pwn")
    page = run_page(read_run(tmp_path / "secret.smaps"))
    assert "pwn" not in page
    assert "library-1" in page
    assert "command left out (--redact)" in words(page)


def test_what_is_many_is_cut_and_counted(tmp_path: Path) -> None:
    rows = [[(20 * each, 20 * each + 9, "rw-p", "", 4 + 4 * number) for each in range(400)] for number in range(3)]
    ticks = [tick_of(number, mappings_of(*rows[number]), [*range(400)]) for number in range(3)]
    page = run_page(read_run(record_ticks(tmp_path / "many.smaps", *ticks)))
    assert page.count("<tr data-kind=") == 250
    assert "150 more mappings, with 1.76 M together (+1.17 M), are left out" in page
    assert page.count('<details id="mapping-') == 24
    assert "226 more mappings of the table moved: smapstop replay shows them in detail." in page
    assert len(page) < 1 << 20


def test_two_runs_are_compared(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    before, after = read_service(tmp_path / "a"), read_service(tmp_path / "b", growth=40)
    text = words(comparison_page(before, after))
    said = [
        "Uss at the end: 1.2 MiB before, 760 KiB after, −420 KiB (−36 %).",
        "Before: Rss grew from 480 KiB to 1.2 MiB in 7.0 s, by 700 KiB.",
        "After: Rss grew from 480 KiB to 760 KiB in 7.0 s, by 280 KiB.",
        "Rss was at most 2.8 MiB before, and 2.6 MiB after.",
        "[heap] −420 K",
        "1.07 M before, 680 K after: −38 %",
        "Both runs 7 s after their first samples.",
        "Rss 1.15 M 760 K −420 K",
        "Rss at most",
        "Growth of Rss per second",
        "first-touch 2.68 M 2.27 M −420 K",
        "Before: service.smaps",
        "After: service.smaps",
    ]
    assert [each for each in said if each not in text] == []


def test_runs_of_different_lengths_are_compared_up_to_the_end_of_the_shorter(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    long, short = (
        read_run(record_ticks(tmp_path / name / "run.smaps", *service_ticks(count)))
        for name, count in (("a", 12), ("b", 5))
    )
    figures = run_figures((long, short))
    assert figures.age == "4 s"
    assert {figure.name: figure.change_value for figure in figures.totals}["Rss"] == 0
    assert [(figure.name, figure.before, figure.after) for figure in figures.mechanisms] == [
        ("first-touch", "2.39 M", "2.39 M")
    ]


def test_earlier_events_are_left_out_and_all_that_are_exported_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids, kb, ticks = [*range(40)], [4] * 40, []
    for number in range(600):
        kb[number % 40] += 4
        names = [
            (20 * each, 20 * each + 9, "rw-p", f"/f{each}", amount) for each, amount in zip(ids, kb, strict=True)
        ]
        what = np.array([MECHANISMS.index("first-touch")], np.int8)
        events = Events(np.array([number % 40]), what, np.array([4]), np.array([True]))
        ticks.append(tick_of(number, mappings_of(*names), ids, keyframe=True, events=events if number else NO_EVENTS))
    path = record_ticks(tmp_path / "events.smaps", *ticks)
    shown = event_lines(read_run(path))
    assert main(["export", str(path), "-o", "-", "--format", "jsonl"]) == 0
    exported = capsys.readouterr().out.count('"type": "event"')
    assert len(shown.lines) == MAX_EVENTS
    assert shown.left_out == f"Earlier lines are left out: smapstop export has all {exported} events."


@pytest.mark.parametrize(("palette", "head"), [(_LIGHT, ":root {"), (_DARK, "prefers-color-scheme: dark")])
def test_the_colours_are_those_of_the_dashboard(palette: Palette, head: str) -> None:
    style = (ROOT / "smapstop/export/html/templates/style.css").read_text()
    block = style.partition(head)[2]
    colours = dict(reversed(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block.partition("--fill")[0])))
    assert {role: colours[role] for role in palette.colours} == dict(palette.colours)
    assert (colours["gain"], colours["loss"]) == (palette.gain, palette.loss)
