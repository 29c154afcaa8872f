"""Marks by letter: set, compared with, listed, gone to."""

import re

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual import events
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.marks import Mark, Unmark
from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.letter_line import LetterLine
from smapstop.ui.screens.marks import MarkList, MarksScreen
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.time_band import TimeBand

SECOND_NS = 10**9
HEAP, LIBC = (0x1000, 0x1100, "rw-p", "[heap]"), (0x2000, 0x2100, "r-xp", "/usr/libc.so.6")


def dashboard(count: int = 10) -> tuple[Dashboard, ListSource]:
    ticks = [
        tick_of(
            n,
            mappings_of(
                (0x1000, 0x1100, "rw-p", "[heap]", 40 + 4 * n), (0x2000, 0x2100, "r-xp", "/usr/libc.so.6", 30)
            ),
            [0, 1],
            keyframe=True,
            monotonic_ns=n * SECOND_NS,
            wall_ns=n * SECOND_NS,
        )
        for n in range(count)
    ]
    source = ListSource(*ticks)
    return Dashboard(source, Attach(4711), Settings()), source


async def run(pilot: Pilot[int], *lines: str) -> None:
    await pilot.pause()
    for line in lines:
        pilot.app.action_command(line)  # type: ignore[attr-defined]
        await pilot.pause()


@pytest.mark.parametrize(("keys", "letter"), [("m a", "a"), ("m enter", ""), ("m m", ""), ("m 7", "7")])
async def test_m_and_a_letter_mark_the_moment_and_compare_with_it(keys: str, letter: str) -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press("comma", *keys.split(), "L")  # the next key is not the line's
        await pilot.pause()
        assert app.session.marks == (Mark(letter, 8, 0),)
        assert source.requests[-1] == Mark(letter, 8, 0)
        assert (app.view_state.baseline, app.view_state.mark, app.view_state.at) == ("mark", 8, None)
        assert f"Δ mark {letter} ".replace("  ", " ") in app.query_one(HeaderBar).render_line(0).text
        assert not app.query_one(LetterLine).display
        assert isinstance(app.focused, MappingTable)


async def test_keys_that_come_at_once_go_where_those_before_them_send_them() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        for key in "mmd":  # none of the messages that these post is handled in between
            await app.on_event(events.Key(key, key))
        assert [mark.letter for mark in app.session.marks] == [""]
        assert app.view_state.baseline == "start"


async def test_escape_marks_nothing_and_another_key_is_done() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press("m", "escape", "m", "down")
        await pilot.pause()
        assert (app.session.marks, app.query_one(MappingTable).cursor_index) == ((), 1)


async def test_the_line_lists_the_marks_and_a_letter_compares_with_its_mark() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await run(pilot, "goto start", "mark a", "goto -0s", "goto live", "mark b")
        await pilot.press("apostrophe")
        listed = re.findall(r"(\w) \d\d:\d\d:\d\d", app.query_one(LetterLine).placeholder)
        assert listed == ["a", "b"]
        await pilot.press("a")
        await pilot.pause()
        assert (app.view_state.mark, app.view_state.mark_letter, app.view_state.at) == (0, "a", None)
        await pilot.press("apostrophe", "c")
        await pilot.pause()
        assert [notice.message for notice in app._notifications] == ["no mark 'c': there are a, b"]


async def test_two_marks_are_compared_as_a_range_in_order_of_time() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await run(pilot, "goto -2s", "mark b", "goto start", "mark a", "compare b a")
        state = app.view_state
        assert (state.baseline, state.range_start, state.at) == ("range", 0, 7)


async def test_all_marks_are_in_the_band_with_their_letters() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await run(pilot, "goto -6s", "mark a", "goto +3s", "mark b", "goto live", "mark", "compare b")
        await pilot.pause()
        band = app.query_one(TimeBand)
        line = next(
            band.render_line(y).text for y in range(band.size.height) if " marks " in band.render_line(y).text
        )
        assert [letter for letter in line.replace("marks", "") if letter.isalpha()] == ["a", "b", "m"]


async def test_the_list_goes_to_a_mark_and_to_its_mapping() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press("down")
        await run(pilot, "goto -4s", "mark a", "goto live")
        await pilot.press("up")
        await run(pilot, "mark b", "marks")
        assert isinstance(app.screen, MarksScreen)
        await pilot.press("up", "enter")
        await pilot.pause()
        assert (app.view_state.at, app.query_one(MappingTable).cursor_id) == (5, 1)


@pytest.mark.parametrize(
    ("line", "left", "baseline"),
    [("unmark a", ["", "b"], "mark"), ("unmark", ["a", "b"], "mark"), ("unmark b", ["a", ""], "previous")],
)
async def test_a_mark_is_removed_also_from_what_records_it(line: str, left: list[str], baseline: str) -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await run(pilot, "goto -6s", "mark a", "goto +1s", "mark", "goto +1s", "mark b", line)
        assert [mark.letter for mark in app.session.marks] == left
        assert app.view_state.baseline == baseline
        assert source.requests[-1] == Unmark(line.removeprefix("unmark").strip())
        await run(pilot, "unmark all", "unmark")
        assert app.session.marks == ()
        assert [notice.message for notice in app._notifications] == ["there are no marks"]


async def test_marks_are_removed_in_their_list_by_key_and_by_click() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await run(pilot, "goto -6s", "mark a", "goto +3s", "mark b")
        await pilot.press("quotation_mark", "up", "delete")
        await pause_until(pilot, lambda: [mark.letter for mark in app.session.marks] == ["b"], "one mark left")
        assert isinstance(app.screen, MarksScreen)
        marks = app.screen.query_one(MarkList)
        await pilot.click(marks, offset=(1, 0))
        await pause_until(pilot, lambda: not app.session.marks and app.screen is app.main_screen, "no mark left")
        assert source.requests[-1] == Unmark("b")


async def test_the_marks_of_a_recording_come_after_its_ticks_and_those_of_unknown_ticks_do_not_count() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        source.deliver(Mark("a", 3, 1), Mark("b", 99))
        await pilot.pause()
        assert app.session.marks == (Mark("a", 3, 1),)
        await run(pilot, "compare a")
        assert app.view_state.mark == 3


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("mark ab", "'ab' is not a letter: name a mark by one letter or digit, or by none"),
        ("compare a b", "no mark 'a': set one with :mark A"),
        ("compare mark", "no mark without a letter: set one with :mark A"),
        ("compare run", "there is no earlier run to compare with"),
        ("marks", "there are no marks: m and a letter sets one"),
    ],
)
async def test_what_makes_no_sense_says_why(line: str, why: str) -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await run(pilot, line)
        assert [notice.message for notice in app._notifications] == [why]


async def test_enter_in_the_time_band_goes_to_the_mapping_of_the_mark_or_says_that_nothing_happened() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press("down")
        await run(pilot, "goto -4s", "mark a")
        await pilot.press("up")
        app.query_one(TimeBand).focus()
        await pilot.press("enter")
        await pilot.pause()
        assert (app.view_state.at, app.query_one(MappingTable).cursor_id, app.focused) == (
            *(5, 1),
            app.query_one(MappingTable),
        )
        await run(pilot, "goto -1s", "cause")
        assert [notice.message for notice in app._notifications] == ["nothing happened to a mapping at this moment"]
