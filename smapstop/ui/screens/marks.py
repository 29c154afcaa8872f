"""Dialog that lists the marks, to go to one."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from smapstop.model.marks import Mark
from smapstop.model.timeline.timeline import Timeline
from smapstop.text import format as fmt
from smapstop.text.status import total_change
from smapstop.text.units import UnitFormat
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Modal

_NAME_CELLS = 32
_REMOVE = " ✕ "


class MarkList(OptionList):
    """The marks, one a line; a click on the ✕ before it asks to remove the mark."""

    class RemoveClicked(Message):
        """The user clicked on the ✕ of the highlighted mark."""

    async def _on_click(self, event: events.Click) -> None:
        """Leave all other clicks to the list."""
        at = event.style.meta.get("option")
        if at is not None and event.x <= len(_REMOVE):
            event.prevent_default()
            self.highlighted = at
            self.post_message(self.RemoveClicked())


class MarksScreen(Modal[Mark | None]):
    """Lists the marks; the result is None when the user goes to none.

    Args:
        marks: The marks, in order of time.
        timeline: The timeline that has their ticks.
        shown: The tick shown, with which their totals are compared.
        unit: Format of amounts.
        remove: Removes a mark.
    """

    DEFAULT_CSS = "MarksScreen > .box { width: 78; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("marks")]

    def __init__(
        self, marks: Sequence[Mark], timeline: Timeline, shown: int, unit: UnitFormat, remove: Callable[[Mark], None]
    ) -> None:
        super().__init__()
        self._marks, self._timeline, self._shown_number = list(marks), timeline, shown
        self._unit, self._remove = unit, remove

    def compose(self) -> ComposeResult:
        """Compose the list."""
        with Vertical(classes="box") as box:
            box.border_title = "Marks: Rss then, and what it has changed by"
            box.border_subtitle = (
                f"enter go there   {key_of(self.app, 'remove_mark')} remove   {key_of(self.app, 'back')} close"
            )
            yield MarkList(*(Option(self._line(mark)) for mark in self._marks), compact=True)

    def on_mount(self) -> None:
        """Highlight the newest mark."""
        self.query_one(OptionList).highlighted = len(self._marks) - 1

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Close with the mark chosen."""
        self.dismiss(self._marks[message.option_index])

    @on(MarkList.RemoveClicked)
    def action_remove_mark(self) -> None:
        """Remove the mark under the cursor; close after the last."""
        marks = self.query_one(OptionList)
        if marks.highlighted is None:
            return
        at = marks.highlighted
        self._remove(self._marks.pop(at))
        marks.remove_option_at_index(at)
        if not self._marks:
            self.dismiss(None)

    def _line(self, mark: Mark) -> Content:
        """Line of a mark: its letter, time, memory, the change since, and its mapping."""
        then, now = self._timeline.header(mark.tick), self._timeline.header(self._shown_number)
        change = self._unit.change(total_change(then, now, "rss"))
        when, rss = fmt.clock(then.wall_ns), self._unit.text(then.totals.get("rss"))
        return Content.assemble(
            (_REMOVE, "dim"),
            (f"{mark.letter or ' '}  {when}  ", "bold"),
            f"{rss:>8} {change:>9}   {self._mapping_name(mark)}",
        )

    def _mapping_name(self, mark: Mark) -> str:
        """Name of the mapping that was under the cursor."""
        snapshot = self._timeline.at(mark.tick)
        row = None if mark.mapping is None else snapshot.row_of(mark.mapping)
        return "" if row is None else fmt.shorten_middle(fmt.printable(snapshot.mappings.name_of(row)), _NAME_CELLS)
