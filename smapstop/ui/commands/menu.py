"""Command that opens the menu of the row under the cursor."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from textual.geometry import Offset

from smapstop.errors import SmapstopError
from smapstop.model.kinds import Kind
from smapstop.model.short_names import without_path
from smapstop.model.view.row_names import row_name
from smapstop.model.view.table_data import TableData
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.dashboard import MainScreen

if TYPE_CHECKING:  # screens are imported when they are opened
    from smapstop.ui.screens.menu import MenuEntry

_KINDS = list(Kind)


def _menu(screen: MainScreen, _: str) -> None:
    """Open the menu next to the pointer."""
    from smapstop.ui.screens.menu import RowMenu

    view, current = screen.session.view, screen.views.table.current
    if view is None or current is None:
        raise SmapstopError("there is no row")
    row = int(np.flatnonzero(view.table.ids == current)[0])
    menu = RowMenu(
        row_name(view.table, row), list(_entries(screen, view.table, row)), Offset(*screen.app.mouse_position)
    )
    screen.app.push_screen(menu, lambda command: _perform(screen, command))


def _perform(screen: MainScreen, command: str | None) -> None:
    """Run the command that was chosen, once the menu is off the screen."""
    if command is not None:
        screen.app.call_after_refresh(screen.app.run_action, f"command({command!r})")


def _entries(screen: MainScreen, table: TableData, row: int) -> "Iterator[MenuEntry]":
    """What can be done with a row."""
    from smapstop.ui.screens.menu import MenuEntry

    def keys(*names: str) -> str:
        return " ".join(key_of(screen.app, name) for name in names)

    is_group = table.ids[row] < 0
    yield MenuEntry("Fold or unfold" if is_group else "Go in: why it changed", "inspect", keys("open"))
    if not is_group:
        yield MenuEntry("Its pages", "pages", keys("pages"))
    yield MenuEntry("Its events", "inspect events")
    yield MenuEntry("Its callers", "callers mapping", keys("callers"))
    if not is_group:
        yield MenuEntry("Copy its addresses", "copy address", keys("copy", "copy_address"))
    yield MenuEntry("Copy its name", "copy name", keys("copy", "copy_name"))
    name = without_path(table.texts[int(table.name[row])])
    if name:
        yield MenuEntry(f"Only {name}", f"filter {name}")
    if not is_group:
        kind = _KINDS[int(table.kind[row])].value
        yield MenuEntry(f"Only of its kind: {kind}", f"filter kind:{kind}")
    yield MenuEntry("Select it, or no longer", "select row", keys("select_row"))
    yield MenuEntry("Select rows from here", "select range", keys("select_range"))
    yield MenuEntry("Mark this moment", "mark", keys("mark"))
    yield MenuEntry("Copy more", "copy", keys("copy"))
    yield MenuEntry("Choose the columns", "columns", keys("columns"))


MENU = ScreenCommand("menu", "", "Open the menu of the row, as a right click does.", _menu)
