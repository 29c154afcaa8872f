"""Dialog to choose the columns of the table, and their order."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from smapstop.text.table_columns import ALL_COLUMNS, COLUMNS, Column, add_sorted, end_of_numbers, fit_columns
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Explained, Modal
from smapstop.ui.widgets.findable_list import FindableList


class ColumnList(FindableList):
    """The columns, one a line; typing finds one, and a click shows or hides it."""

    def on_key(self, event: events.Key) -> None:
        """Leave space to the action that shows or hides the column: it is not typed to find one."""
        if event.key == "space":
            event.prevent_default()

    async def _on_click(self, event: events.Click) -> None:
        """Put the cursor on the column clicked, instead of choosing it."""
        event.prevent_default()
        at = event.style.meta.get("option")
        if at is not None:
            self.highlighted = at
            await self.run_action("screen.show")


class ColumnsScreen(Modal[tuple[Column, ...] | None]):
    """Lists all columns, those shown in the table first; the result is None when the user changes nothing.

    Args:
        columns: Columns of the table now.
        room: Cells that the table has for its columns.
        sorted_by: Key of the column that rows are sorted by, which has room before others.
    """

    DEFAULT_CSS = "ColumnsScreen > .box { width: 100; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("columns")]

    def __init__(self, columns: Sequence[Column], room: int, sorted_by: str = "moved") -> None:
        super().__init__()
        self._room, self._sorted_by = room, sorted_by
        self._initial_columns = tuple(columns)
        self._set_columns(columns)

    def _set_columns(self, columns: Sequence[Column]) -> None:
        """Mark these columns as shown, and list the others after them."""
        self._shown_keys = {column.key for column in columns}
        self._order = [*columns, *(column for column in ALL_COLUMNS.values() if column.key not in self._shown_keys)]

    def compose(self) -> ComposeResult:
        """Compose the list of columns and the help of the highlighted one."""
        show, left, default, back = (key_of(self.app, name) for name in ("show", "move_up", "usual", "back"))
        with Vertical(classes="box") as box:
            box.border_title = "Columns, from left to right · type to find"
            right = key_of(self.app, "move_down")
            box.border_subtitle = (
                f"{show} toggle · {left}{right} move · {default} defaults · enter apply · {back} cancel"
            )
            yield ColumnList(*self._listed())
            yield Explained(markup=False)

    def on_mount(self) -> None:
        """Highlight the first column."""
        self._choices.highlighted = 0

    @property
    def _choices(self) -> ColumnList:
        return self.query_one(ColumnList)

    def _listed(self) -> tuple[list[Option], list[str]]:
        """The lines of the list, and what typing finds them by: the title, or the name that `--columns` takes."""
        return [*map(self._option, self._order)], [f"{column.title} {column.key}" for column in self._order]

    def _option(self, column: Column) -> Option:
        """Line of a column in the list; one that is shown may have no room on this terminal."""
        shown = column.key in self._shown_keys
        title = (f" {'✓' if shown else ' '} {column.title:17}", "bold" if shown else "")
        no_room = "no room · " if shown and column.key not in self._fitting_keys else ""
        return Option(Content.assemble(title, (no_room, "bold"), column.brief), id=column.key)

    @property
    def _fitting_keys(self) -> set[str]:
        """The shown columns that have room in the table."""
        shown = [column for column in self._order if column.key in self._shown_keys]
        return {column.key for column, _ in fit_columns(add_sorted(shown, self._sorted_by), self._room)}

    def _update_options(self, at: int) -> None:
        """List the columns again, with the cursor at an index."""
        self._choices.replace_choices(*self._listed())
        self._choices.highlighted = at

    def action_show(self) -> None:
        """Show or hide the column under the cursor; the last one shown cannot be hidden.

        One that is now shown comes before the history and the verdict: at their right it may be off the screen.
        """
        at = self._choices.highlighted or 0
        column = self._order[at]
        if self._shown_keys == {column.key}:
            return
        if column.key not in self._shown_keys and column.cell_format != "happened":
            del self._order[at]
            at = min(at, end_of_numbers(self._order))
            self._order.insert(at, column)
        self._shown_keys ^= {column.key}
        self._update_options(at)

    def action_move_column(self, places: int) -> None:
        """Move the column under the cursor by a number of places."""
        at = self._choices.highlighted or 0
        to = max(0, min(len(self._order) - 1, at + places))
        self._order.insert(to, self._order.pop(at))
        self._update_options(to)

    def action_usual(self) -> None:
        """Restore the default columns in their default order."""
        self._set_columns(COLUMNS)
        self._update_options(0)

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show the full help of the column under the cursor."""
        self.query_one(Explained).update(ALL_COLUMNS[message.option_id].help if message.option_id else "")

    def on_option_list_option_selected(self) -> None:
        """Close, with the columns shown if they changed."""
        chosen = tuple(column for column in self._order if column.key in self._shown_keys)
        self.dismiss(chosen if chosen != self._initial_columns else None)
