"""Pages of a mapping in one process of the family: its own, those still shared, and why."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.protocol import FramesReply, PagesReply, SymbolsReply
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text.mapping_detail import compared_ticks
from smapstop.text.why import why_of
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.pages.cells import CellPainter
from smapstop.ui.pages.member_panel import draw_first_copy, draw_pages_reason, draw_pages_title
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.mapping_pages import MappingPages
from smapstop.ui.widgets.strip_panel import StripPanel

_LEAST_WITH_FIRST_COPY = 5
"""Lines of the reason from which on who copied first is above it; with fewer, the table beside it has more room."""


@dataclass(frozen=True, slots=True)
class MemberMapping:
    """A mapping in one process of the family."""

    pid: int
    name: str
    """How the table of shared mappings calls it."""
    timeline: Timeline
    """Ticks of the process."""
    view: View
    mapping: int
    """Its id there."""
    first_copy: str = ""
    """Which process copied first, and which functions did; empty if none did."""


class _DrawnPanel(StripPanel):
    """Lines that are drawn by what contains them."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.strips: Sequence[Strip] = ()

    def draw_strips(self) -> Sequence[Strip]:
        """Draw the lines: they are drawn already."""
        return self.strips


class MemberPages(Vertical):
    """Shows the pages of a mapping in a process, below a title with their numbers and above the reason."""

    DEFAULT_CSS = """
    MemberPages { background: $background;
      #pages-title { height: 1; }
      #pages-reason { height: 3; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: MemberMapping | None = None
        self._missing = ""

    def compose(self) -> ComposeResult:
        """Compose the title, the pages and the reason."""
        yield _DrawnPanel(id="pages-title")
        yield MappingPages(id="member-pages", compact=True)
        yield _DrawnPanel(id="pages-reason")

    @property
    def pid(self) -> int | None:
        """The process whose pages are shown; None if none are."""
        return None if self._shown is None else self._shown.pid

    @property
    def pages(self) -> MappingPages:
        """The pages."""
        return self.query_one(MappingPages)

    def show(self, mapping: MemberMapping | None, missing: str = "") -> None:
        """Show a mapping in a process, and request its pages if they may have changed.

        Args:
            mapping: The mapping; None if there is none to show.
            missing: Why there is none.
        """
        if mapping is not None and self._shown is not None and mapping == self._shown:
            return
        self._shown, self._missing = mapping, missing
        self.pages.visible = mapping is not None
        if mapping is not None:
            self.pages.show(mapping.timeline, mapping.view, mapping.mapping)
        self.redraw()

    def handle_reply(self, pid: int, reply: PagesReply | SymbolsReply | FramesReply) -> None:
        """Show what a process answered."""
        if self._shown is not None and self._shown.pid == pid:
            self.pages.handle_reply(reply)
            self.redraw()

    def redraw(self) -> None:
        """Draw the title and the reason."""
        if not self.size.width:
            return
        base = self.rich_style
        style, width = DrawStyle(palette_of(self.app), base, base, base), self.size.width
        title, reason = self.query_one("#pages-title", _DrawnPanel), self.query_one("#pages-reason", _DrawnPanel)
        shown, history, canvas = self._shown, self.pages.history, self.pages.canvas
        if shown is None or history is None or not history.states:
            title.strips = [draw_pages_title(self._missing, (), None, "", style, width)] if self._missing else []
            reason.strips = []
        else:
            keys = f"{key_of(self.app, 'closer')} {key_of(self.app, 'further')} zoom"
            keys += f"  {key_of(self.app, 'pages')} whole screen"
            counts = () if canvas is None else canvas.state_counts
            painter = CellPainter(style.palette, style.base)
            title.strips = [draw_pages_title(f"{shown.name} in {shown.pid}", counts, painter, keys, style, width)]
            ticks = compared_ticks(history, shown.view)
            why = why_of(history, shown.view, ticks, key_of(self.app, "pages"))
            lines = reason.size.height
            first = draw_first_copy(shown.first_copy, style, width) if lines >= _LEAST_WITH_FIRST_COPY else []
            reason.strips = [*first, *draw_pages_reason(why, style, width, lines - len(first))]
        title.redraw()
        reason.redraw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.redraw)
