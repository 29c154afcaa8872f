"""The list of threads, fed by what the test says was read."""

from factories import SECOND_NS, mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot

from smapstop.model.protocol import Attach, ThreadsReply, ThreadsRequest
from smapstop.model.tick import ThreadStack
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.threads import ThreadsScreen
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.thread_list import ThreadList

ROWS = mappings_of((0x1000, 0x3000, "rw-p", "", 4096), (0x7000, 0x7100, "rw-p", "[stack]", 12))


def reply(second: int, *ticks: int) -> ThreadsReply:
    count = len(ticks)
    return ThreadsReply(
        second * SECOND_NS, tuple(range(1, count + 1)), ("a", "b")[:count], "S" * count, ticks, (6, 5)[:count], count
    )


def dashboard() -> tuple[Dashboard, ListSource]:
    source = ListSource(
        tick_of(0, ROWS, [5, 6], keyframe=True, stacks=(ThreadStack(5, 77, "worker"),)),
        tick_of(1, ROWS, [5, 6], keyframe=True),
    )
    return Dashboard(source, Attach(4711), Settings()), source


async def lines(pilot: Pilot[int]) -> list[str]:
    await pilot.pause()
    threads = pilot.app.screen.query_one(ThreadList)
    return [line for y in range(threads.size.height) if (line := threads.render_line(y).text.strip())]


def requests(source: ListSource) -> int:
    return source.requests.count(ThreadsRequest())


async def test_threads_are_read_while_the_list_is_open_and_not_faster_than_they_come() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("H")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ThreadsScreen)
        assert requests(source) == 1
        screen._request()
        await pilot.pause()
        assert requests(source) == 1  # the reply is due
        source.deliver(reply(1, 10, 20))
        assert [line.split()[:2] for line in (await lines(pilot))[1:]] == [["2", "b"], ["1", "a"]]
        screen._request()
        source.deliver(reply(2, 60, 20))
        table = await lines(pilot)
        assert table[0].split()[3:5] == ["CPU", "▼"]
        assert table[1].split()[:5] == ["1", "a", "S", "50", "%"]
        assert "Threads: 2" in str(screen._box.border_title)
        await pilot.press("H")
        asked = requests(source)
        source.deliver(reply(3, 60, 20))  # comes too late, and does no harm
        await pilot.pause()
        assert (requests(source), app.screen) == (asked, app.main_screen)


async def test_enter_goes_to_the_mapping_of_the_stack() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("H")
        await pilot.pause()
        source.deliver(reply(1, 10, 20))
        await pilot.pause()
        await pilot.press("s")
        assert (await lines(pilot))[0].split()[4:6] == ["Stack", "▼"]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.query_one(MappingTable).cursor_id == 6


async def test_a_click_on_a_title_sorts() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("H")
        await pilot.pause()
        source.deliver(reply(1, 10, 20))
        threads = app.screen.query_one(ThreadList)
        await lines(pilot)
        await pilot.click(ThreadList, offset=(threads.render_line(0).text.index("Thread"), 0))
        assert [line.split()[1] for line in (await lines(pilot))[1:]] == ["a", "b"]


async def test_of_the_past_it_says_what_is_known_and_asks_nothing() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("comma", "H")
        table = await lines(pilot)
        assert [line.split()[:4] for line in table[1:]] == [["77", "worker", "–", "–"]]
        screen = app.screen
        assert isinstance(screen, ThreadsScreen)
        assert "only live" in str(screen._box.border_title)
        assert requests(source) == 0
