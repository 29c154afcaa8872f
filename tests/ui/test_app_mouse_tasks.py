"""Tasks that are done with the mouse alone: each click is on what the screen shows."""

from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.letter_line import LetterLine
from smapstop.ui.screens.columns import ColumnsScreen
from smapstop.ui.screens.help import HelpScreen
from smapstop.ui.screens.marks import MarksScreen
from smapstop.ui.screens.theme import ThemeScreen
from smapstop.ui.widgets.time_band import TimeBand

SECOND_NS = 10**9
WIDE = (160, 40)


def dashboard() -> Dashboard:
    ticks = [
        tick_of(
            n,
            mappings_of(
                (0x1000, 0x1100, "rw-p", "[heap]", 40 + 4 * n), (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 30)
            ),
            [0, 1],
            keyframe=True,
            monotonic_ns=n * SECOND_NS,
            wall_ns=n * SECOND_NS,
        )
        for n in range(20)
    ]
    return Dashboard(ListSource(*ticks), Attach(4711), Settings())


def screen_lines(pilot: Pilot[int]) -> list[str]:
    return ["".join(segment.text for segment in strip) for strip in pilot.app.screen._compositor.render_strips()]


async def click(pilot: Pilot[int], text: str, button: int = 1, times: int = 1) -> None:
    """Click on a text that the screen shows, the last of its kind."""
    await pause_until(pilot, lambda: any(text in line for line in screen_lines(pilot)), f"{text!r} on the screen")
    y, line = [(y, line) for y, line in enumerate(screen_lines(pilot)) if text in line][-1]
    await pilot.click(offset=(line.rindex(text), y), button=button, times=times)
    await pilot.pause()


async def test_mark_go_there_compare_and_remove() -> None:
    app = dashboard()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await click(pilot, "m mark")
        await pause_until(pilot, lambda: app.query_one(LetterLine).display, "the line for a letter")
        await click(pilot, "no letter")
        await pause_until(pilot, lambda: [mark.letter for mark in app.session.marks] == [""], "marked")
        await click(pilot, "Δ mark")
        await pause_until(pilot, lambda: app.view_state.baseline == "start", "compared with the start")
        await click(pilot, "libc.so.6", button=3)
        await click(pilot, "Mark this moment")
        await pause_until(pilot, lambda: app.view_state.baseline == "mark", "compared with the mark")
        app.action_command("marks")  # in the palette, which is scrolled
        await pause_until(pilot, lambda: isinstance(app.screen, MarksScreen), "the list of marks")
        await click(pilot, "✕")
        await pause_until(pilot, lambda: not app.session.marks and app.screen is app.main_screen, "no mark")


async def test_to_the_past_and_back_to_live() -> None:
    app = dashboard()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await pilot.click(TimeBand, offset=(40, 2))
        await pause_until(pilot, lambda: app.view_state.at is not None, "a moment of the past")
        await click(pilot, "L live")
        await pause_until(pilot, lambda: app.view_state.at is None, "live")


async def test_a_mapping_is_read_in_all_its_tabs() -> None:
    app = dashboard()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        for tab in ("Fields", "Pages", "Life", "Events", "Why"):
            await click(pilot, f" {tab} ")
            shown = tab.lower()
            await pause_until(pilot, lambda: app.main_screen.views.inspector.shown_tab == shown, shown)  # noqa: B023


async def test_filter_sort_and_columns() -> None:
    app = dashboard()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await click(pilot, "libc.so.6", button=3)
        await click(pilot, "Only libc")
        await pause_until(pilot, lambda: app.view_state.filter == "libc.so.6", "filtered")
        await click(pilot, "✕")
        await pause_until(pilot, lambda: app.view_state.filter == "", "not filtered")
        await click(pilot, "Perm", button=3)
        await pause_until(pilot, lambda: isinstance(app.screen, ColumnsScreen), "the columns")
        await click(pilot, "✓ Perm")
        await click(pilot, "enter apply")
        await pause_until(pilot, lambda: app.screen is app.main_screen, "closed")
        assert "perms" not in {column.key for column in app.main_screen.columns}
        await click(pilot, "Rss ")
        assert app.view_state.metric == "rss"
        await click(pilot, "o group")
        await pause_until(pilot, lambda: app.view_state.grouping == "name", "grouped")


async def test_help_and_the_palette_are_opened_and_left() -> None:
    app = dashboard()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await click(pilot, "? help")
        await pause_until(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        await click(pilot, "esc close")
        await pause_until(pilot, lambda: app.screen is app.main_screen, "closed")
        await click(pilot, "ctrl+p more")
        await pilot.press(*"theme")  # or the wheel: the list is long
        await click(pilot, "Choose the colours, and see")
        await pause_until(pilot, lambda: isinstance(app.screen, ThemeScreen), "the themes")
        await pilot.click(offset=(0, 0))
        await pause_until(pilot, lambda: app.screen is app.main_screen, "closed by a click outside")
