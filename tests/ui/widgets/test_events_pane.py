"""The events as they are drawn, and the keys there."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import SECOND_NS, faults_of, mappings_of, tick_of
from list_source import ListSource
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.events import MECHANISMS, Events, Mechanism
from smapstop.model.protocol import Attach
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.settings import Settings
from smapstop.text import format as fmt
from smapstop.ui.app import Dashboard
from smapstop.ui.messages import EventSelected
from smapstop.ui.widgets.events_pane import EventsPane, MappingEvents
from smapstop.ui.widgets.filter_line import FilterLine
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.mapping_table import MappingTable

HEAP = (0x1000, 0x1100, "rw-p", "[heap]")
DATA = (0x2000, 0x2002, "rw-p", "/usr/bin/redis-server")
NAMELESS = (0x3000, 0x3100, "rw-p", "")
ROWS: tuple[tuple[Any, ...], ...] = (HEAP, DATA, NAMELESS)
"""The mappings 0, 1 and 2."""
Happened = tuple[int, Mechanism, int]


def tick(number: int, *happened: Happened, copied: int = 0, rows: Any = ROWS, **other: Any) -> Tick:
    """A tick in which this happened (mapping, mechanism, kB); of DATA so many kB are copies."""
    amounts: dict[str, Any] = {
        "private_clean": [0, 8 - copied, 0][: len(rows)],
        "private_dirty": [0, copied, 0][: len(rows)],
        "anonymous": [0, copied, 0][: len(rows)],
    }
    events = Events(
        mapping=np.array([row[0] for row in happened], np.int64),
        what=np.array([MECHANISMS.index(row[1]) for row in happened], np.int8),
        kb=np.array([row[2] for row in happened], np.int64),
        sure=np.ones(len(happened), bool),
    )
    filled = [(*row, 8) for row in rows]
    ids = list(range(len(rows)))
    return tick_of(number, mappings_of(*filled, **amounts), ids, keyframe=True, events=events, **other)


class Host(App[object]):
    """An app with nothing but the pane, which takes the keys that the dashboard takes."""

    BINDINGS = [Binding(key, f"taken('{key}')") for key in ("left", "right", "comma", "m", "space", "e")]  # noqa: RUF012
    CSS = "EventsPane { display: block; height: 100%; }"

    def __init__(self, *ticks: Tick, state: ViewState | None = None, mapping: int | None = None) -> None:
        super().__init__()
        self.timeline, self.state, self.mapping = Timeline(), state or ViewState(), mapping
        self.taken: list[str] = []
        self.jumps: list[tuple[int | None, int]] = []
        for each in ticks:
            self.timeline.append(each)

    def compose(self) -> ComposeResult:
        yield EventsPane()

    def on_mount(self) -> None:
        self.pane.focus()
        self.show()

    @property
    def pane(self) -> EventsPane:
        return self.query_one(EventsPane)

    def show(self) -> None:
        self.pane.show(self.timeline, derive_view(self.timeline, self.state), self.mapping)

    def hear(self, *ticks: Tick) -> None:
        for each in ticks:
            self.timeline.append(each)
        self.show()

    def action_taken(self, key: str) -> None:
        self.taken.append(key)

    def on_event_selected(self, message: EventSelected) -> None:
        self.jumps.append((message.mapping, message.number))


def lines(app: App[Any]) -> list[str]:
    """What the pane shows, without its header."""
    pane = app.query_one(EventsPane)
    return [text for y in range(1, pane.size.height) if (text := pane.render_line(y).text.rstrip())]


COPIED: Happened = (1, "copy-on-write", 4)
GROWN: Happened = (0, "first-touch", 64)


# what is reported


async def test_at_first_nothing_has_happened() -> None:
    async with Host(tick(0)).run_test(size=(118, 10)) as pilot:
        assert lines(pilot.app) == ["  no events yet"]


async def test_between_two_readings_it_says_when_events_come(monkeypatch: pytest.MonkeyPatch) -> None:
    seldom: dict[str, Any] = {"smaps_interval_ns": 10 * SECOND_NS}
    read = tick(0, **seldom)
    app, source = dashboard(read)
    async with app.run_test(size=(118, 40)) as pilot:
        pane, painted = await opened(pilot), []
        assert lines(app) == ["  no events yet"]
        monkeypatch.setattr(pane, "refresh", lambda *regions, **_: painted.append(regions))
        source.deliver(tick_of(1, mappings_of(), [], tier="counters", **seldom))
        await pilot.pause()
        when = fmt.clock(read.wall_ns + 10 * SECOND_NS)
        assert lines(app) == [f"  no events yet: they come with the next reading, at about {when}"]
        assert () in painted  # the whole pane, so that the text is on the screen, too


async def test_a_copy_on_write_is_reported_with_the_fields_that_show_it() -> None:
    async with Host(tick(0), tick(1, COPIED, copied=4)).run_test(size=(150, 10)) as pilot:
        (line,) = lines(pilot.app)
        assert re.split("  +", line) == [
            "22:13:21.0",
            "F redis-server .data",
            "copy-on-write, 1 page",
            "Private_Clean −4 K",
            "Private_Dirty +4 K",
            "Anonymous +4 K",
        ]


async def test_where_there_is_room_it_is_reported_that_rss_stayed() -> None:
    async with Host(tick(0), tick(1, COPIED, copied=4)).run_test(size=(200, 10)) as pilot:
        assert lines(pilot.app)[0].endswith("Private_Dirty +4 K  Anonymous +4 K  Rss unchanged")


async def test_at_118_columns_the_fields_have_short_names() -> None:
    async with Host(tick(0), tick(1, COPIED, copied=4)).run_test(size=(118, 10)) as pilot:
        assert lines(pilot.app)[0].endswith("  PClean −4 K  PDirty +4 K  Anon +4 K")


async def test_what_lies_on_the_copied_page_is_named() -> None:
    one = tick(1, COPIED, copied=4)
    named = replace(one, events=one.events.with_names({1: ("page1", "page1")}))
    async with Host(tick(0), named).run_test(size=(118, 10)) as pilot:
        assert "copy-on-write, 1 page: page1 " in lines(pilot.app)[0], "each name once"


async def test_what_happens_again_is_one_line_that_says_how_often_and_since_when() -> None:
    async with Host(tick(0), *(tick(n, GROWN) for n in range(1, 13))).run_test(size=(118, 10)) as pilot:
        (line,) = lines(pilot.app)
        assert line.split("  ")[0] == "22:13:32.0"
        assert "first touch, 192 pages" in line
        assert line.endswith("since 22:13:21  ×12")


@pytest.mark.parametrize("width", [60, 80, 118, 200])
async def test_how_often_stands_in_one_column_however_long_the_text_is(width: int) -> None:
    by = faults_of((1, "a_function_with_a_name_that_needs_more_room_than_its_column_has < main", 1))
    ticks = [tick(n, COPIED, GROWN, faults=by) for n in range(1, 13)]
    async with Host(tick(0), *ticks).run_test(size=(width, 10)) as pilot:
        reported = lines(pilot.app)
        assert len(reported) == 2
        assert {line.index("×12") for line in reported} == {len(reported[0]) - 3}


async def test_the_newest_comes_first() -> None:
    async with Host(tick(0), tick(1, GROWN), tick(2, COPIED)).run_test(size=(118, 10)) as pilot:
        assert [line[14:25].strip() for line in lines(pilot.app)] == ["redis-serve", "[heap]"]


async def test_the_lives_of_mappings_are_reported() -> None:
    grown = ((0x1000, 0x1121, "rw-p", "[heap]"), (0x2000, 0x2002, "r--p", DATA[3]), NAMELESS)
    steps = (LifecycleEvent("grow", 0), LifecycleEvent("protect", 1))
    gone = tick(2, rows=grown[:2], gone=[2], lineage=(LifecycleEvent("unmap", 2),))
    async with Host(tick(0), tick(1, rows=grown, lineage=steps), gone).run_test(size=(118, 10)) as pilot:
        reported = [" ".join(line[12:].split()) for line in lines(pilot.app)]
        assert reported == [
            "A anon 3000000 unmapped, 1 M rw-p at 3000000",
            "H [heap] grew +132 K",
            "F redis-server .rodata protected rw-p → r--p",
        ]


async def test_the_process_is_reported_in_its_own_name() -> None:
    ticks = (tick(1, executed=True), tick(2, torn=True), tick(3, ending=ExitStatus(signal=9)))
    async with Host(tick(0), *ticks).run_test(size=(118, 10)) as pilot:
        reported = [" ".join(line[12:].split()) for line in lines(pilot.app)]
        assert reported == [
            "program killed by SIGKILL",
            "program the map changed while being read",
            "program exec: started a new program",
        ]


async def test_a_name_cannot_move_the_cursor_of_the_terminal() -> None:
    odd = ((0x1000, 0x1100, "rw-p", "/tmp/a\x1b[2J\u202eb"),)
    async with Host(tick(0, rows=odd), tick(1, GROWN, rows=odd)).run_test(size=(118, 10)) as pilot:
        assert "F a\\x1b[2J\\u202eb .data" in lines(pilot.app)[0]


@pytest.mark.parametrize("width", [10, 24, 40, 60, 80, 118, 240])
async def test_every_line_is_as_wide_as_the_pane(width: int) -> None:
    ticks = [tick(n, COPIED, GROWN, copied=min(8, 4 * n)) for n in range(1, 4)]
    async with Host(tick(0), *ticks, tick(4, torn=True)).run_test(size=(width, 8)) as pilot:
        pane = pilot.app.query_one(EventsPane)
        assert {pane.render_line(y).cell_length for y in range(8)} == {width}


async def test_where_there_is_little_room_what_happened_stays() -> None:
    async with Host(tick(0), *(tick(n, COPIED) for n in (1, 2))).run_test(size=(80, 8)) as pilot:
        (line,) = lines(pilot.app)
        assert re.split("  +", line) == ["22:13:22.0", "F redis-server", "copy-on-write, 2 pages", "×2"]


# which moment, which mapping


async def test_only_what_happened_up_to_the_moment_is_shown() -> None:
    app = Host(tick(0), tick(1, GROWN), tick(2, COPIED), state=ViewState(at=1))
    async with app.run_test(size=(118, 10)):
        assert [line[14:20] for line in lines(app)] == ["[heap]"]


async def test_with_a_mapping_only_what_happened_to_it_is_shown_and_it_is_not_named() -> None:
    app = Host(tick(0), tick(1, GROWN), tick(2, COPIED), mapping=1)
    async with app.run_test(size=(118, 10)):
        (line,) = lines(app)
        assert line.startswith("22:13:22.0  copy-on-write, 1 page")


async def test_the_filter_of_the_table_is_not_the_events() -> None:
    app = Host(tick(0), tick(1, GROWN), state=ViewState(filter="nothing"))
    async with app.run_test(size=(118, 10)):
        assert len(lines(app)) == 1


async def test_what_has_just_happened_is_lit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLORTERM")
    app = Host(tick(0), tick(1, GROWN))
    async with app.run_test(size=(118, 10)) as pilot:
        app.pane.blur()
        app.pane.cursor_id = None
        lit = []
        for number in range(2, 8):
            await pilot.pause()
            app.show()
            style = next(iter(app.pane.render_line(1))).style
            lit.append(bool(style and style.bold))
            app.hear(tick(number))
        assert lit == [True, False, False, False, False, False]  # without enough colours, by bold text


# the cursor


def many(first: int, last: int) -> list[Tick]:
    """Each tick a new program: an entry that nothing folds into."""
    return [tick(n, GROWN, executed=True) for n in range(first, last)]


async def test_keys_move_the_cursor_and_those_of_the_dashboard_stay_its_own() -> None:
    app = Host(tick(0), *many(1, 21))
    async with app.run_test(size=(118, 11)) as pilot:
        assert app.pane.cursor_index == 0
        await pilot.press("down", "j", "j", "k")
        assert app.pane.cursor_index == 2
        await pilot.press("pagedown")
        assert app.pane.cursor_index == 12
        await pilot.press("ctrl+end")
        assert app.pane.cursor_index == 39
        await pilot.press("pageup")
        assert app.pane.cursor_index == 29
        await pilot.press("ctrl+home", "left", "right", "comma", "m", "space", "e")
        assert app.pane.cursor_index == 0
        assert app.taken == ["left", "right", "comma", "m", "space", "e"]


async def test_enter_asks_for_the_mapping_of_the_entry() -> None:
    app = Host(tick(0), tick(1, GROWN), tick(2, COPIED))
    async with app.run_test(size=(118, 10)) as pilot:
        await pilot.press("enter", "down", "enter")
        assert app.jumps == [(1, 2), (0, 1)]


async def test_enter_on_what_happened_to_the_process_asks_for_its_moment() -> None:
    app = Host(tick(0), tick(1, executed=True))
    async with app.run_test(size=(118, 10)) as pilot:
        await pilot.press("enter")
        assert app.jumps == [(None, 1)]


async def test_a_click_puts_the_cursor_there_and_a_second_one_jumps() -> None:
    app = Host(tick(0), tick(1, GROWN), tick(2, COPIED))
    async with app.run_test(size=(118, 10)) as pilot:
        await pilot.click(EventsPane, offset=(20, 2))
        assert (app.pane.cursor_index, app.jumps) == (1, [])
        await pilot.click(EventsPane, offset=(20, 2), times=2)
        assert app.jumps == [(0, 1)]


async def test_the_cursor_stays_on_its_entry_and_in_view_when_others_come() -> None:
    app = Host(tick(0), *many(1, 11))
    async with app.run_test(size=(118, 11)) as pilot:
        await pilot.press("down")
        kept = app.pane.current
        app.hear(*many(11, 14))
        await pilot.pause()
        assert app.pane.current == kept
        assert app.pane.cursor_index == 7
        assert app.pane.scroll_offset.y == 0
        app.hear(*many(14, 20))
        await pilot.pause()
        assert app.pane.current == kept
        assert app.pane.cursor_index == 19
        assert app.pane.scroll_offset.y == 10


async def test_what_the_user_scrolled_to_stays_in_view_when_others_come() -> None:
    app = Host(tick(0), *many(1, 21))
    async with app.run_test(size=(118, 11)) as pilot:
        app.pane.scroll_to(y=20, animate=False, force=True)
        await pilot.pause()
        shown = lines(app)
        app.hear(*many(21, 24))
        await pilot.pause()
        assert lines(app) == shown


# in the dashboard


def dashboard(*ticks: Tick) -> tuple[Dashboard, ListSource]:
    source = ListSource(*ticks)
    return Dashboard(source, Attach(4711), Settings()), source


async def opened(pilot: Pilot[int], *keys: str) -> EventsPane:
    """The pane after e and these keys."""
    await pilot.press("e", *keys)
    await pilot.pause()
    return pilot.app.query_one(EventsPane)


async def test_e_shows_the_events_under_the_table_and_hides_them() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED))
    async with app.run_test(size=(118, 40)) as pilot:
        assert not app.query(EventsPane)
        pane = await opened(pilot)
        assert len(lines(app)) == 1
        assert pane.region.y == app.query_one(Inspector).region.bottom
        assert pane.region.height == 10
        assert app.query_one(MappingTable).has_focus
        await pilot.press("f7")
        assert not pane.display


async def test_esc_closes_the_events_that_have_the_keys_and_nothing_else() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("o")
        pane = await opened(pilot, "tab", "tab")
        assert pane.has_focus
        assert pane.region.height == 6
        await pilot.press("escape")
        assert not pane.display
        assert app.view_state.grouping == "name"
        assert app.query_one(MappingTable).has_focus


async def test_ticks_that_come_are_shown() -> None:
    app, source = dashboard(tick(0))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot)
        assert lines(app) == ["  no events yet"]
        source.deliver(tick(1, COPIED))
        await pilot.pause()
        assert "copy-on-write" in lines(app)[0]


async def test_enter_goes_to_the_moment_and_moves_the_table_to_the_mapping() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED), tick(2, GROWN), tick(3))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, "tab", "tab", "down", "enter")
        table = app.query_one(MappingTable)
        assert (table.cursor_id, table.has_focus, app.view_state.at) == (1, True, 1)


async def test_the_group_of_the_mapping_is_unfolded() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("o")
        await opened(pilot, "tab", "tab", "enter")
        table = app.query_one(MappingTable)
        assert (table.cursor_id, table.has_focus) == (1, True)
        assert len(app.view_state.unfolded) == 1


async def test_a_mapping_that_the_table_does_not_show_is_not_jumped_to() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"heap", "enter")
        pane = await opened(pilot, "tab", "tab", "enter")
        assert app.query_one(MappingTable).cursor_id == 0
        assert pane.has_focus
        assert [notice.message for notice in app._notifications] == [
            "the mapping is not in the table: it is unmapped, or filtered out"
        ]


async def test_the_events_of_the_mapping_under_the_cursor_are_a_tab_of_the_inspector() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED), tick(2, GROWN))
    async with app.run_test(size=(118, 60)) as pilot:
        await opened(pilot)
        app.query_one(MappingTable).cursor_id = 1
        await pilot.press("enter", "5")
        await pilot.pause()
        tab = app.query_one(MappingEvents)
        shown = [text for y in range(1, tab.size.height) if (text := tab.render_line(y).text.rstrip())]
        assert [line.split("  ")[1] for line in shown] == ["copy-on-write, 1 page"]
        assert len(lines(app)) == 2, "the pane shows those of all"
        await pilot.press("escape")
        assert app.query_one(MappingTable).has_focus


# the words that are sought


def header(app: App[Any]) -> list[str]:
    """What the header of the pane says."""
    return re.split("  +", app.query_one(EventsPane).render_line(0).text.strip())


async def test_slash_in_the_events_shows_those_with_the_words_while_they_are_typed() -> None:
    app, source = dashboard(tick(0), tick(1, COPIED), *many(2, 4))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, "tab", "tab", "slash", *"cow")
        assert [line.split("  ")[1] for line in lines(app)] == ["F redis-server .data"]
        assert header(app)[:3] == ["1 of 5", "/cow", "What happened"]
        await pilot.press(*" !redis")
        await pilot.pause()
        assert lines(app) == ["  no event matches 'cow !redis': / edit · esc clear"]
        source.deliver(tick(4, GROWN, executed=True))
        await pilot.pause()
        assert header(app)[0] == "0 of 7"
        assert app.view_state.filter == ""


async def test_enter_keeps_the_words_and_esc_drops_them_before_it_closes_the_events() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED), tick(2, GROWN))
    async with app.run_test(size=(118, 40)) as pilot:
        pane = await opened(pilot, "tab", "tab", "slash", *"heap", "enter")
        assert pane.has_focus
        assert (len(lines(app)), pane.filter_words) == (1, "heap")
        await pilot.press("escape")
        assert (len(lines(app)), pane.filter_words, pane.display) == (2, "", True)
        await pilot.press("escape")
        assert not pane.display


async def test_esc_while_the_words_are_typed_drops_them() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED), tick(2, GROWN))
    async with app.run_test(size=(118, 40)) as pilot:
        pane = await opened(pilot, "tab", "tab", "slash", *"heap", "escape")
        assert (len(lines(app)), pane.filter_words, pane.has_focus) == (2, "", True)


async def test_the_cursor_keeps_its_entry_while_others_are_filtered() -> None:
    app = Host(tick(0), *many(1, 21), tick(21, COPIED))
    async with app.run_test(size=(118, 6)) as pilot:
        await pilot.press(*["down"] * 9)
        kept = app.pane.current
        assert kept is not None
        assert kept.what == "exec" or kept.mapping == 0
        app.pane.filter_entries("heap" if kept.mapping == 0 else "exec")
        assert app.pane.current == kept
        app.pane.filter_entries("cow")
        assert app.pane.cursor_index == 0
        app.pane.filter_entries("")
        await pilot.pause()
        assert app.pane.current == kept
        assert 0 <= app.pane.cursor_index - app.pane.scroll_offset.y < 5


async def test_f3_in_the_events_jumps_to_those_with_the_words_and_hides_none() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED), *many(2, 4), tick(4, COPIED, executed=True))
    async with app.run_test(size=(118, 40)) as pilot:
        pane = await opened(pilot, "tab", "tab")
        count, hits = pane.count, [at for at, line in enumerate(lines(app)) if "redis" in line]
        assert len(hits) == 2
        await pilot.press("f3", *"cow")
        await pause_until(pilot, lambda: pane.cursor_index == hits[0], "the first hit")
        assert (pane.count, header(app)[0]) == (count, "find cow: 1 of 2")
        await pilot.press("enter", "n")
        await pause_until(pilot, lambda: pane.cursor_index == hits[1], "the next hit")
        assert pane.has_focus
        await pilot.press("n")
        assert pane.cursor_index == hits[0]
        await pilot.press("N")
        assert (pane.cursor_index, header(app)[0]) == (hits[1], "find cow: 2 of 2")
        await pilot.press("escape")
        assert (pane.search_words, header(app)[0], pane.display) == ("", "Events", True)


async def test_slash_in_the_events_of_a_mapping_filters_those() -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED), *many(2, 4))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command("inspect events")
        await pause_until(pilot, lambda: isinstance(app.focused, MappingEvents), "the events of the mapping")
        await pilot.press("slash", *"exec", "enter")
        inner = app.query_one(MappingEvents)
        await pause_until(pilot, lambda: inner.filter_words == "exec" and inner.has_focus, "filtered")
        assert app.query_one(EventsPane).filter_words == ""


async def test_events_follow_the_unit() -> None:
    app = Host(tick(0), tick(1, COPIED, copied=4), state=ViewState(units="pages"))
    async with app.run_test(size=(150, 10)):
        assert "Private_Dirty +1 p" in lines(app)[0]


@pytest.mark.parametrize("keys", [("tab", "tab"), ()])
async def test_a_click_on_a_hint_of_the_header_is_its_key(keys: tuple[str, ...]) -> None:
    app, _ = dashboard(tick(0), tick(1, COPIED), tick(2, GROWN))
    async with app.run_test(size=(118, 40)) as pilot:
        pane = await opened(pilot, *keys)
        if not keys:
            await pilot.click(pane, offset=(pane.render_line(0).text.index("focus"), 0))
            await pause_until(pilot, lambda: pane.has_focus, "focused")
            app.query_one(MappingTable).focus()
            await pause_until(pilot, lambda: "e close" in pane.render_line(0).text, "not focused")
            assert not any(line.display for line in app.query(FilterLine))
        await pilot.click(pane, offset=(pane.render_line(0).text.index("close"), 0))
        await pause_until(pilot, lambda: not pane.is_open, "closed")
