"""Command that copies: rows of the table, why they are as they are, the screen."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.model.view.selection import selected_part
from smapstop.model.view.view import View
from smapstop.text import copying
from smapstop.ui.clipboard import fit_text, refusal_hint, write_clipboard
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.dashboard import MainScreen

Rows = tuple[int, ...]
"""Ids of mappings or groups."""

CHOICES: Mapping[str, str] = MappingProxyType(
    {
        "address": "address range",
        "name": "full name",
        "row": "row, tab-separated",
        "why": "why it changed",
        "screen": "screen as text",
        "svg": "screen as an SVG file",
    }
)
"""What can be copied, by name."""


def _copy(screen: MainScreen, argument: str) -> None:
    """Copy what is named, or let the user choose."""
    if argument:
        _perform(screen, COPY.choose(argument, CHOICES), _subjects(screen))
    else:
        from smapstop.ui.screens.copy import CopyScreen

        ids = _subjects(screen)  # the rows may move while the menu is open
        previews = {name: _preview(_find_text(screen, name, ids)) for name in _FINDERS} if ids else {}
        menu = CopyScreen(previews.get("name", "the screen"), CHOICES, previews)
        screen.app.push_screen(menu, lambda name: _perform_chosen(screen, name, ids))


def _preview(text: str) -> str:
    """The beginning of a text: of one with a header or a title, what comes after it."""
    lines = text.split("\n")
    return lines[min(1, len(lines) - 1)].replace("\t", " ")


def _perform_chosen(screen: MainScreen, name: str | None, ids: Rows) -> None:
    """Copy what the user chose, once the menu is off the screen."""
    if name is not None:
        screen.app.call_after_refresh(_perform_or_say_why, screen, name, ids)


def _perform_or_say_why(screen: MainScreen, name: str, ids: Rows) -> None:
    try:
        _perform(screen, name, ids)
    except SmapstopError as error:
        screen.notify(str(error), markup=False)


def _perform(screen: MainScreen, name: str, ids: Rows) -> None:
    """Copy one of the choices.

    Raises:
        SmapstopError: There is nothing to copy, or it cannot be saved.
    """
    if name == "screen":
        _copy_screen(screen)
    elif name == "svg":
        _save_svg(screen)
    else:
        text = _find_text(screen, name, ids)
        lines = text.count("\n")
        _write(screen, text, f"{lines + 1} lines" if lines else text)


# what is copied


def _subjects(screen: MainScreen) -> Rows:
    """The mappings or groups to copy: those selected, else the one under the cursor."""
    view, selection, current = screen.session.view, screen.session.selection, screen.views.table.current
    if view is None or not selection:
        return () if current is None else (current,)
    table = view.table
    chosen = np.array(selected_part(view, selection, table.ids)) == 1
    if table.parent is not None:  # of a group that is selected, not its mappings once more
        chosen &= (table.parent < 0) | ~chosen[table.parent]
    return tuple(table.ids[chosen].tolist())


def _find_text(screen: MainScreen, name: str, ids: Rows) -> str:
    """What is copied of some rows.

    Raises:
        SmapstopError: There are no rows.
    """
    view = screen.session.view
    if view is None or not ids:
        raise SmapstopError("no row to copy")
    return _FINDERS[name](screen, view, ids)


_FINDERS: Mapping[str, Callable[[MainScreen, View, Rows], str]] = {
    "address": lambda _, view, ids: copying.addresses_text(view, ids),
    "name": lambda _, view, ids: copying.names_text(view, ids),
    "row": lambda screen, view, ids: copying.rows_text(view, screen.session.timeline, screen.columns, ids),
    "why": lambda screen, view, ids: copying.why_text(
        view, screen.session.timeline, ids, key_of(screen.app, "pages")
    ),
}
"""Texts of rows, by what is copied."""


def _copy_screen(screen: MainScreen) -> None:
    """Copy the screen as text."""
    lines = (strip.text.rstrip() for strip in screen._compositor.render_strips())  # noqa: SLF001  (no public way)
    _write(screen, "\n".join(lines) + "\n", f"the screen, {screen.size.height} lines")


def _write(screen: MainScreen, text: str, what: str) -> None:
    """Write a text to the clipboard, and say so; once, what to set if it does not arrive."""
    fitting = fit_text(text)
    if write_clipboard(screen.app, fitting):
        notice = f"copied, also to tmux: {what}"
    elif screen.session.knows_clipboard:
        notice = f"copied: {what}"
    else:
        notice = f"copied: {what}\nIf your terminal forbids it (OSC 52), {refusal_hint(os.environ)}"
    cut = f"\nonly the first {len(fitting.encode()):,} bytes: terminals take no more" if fitting != text else ""
    timeout = 5 if screen.session.knows_clipboard and not cut else 12
    screen.notify(notice + cut, timeout=timeout, markup=False)
    screen.session.knows_clipboard = True


def _save_svg(screen: MainScreen) -> None:
    """Save the screen as an SVG file in the working directory."""
    run = screen.session.run
    path = Path(f"smapstop-{run.target.pid if run else 0}-{time.strftime('%H%M%S')}.svg")
    try:
        with path.open("x", encoding="utf-8", errors="replace") as file:
            file.write(screen.app.export_screenshot(title="smapstop"))
    except OSError as error:
        raise SmapstopError(
            f"cannot write {path}: {error.strerror}", "start smapstop in a directory of yours"
        ) from None
    screen.notify(f"saved the screen: {path.absolute()}", timeout=12, markup=False)


COPY = ScreenCommand(
    "copy",
    f"[{'|'.join(CHOICES)}]",
    "Copy a row, why it changed, or the screen, also over ssh and in tmux.",
    _copy,
    lambda *_: CHOICES,
)
