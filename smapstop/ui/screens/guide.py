"""Dialog with the guide: the list of chapters, and the text of one."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from smapstop.guide import CONTENTS, chapters
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Modal
from smapstop.ui.widgets.guide_viewer import GuideViewer
from smapstop.ui.widgets.scrolling import scroll_lines

WIDE = 100
"""Least width, in cells, to list the chapters next to the text."""


class GuideScreen(Modal[None]):
    """Shows the guide, with its chapters listed on the left.

    Args:
        start: The chapter to start with.
    """

    AUTO_FOCUS = "GuideViewer Chapter"
    DEFAULT_CSS = """
    GuideScreen {
      & > .box { width: 130; height: 100%; padding: 0; }
      #chapters { width: 15; height: 100%; border: none; padding: 1 0 0 1; }
      #chapters:focus { border: none; }
      Tooltip { display: none; }
      &.-narrow #chapters { display: none; }
      &.-narrow.-listing #chapters { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("guide")]

    def __init__(self, start: str = CONTENTS) -> None:
        super().__init__()
        self._start = start

    def compose(self) -> ComposeResult:
        """Compose the list of chapters on the left and one chapter on the right."""
        names = ("guide", "next_chapter", "previous_chapter", "back", "quit")
        contents, following, previous, back, close = (key_of(self.app, name) for name in names)
        with Vertical(classes="box") as box:
            box.border_subtitle = (
                f"{contents} chapters   {following} next   {previous} previous   {back} back   {close} close"
            )
            with Horizontal():
                yield OptionList(*map(_option, (CONTENTS, *chapters())), id="chapters", compact=True)
                yield GuideViewer(self._start)

    def on_mount(self) -> None:
        """Set the title to the first chapter."""
        self.on_guide_viewer_opened()

    def on_resize(self, event: Resize) -> None:
        """List the chapters next to the text where there is room."""
        super().on_resize(event)
        self.set_class(event.size.width < WIDE, "-narrow")

    @property
    def viewer(self) -> GuideViewer:
        """The viewer of the text."""
        return self.query_one(GuideViewer)

    @property
    def _list(self) -> OptionList:
        return self.query_one("#chapters", OptionList)

    def on_guide_viewer_opened(self) -> None:
        """Show the name of the chapter in the title, and highlight it in the list."""
        self.query_one(".box").border_title = f"Guide: {self.viewer.chapter}"
        self._list.highlighted = self._list.get_option_index(self.viewer.chapter)

    async def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Show the chapter that was chosen."""
        await self.viewer.open(message.option_id or CONTENTS)
        self._read()

    def _read(self) -> None:
        """Focus the text."""
        self.set_focus(self.viewer.document)
        self.remove_class("-listing")

    def action_contents(self) -> None:
        """Focus the list of chapters, or go back to the text."""
        if self._list.has_focus:
            self._read()
        else:
            self.add_class("-listing")
            self.set_focus(self._list)

    async def action_turn(self, chapters_on: int) -> None:
        """Go forward by a number of chapters, or back if it is negative."""
        names = (CONTENTS, *chapters())
        at = names.index(self.viewer.chapter) + chapters_on
        if 0 <= at < len(names):
            await self.viewer.open(names[at])

    async def action_back(self) -> None:
        """Leave the list, go back to the last chapter visited, or close."""
        if self.has_class("-listing"):
            self._read()
        elif self.viewer.is_first:
            self.dismiss()
        else:
            await self.viewer.back()

    def action_close(self) -> None:
        """Close the guide."""
        self.dismiss()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines; in the list, move the cursor by one line."""
        if self._list.has_focus:
            (self._list.action_cursor_down if lines > 0 else self._list.action_cursor_up)()
        else:
            scroll_lines(self.viewer, lines)

    def action_page(self, pages: int) -> None:
        """Scroll by screenfuls."""
        scroll_lines(self.viewer, pages * (self.viewer.size.height - 1))

    def action_go(self, where: int) -> None:
        """Go to the start of the chapter; with -1, to its end."""
        self.viewer.scroll_to(y=0 if where == 0 else self.viewer.max_scroll_y, animate=False)


def _option(name: str) -> Option:
    """Line of a chapter in the list."""
    return Option(Content(name), id=name)
