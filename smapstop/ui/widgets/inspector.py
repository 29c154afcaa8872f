"""Inspector beside the table: explains the row under the cursor, in tabs."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.previous_run import FOREIGN_ID_BASE
from smapstop.model.grouping import GroupScope
from smapstop.model.history.group_history import GroupHistory
from smapstop.model.history.mapping_history import MappingHistory, label_at
from smapstop.model.kinds import Kind
from smapstop.model.metrics import parts_of
from smapstop.model.protocol import MappingReply, SharersReply
from smapstop.model.tick import Ids
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.row_names import row_name
from smapstop.model.view.view import View
from smapstop.text.caller_scope import caller_scope
from smapstop.text.group_why import set_why_of
from smapstop.text.mapping_detail import compared_ticks, title_of
from smapstop.text.row_sums import mappings_text
from smapstop.text.status import baseline_text
from smapstop.ui.drawing.group_why import draw_foreign, draw_group_why
from smapstop.ui.drawing.inspector_title import TABS, InspectorTitle, Tab, draw_title, tab_at
from smapstop.ui.drawing.life import draw_life
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.drawing.why import draw_why
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.hints import hint_key
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.inspector_tabs import build_tab
from smapstop.ui.widgets.strip_scroll import DrawnLines

if TYPE_CHECKING:  # imported at run time when they are first shown
    from smapstop.ui.widgets.events_pane import MappingEvents
    from smapstop.ui.widgets.mapping_callers import MappingCallers
    from smapstop.ui.widgets.mapping_fields import MappingFields
    from smapstop.ui.widgets.mapping_pages import MappingPages

_KINDS = list(Kind)
_SELECTED = -(1 << 62)
"""Stands for all that is selected, where else there is the id of a row."""
_EVERY = -1
"""Id of the only group, without a grouping."""


class TitleLine(Widget):
    """First line of the inspector; a click on a tab chooses it."""

    COMPONENT_CLASSES = {"title--quiet", "title--focused"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    TitleLine { height: 1;
      & > .title--quiet { background: $panel; color: $foreground; }
      & > .title--focused { background: $primary 60%; color: $text; }
    }
    TitleLine:ansi > .title--focused { background: ansi_default; color: ansi_default; text-style: reverse; }
    """

    @dataclass
    class TabChosen(Message):
        """The user chose a tab."""

        tab: Tab

    def __init__(self) -> None:
        super().__init__()
        self._title = InspectorTitle(None, "", "", "why", tabs=(), hint="")
        self._focused = False

    def show(self, title: InspectorTitle, *, focused: bool) -> None:
        """Show a title."""
        if (title, focused) != (self._title, self._focused):
            self._title, self._focused = title, focused
            self.refresh()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002  (there is one)
        """Draw the line."""
        styles = (self.get_component_rich_style(f"title--{name}") for name in ("quiet", "focused"))
        style = DrawStyle(palette_of(self.app), self.rich_style, *styles)
        return draw_title(self._title, style, self.size.width, focused=self._focused)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab clicked; a click on the name presses the key of the hint, for which there may be no room."""
        tab, hint = tab_at(event.x, self.size.width, self._title.tabs), self._title.hint
        key = hint_key(hint, 0) if hint else None
        if tab is not None:
            self.post_message(self.TabChosen(tab))
        elif key is not None:
            self.app.simulate_key(key)


class Inspector(Vertical):
    """Explains a mapping, or a group of mappings; follows the cursor of the table."""

    DEFAULT_CSS = "Inspector { background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("inspector")]

    def __init__(self) -> None:
        super().__init__()
        self.tab: Tab = "why"
        """The tab that the user chose."""
        self._built: dict[Tab, Widget] = {"why": build_tab("why")}
        self._subject: int | None = None
        self._source: tuple[Timeline, View] | None = None
        self._history: MappingHistory | None = None
        self._groups: GroupHistory | None = None
        self._selection: tuple[int, ...] = ()
        self.shows_process = False
        """Whether it shows the callers of the whole process, wherever the cursor is."""
        self.missing_callers = ""
        """Why callers are not seen, or not all of them, and what to do; empty if they are."""

    def compose(self) -> ComposeResult:
        """Compose the title, and the tab that is shown first."""
        yield TitleLine()
        yield self._built["why"]

    @property
    def body(self) -> Widget:
        """The tab that is shown."""
        return self._widget_of(self.shown_tab)

    def _widget_of(self, tab: Tab) -> Widget:
        """Widget of a tab, built when it is first needed: at once, since the next key may already be waiting."""
        if tab not in self._built:
            self._built[tab] = build_tab(tab)
            self._built[tab].display = False
            self.mount(self._built[tab])
        return self._built[tab]

    @property
    def shown_tab(self) -> Tab:
        """The tab that is shown."""
        return "callers" if self.shows_process else self.tab if self.tab in self._tabs else "why"

    @property
    def _tabs(self) -> tuple[Tab, ...]:
        """Tabs available for the subject."""
        if self._is_mapping:
            return TABS
        return ("why", "events", "callers") if self._is_set else ("why",)

    @property
    def _is_set(self) -> bool:
        """Whether it explains a group of mappings, or those that are selected."""
        return self._subject is not None and self._subject < 0

    @property
    def mapping(self) -> int | None:
        """The mapping of this run that is explained; None for a group, or for a mapping of another run."""
        return self._subject if self._is_mapping else None

    @property
    def _is_mapping(self) -> bool:
        """Whether it explains a mapping of this run."""
        return self._subject is not None and 0 <= self._subject < FOREIGN_ID_BASE

    # what is shown

    def show(self, timeline: Timeline, view: View, subject: int | None, selection: tuple[int, ...] = ()) -> None:
        """Explain a row of the table, or all that is selected; only the tab in view is computed.

        Args:
            timeline: Timeline of the view.
            view: View whose table has the row.
            subject: Id of the row's mapping or group; None without rows.
            selection: Ids of the selected mappings.
        """
        self._source, self._subject = (timeline, view), _SELECTED if selection else subject
        self._selection = selection
        if self._is_mapping and subject is not None:
            if self._history is None or (self._history.timeline, self._history.mapping) != (timeline, subject):
                self._history = MappingHistory(timeline, subject)
            self._history.update()
        self.redraw()

    def redraw(self) -> None:
        """Draw the title and the tab in view."""
        if self._source is None or not self.display:
            return
        timeline, view = self._source
        self.query_one(TitleLine).show(self._title(timeline, view), focused=self.has_focus_within)
        body, tab = self.body, self.shown_tab
        for each in self._built.values():
            each.display = each is body
        if tab == "callers":
            scope = caller_scope(timeline, view, self._scope_ids(view), self.missing_callers)
            cast("MappingCallers", body).show(scope, None if self.shows_process else self._subject)
        elif self._subject is None or (self._is_mapping and not (self._history and self._history.states)):
            cast("DrawnLines", self._widget_of("why")).show(lambda *_: [], None)
        elif tab == "events" and self._is_set:
            cast("MappingEvents", body).show(timeline, view, only=view.mappings.ids[self._mask(view)])
        elif tab in ("why", "life"):
            self._show_lines(cast("DrawnLines", body), timeline, view)
        else:
            cast("MappingFields | MappingPages | MappingEvents", body).show(timeline, view, self._subject)

    def handle_reply(self, reply: MappingReply) -> None:
        """Give a reply of the source to the tab that requested it."""
        if isinstance(reply, SharersReply):
            cast("MappingFields", self._widget_of("fields")).handle_reply(reply)
        else:
            cast("MappingPages", self._widget_of("pages")).handle_reply(reply)

    def _show_lines(self, body: DrawnLines, timeline: Timeline, view: View) -> None:
        """Show a tab that is drawn by a function."""
        if self._is_mapping and self._history is not None:
            if self.shown_tab == "life":
                body.show(partial(draw_life, self._history, view), self._subject)
            else:
                body.show(partial(draw_why, self._history, view, key_of(self.app, "pages")), self._subject)
        elif self._subject is not None and self._is_set:
            history, group = self._group_history(timeline, view), _EVERY if self._selection else self._subject
            why = set_why_of(history, view, group, self._mask(view))
            key, what = ("back", "drop") if self._selection else ("open", "unfold or fold")
            hint = f"{key_of(self.app, key)}: {what}"
            body.show(partial(draw_group_why, why, hint, history, group, view), self._subject)
        else:
            run = baseline_text(view, timeline)
            body.show(partial(draw_foreign, run, key_of(self.app, "runs")), self._subject)

    def _group_history(self, timeline: Timeline, view: View) -> GroupHistory:
        """History in which the subject is a group; reused while it fits."""
        scope = GroupScope("none", np.array(self._selection, np.int64)) if self._selection else view.scope
        fields, cached = parts_of(view.state.metric), self._groups
        if (
            cached is None
            or (cached.timeline, cached.fields) != (timeline, fields)
            or not cached.scope.matches(scope)
        ):
            self._groups = GroupHistory(timeline, scope, fields)
        assert self._groups is not None
        return self._groups

    def _mask(self, view: View) -> NDArray[np.bool_]:
        """Mask of the mappings of the group, or of those that are selected, among `View.mappings`."""
        return np.isin(view.mappings.ids, self._selection) if self._selection else view.group_of == self._subject

    def _scope_ids(self, view: View) -> Ids | None:
        """Mappings whose callers are shown; None for the whole process."""
        if self.shows_process:
            return None
        return view.mappings.ids[self._mask(view)] if self._is_set else np.array([self._subject], np.int64)

    def _row(self, view: View) -> int:
        """Row of the table that is explained."""
        return int(np.flatnonzero(view.table.ids == self._subject)[0])

    def _hint(self) -> str:
        """What the next key does."""
        if not self.has_focus_within:
            return f"{key_of(self.app, 'open')}: go in"
        fills = self.has_class("-fills")
        return f"{key_of(self.app, 'back')}: back" if fills else f"{key_of(self.app, 'zoom')}: zoom"

    def _title(self, timeline: Timeline, view: View) -> InspectorTitle:
        """Title of the subject."""
        hint = self._hint()
        if self.shows_process:
            return InspectorTitle(None, " whole process", "", "callers", tabs=(), hint=hint)
        if self._subject is None:
            return InspectorTitle(None, "", "", "why", tabs=(), hint="")
        if self._selection:
            name = f" {mappings_text(len(self._selection))} selected"
            return InspectorTitle(None, name, "", self.shown_tab, tabs=self._tabs, hint=hint)
        if not self._is_mapping:
            row, tabs = self._row(view), self._tabs if self._is_set else ()
            kind = _KINDS[int(view.table.kind[row])]
            return InspectorTitle(kind, row_name(view.table, row), "", self.shown_tab, tabs=tabs, hint="")
        history = self._history
        if history is None or not history.states:
            return InspectorTitle(None, "", "", "why", tabs=(), hint="")
        number = compared_ticks(history, view).number
        state = history.states[history.step_at(number)]
        kind, name = title_of(state, label_at(timeline, number, history.mapping))
        return InspectorTitle(kind, name, state.address_range, self.tab, tabs=TABS, hint=hint)

    def on_descendant_focus(self) -> None:
        """Show in the title that keys come here."""
        self.redraw()

    def on_descendant_blur(self) -> None:
        """Show in the title that keys go elsewhere."""
        self.redraw()

    # what the user does

    def focus_body(self) -> None:
        """Focus the tab that is shown, at once: the next key may already be waiting."""
        self.screen.set_focus(self.body)

    @on(TitleLine.TabChosen)
    def choose_tab(self, message: TitleLine.TabChosen) -> None:
        """Choose the tab clicked."""
        self.action_tab(message.tab)

    def action_tab(self, tab: Tab) -> None:
        """Choose a tab, and focus it."""
        self.tab, self.shows_process = tab, False
        self.redraw()
        self.focus_body()
