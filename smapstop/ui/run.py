"""Run the dashboard or the guide on this terminal until the user quits."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper

from smapstop.errors import SmapstopError
from smapstop.settings import Settings, StartRequest, Walkthrough
from smapstop.source.base import Source
from smapstop.text.format import printable
from smapstop.ui.app import Dashboard
from smapstop.ui.program_control import Rebuilds


@contextmanager
def _stderr_on_terminal() -> Iterator[None]:
    """Point stderr, on which Textual draws, at the terminal, even if the user redirected it."""
    if isinstance(sys.__stderr__, TextIOWrapper):  # box-drawing characters are not ASCII, whatever the locale says
        sys.__stderr__.reconfigure(encoding="utf-8", errors="backslashreplace")
    errors = os.dup(2)
    if not os.isatty(errors):
        os.dup2(1, 2)
    try:
        yield
    finally:
        os.dup2(errors, 2)
        os.close(errors)


def run_dashboard(
    source: Source,
    begin: StartRequest,
    settings: Settings,
    *,
    walkthrough: Walkthrough | None = None,
    rebuilds: Rebuilds | None = None,
) -> int:
    """Show the dashboard until the user quits; see `Dashboard`.

    Errors that did not stop it, such as those of writing a recording, are shown for seconds only, and are printed to
    stderr at the end.

    Returns:
        The exit status: the launched program's own when it ended.

    Raises:
        SmapstopError: The source failed before the first tick.
    """
    app = Dashboard(source, begin, settings, walkthrough=walkthrough, rebuilds=rebuilds)
    with _stderr_on_terminal():
        status = app.run()
    for notice in app.session.notices:
        print(f"smapstop: {printable(notice)}", file=sys.stderr)
    if app.session.failure is not None and not app.session.has_ticks:
        failure = app.session.failure
        raise SmapstopError(failure.what, failure.remedy, status=failure.status)
    return status or 0


def run_guide(chapter: str, theme: str, keys: Mapping[str, tuple[str, ...]]) -> int:
    """Show the guide until the user quits; see `GuideApp`.

    Returns:
        The exit status.
    """
    from smapstop.ui.guide_app import GuideApp

    with _stderr_on_terminal():
        return GuideApp(chapter, theme, keys).run() or 0
