"""The runs of a program as their user meets them: begun by what a source tells, or by rebuilds."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource, target
from textual.pilot import Pilot
from textual.widgets import OptionList
from waiting import pause_until

from smapstop.model.protocol import Attach, Failure, Launch, LaunchFailed, PagesRequest, Request, Signal
from smapstop.model.tick import ExitStatus, Tick
from smapstop.proc.columns import StringTable
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.program_control import Rebuilds
from smapstop.ui.screens.runs import RunsScreen
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.program_dock import ProgramDock
from smapstop.ui.widgets.program_pane import ProgramPane

HEAP, LIBC, STACK, OLD = ("rw-p", "[heap]"), ("r-xp", "/usr/lib/libc.so.6"), ("rw-p", "[stack]"), ("r--p", "/lib/old")


class Run:
    """The ticks of one run, at addresses and with texts of its own; its mappings are ordered otherwise in each."""

    def __init__(self, pid: int, heap: int, *, old: bool = False) -> None:
        self.target = target(pid=pid, launched=True)
        self._heap, self._at, self._old, self._texts = heap, 0x1000 * pid, old, StringTable()
        self._ids = [2, 0, 1, 3] if pid % 2 else [10, 11, 12, 13]

    def tick(self, number: int) -> Tick:
        """The heap grows by 4 kB a tick."""
        at = self._at
        rows: list[tuple[Any, ...]] = [
            (at, at + 256, *HEAP, self._heap + 4 * number),
            (at + 300, at + 400, *LIBC, 30),
            (at + 800, at + 833, *STACK, 12),
        ]
        if self._old:
            rows.append((at + 900, at + 910, *OLD, 8))
        told = mappings_of(*rows, texts=self._texts)
        return tick_of(number, told, self._ids[: len(rows)], keyframe=True, totals=self._totals(number))

    def _totals(self, number: int) -> dict[str, int]:
        return {"rss": self._heap + 4 * number + 42 + 8 * self._old}

    def end(self, number: int, status: int = 0) -> Tick:
        """Its last tick."""
        totals = self._totals(number - 1)
        return tick_of(number, mappings_of(texts=self._texts), [], ending=ExitStatus(status=status), totals=totals)


FIRST, SECOND, THIRD = Run(1, 40, old=True), Run(2, 140), Run(3, 240)


async def never() -> AsyncIterator[None]:
    """No rebuild."""
    await asyncio.Event().wait()
    yield


class Quiet(ListSource):
    """A source that tells nothing by itself."""

    def request(self, request: Request) -> None:
        self.requests.append(request)


def dashboard(*, rebuilds: Rebuilds | None = never) -> tuple[Dashboard, ListSource]:
    """A dashboard whose source tells runs when the test says so."""
    source = Quiet()
    return Dashboard(source, Attach(4711), Settings(), rebuilds=rebuilds), source


def tell(source: ListSource, run: Run, ticks: int, *, ended: bool = False) -> None:
    """A run begins, and tells so many ticks."""
    source.deliver(run.target, *(run.tick(number) for number in range(ticks)))
    if ended:
        source.deliver(run.end(ticks))


async def header(pilot: Pilot[int]) -> str:
    """The header, as it is drawn."""
    await pilot.pause()
    return pilot.app.query_one("HeaderBar").render_line(0).text


async def line(pilot: Pilot[int], name: str) -> str:
    """The line of a mapping in the table."""
    await pilot.pause()
    table = pilot.app.query_one(MappingTable)
    lines = [table.render_line(y).text for y in range(table.size.height)]
    return next((text for text in lines if name in text), "")


async def test_the_next_run_is_looked_at_and_compared_with_the_last_one() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3, ended=True)
        assert " run 1 " in await header(pilot)
        tell(source, SECOND, 2)
        told = await header(pilot)
        assert " run 2 " in told
        assert "Δ run 1 " in told
        assert "● live" in told
        assert "+100 K" in await line(pilot, "[heap]")
        assert "not in this run" in await line(pilot, "old")
        source.deliver(*(SECOND.tick(number) for number in (2, 3, 4, 5)))
        assert "Δ run 1 (end)" in await header(pilot)


async def test_d_goes_on_to_the_other_moments_of_this_run_and_back() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3, ended=True)
        tell(source, SECOND, 3)
        seen = []
        for _ in range(4):
            seen.append((await header(pilot)).partition("Δ ")[2].split("  ")[0])
            await pilot.press("d")
        assert seen == ["run 1", "previous tick", "start", "run 1"]


async def test_in_the_past_a_notice_says_that_a_run_began_and_l_goes_there() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3)
        await pilot.press("comma")
        source.deliver(FIRST.end(3))
        tell(source, SECOND, 2)
        assert " run 1 " in await header(pilot)
        assert [notice.message for notice in app._notifications] == ["run 2 started; press L to go there"]
        await pilot.press("L")
        assert " run 2 " in await header(pilot)
        assert app.view_state.at is None


@pytest.mark.parametrize("back", ["L", "escape"])
async def test_r_lists_the_runs_and_enter_shows_one_at_its_end(back: str) -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3, ended=True)
        tell(source, SECOND, 2)
        await pilot.pause()
        await pilot.press("r")
        listed = app.screen.query_one(OptionList)
        assert str(listed.get_option_at_index(0).prompt).split()[:2] == ["●", "2"]
        await pilot.press("down", "enter")
        told = await header(pilot)
        assert " run 1 " in told
        assert "exited 0" in told
        assert app.view_state.at == 3
        assert "8 K" in await line(pilot, "old")
        await pilot.press("full_stop", "space")
        assert app.view_state.at == 3
        await pilot.press("comma", "comma")
        await pilot.pause()
        assert app.view_state.at == 1
        source.deliver(SECOND.tick(2))
        assert " run 1 " in await header(pilot)
        await pilot.press(back)
        assert " run 2 " in await header(pilot)
        assert app.view_state.at is None
        assert "148 K" in await line(pilot, "[heap]")


async def test_an_earlier_run_is_compared_with_the_one_before_it() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3, ended=True)
        tell(source, SECOND, 3, ended=True)
        tell(source, THIRD, 3)
        await pilot.pause()
        await pilot.press("r", "down", "enter")
        told = await header(pilot)
        assert " run 2 " in told
        assert "Δ run 1" in told


async def test_the_list_can_be_left_and_the_run_that_is_looked_at_chosen_again() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3, ended=True)
        tell(source, SECOND, 2)
        await pilot.pause()
        for keys in (("r", "escape"), ("r", "r"), ("r", "enter")):
            await pilot.press(*keys)
            assert not isinstance(app.screen, RunsScreen)
            assert " run 2 " in await header(pilot)


async def test_without_watch_there_is_one_run_and_r_says_how_to_keep_more() -> None:
    app, source = dashboard(rebuilds=None)
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3)
        assert "run 1" not in await header(pilot)
        await pilot.press("r")
        (notice,) = app._notifications
        assert notice.message == "only one run; R runs it again, --watch does so after each build"


@pytest.mark.parametrize("key", ["enter", "v"])
async def test_what_only_the_earlier_run_has_says_so(key: str) -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3, ended=True)
        tell(source, SECOND, 2)
        await pilot.pause()
        await pilot.press("slash", *"old", "enter", key)
        await pilot.pause()
        inspector = app.query_one(Inspector)
        lines = [inspector.body.render_line(y).text for y in range(4)]
        assert lines[0].startswith(" only in run 1")
        assert "r lists the runs" in lines[1]


async def test_the_cursor_goes_to_what_is_like_the_mapping_on_which_it_was() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3)
        await pilot.pause()
        table = app.query_one(MappingTable)
        await pilot.press("down", "down")
        assert table.cursor_id == 1  # the stack
        source.deliver(FIRST.end(3))
        tell(source, SECOND, 2)
        await pilot.pause()
        assert table.cursor_id == 12


@pytest.mark.parametrize("keys", [("enter", "2"), ("v",)], ids=["fields", "pages"])
async def test_what_is_inspected_is_inspected_in_the_next_run_too(keys: tuple[str, ...]) -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        tell(source, FIRST, 3)
        await pilot.pause()
        await pilot.press(*keys)
        inspector = app.query_one(Inspector)
        assert inspector.mapping == 2  # the heap
        tab = inspector.shown_tab
        source.deliver(FIRST.end(3))
        tell(source, SECOND, 2)
        await pilot.pause()
        await pilot.pause()
        assert (inspector.shown_tab, inspector.mapping, inspector.has_focus_within) == (tab, 10, True)
        if tab == "pages":
            assert source.requests[-1] == PagesRequest(10)
        else:
            (rss,) = (
                text for y in range(16) if " Rss  " in (text := inspector.body.render_line(y).text) and "→" in text
            )
            assert [word for word in rss.split() if word != "›"][1:5] == ["44", "→", "144", "+100"]


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (118, 40), (240, 70)])
async def test_the_list_fits_any_terminal(size: tuple[int, int]) -> None:
    app, source = dashboard()
    async with app.run_test(size=size) as pilot:
        for run in (FIRST, SECOND, THIRD):
            tell(source, run, 3, ended=run is not THIRD)
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        box = app.screen.query_one(OptionList)
        assert box.region.right <= size[0]
        if size[0] >= 80:
            lines = [box.render_line(y).text for y in range(3)]
            assert [text.split()[-2:] for text in lines[:2]] == [["+100", "K"], ["+92", "K"]]


# launched, and launched again


class Launched(ListSource):
    """A source that launches: it tells the next run at each request, and its end at a signal."""

    def __init__(self, terminal_fd: int) -> None:
        super().__init__()
        self.terminal_fd = terminal_fd
        self.runs = [FIRST, SECOND, THIRD]
        self.refusal: LaunchFailed | None = None
        self.running: Run | None = None

    def request(self, request: Request) -> None:
        self.requests.append(request)
        match request:
            case Launch() if self.refusal:
                self.deliver(self.refusal)
            case Launch():
                self.running = self.runs.pop(0)
                self.deliver(self.running.target, self.running.tick(0))
            case Signal() if self.running:
                ended, self.running = self.running, None
                self.deliver(ended.end(1, status=7 + ended.target.pid))


class Built:
    """Rebuilds when the test says so."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[None] = asyncio.Queue()

    async def __call__(self) -> AsyncIterator[None]:
        while True:
            await self._queue.get()
            yield

    def again(self) -> None:
        self._queue.put_nowait(None)


@pytest.fixture
def terminal() -> Iterator[int]:
    """The master of a terminal that somebody else has open, too."""
    master, slave = os.openpty()
    yield master
    os.close(slave)
    os.close(master)


@pytest.fixture
def launched(terminal: int) -> tuple[Dashboard, Launched, Built]:
    source, built = Launched(terminal), Built()
    return Dashboard(source, Launch(("./app",), {}), Settings(), rebuilds=built), source, built


async def header_says(pilot: Pilot[int], text: str) -> None:
    """Wait until the header says something."""
    bar = pilot.app.query_one("HeaderBar")
    await pause_until(pilot, lambda: text in bar.render_line(0).text, f"{text} in the header")


Scene = tuple[Dashboard, Launched, Built]


async def test_at_a_rebuild_the_program_is_ended_and_begins_again(launched: Scene) -> None:
    app, source, built = launched
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "run 1")
        built.again()
        await header_says(pilot, "run 2")
        assert [type(request) for request in source.requests] == [Launch, Signal, Launch]
        pane = app.query_one(ProgramPane)
        await pause_until(pilot, lambda: "── run 2 ──" in pane.render_line(0).text, "the title of the second run")
        assert "press i to type into it" in str(app.query_one(ProgramDock).border_subtitle)


async def test_the_key_of_the_program_is_shown_while_there_is_one_to_type_to(launched: Scene) -> None:
    app, source, built = launched
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "run 1")
        bar = app.query_one(KeyBar)
        assert "i program" in bar.render_line(0).text
        source.refusal = LaunchFailed("cannot execute ./app", "exec format error")
        built.again()
        await header_says(pilot, "exited 8")
        assert "i program" not in bar.render_line(0).text


@pytest.mark.parametrize("rows", [5, 8, 10, 16])
async def test_on_a_small_terminal_there_is_a_row_of_the_table_and_a_line_of_the_program(
    launched: Scene, rows: int
) -> None:
    app, _, _ = launched
    async with app.run_test(size=(60, rows)) as pilot:
        for key in ("f12", "t"):
            await pilot.press(key)
            await pilot.pause()
            pane, table = app.query_one(ProgramPane).region, app.query_one(MappingTable).region
            assert pane.height >= 1
            assert pane.bottom <= rows
            assert table.height >= (2 if key == "f12" else 1)


async def test_a_failed_start_is_reported_until_the_next_rebuild(launched: Scene) -> None:
    app, source, built = launched
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "run 1")
        source.refusal = LaunchFailed("cannot execute ./app", "exec format error")
        built.again()
        await header_says(pilot, "exited 8")
        dock = app.query_one(ProgramDock)
        await pause_until(pilot, lambda: "format error" in str(dock.border_subtitle), "what is wrong")
        assert dock.border_subtitle == "cannot execute ./app: exec format error, waiting for a rebuild · R: run again"
        assert [notice.message for notice in app._notifications] == ["cannot execute ./app: exec format error"]
        source.refusal = None
        built.again()
        await header_says(pilot, "run 2")


async def test_who_types_into_the_program_goes_on_with_the_next_run(launched: Scene) -> None:
    app, _, built = launched
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "run 1")
        await pilot.press("t")
        built.again()
        await header_says(pilot, "run 2")
        dock = app.query_one(ProgramDock)
        assert dock.has_keys
        assert dock.border_subtitle == "ctrl+] or F12 leaves the program"
        await pilot.press("q")
        assert app.is_running
        await pilot.press("f12")
        assert not dock.has_keys


async def test_a_program_that_ended_by_itself_waits_for_a_rebuild(launched: Scene) -> None:
    app, source, built = launched
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "run 1")
        source.request(Signal(1))
        await header_says(pilot, "exited 8")
        assert app.query_one(ProgramDock).border_subtitle == "exited 8, waiting for a rebuild · R: run again"
        built.again()
        await header_says(pilot, "run 2")
        assert [type(request) for request in source.requests] == [Launch, Signal, Launch]


async def test_the_exit_status_is_that_of_the_last_run_whichever_is_looked_at(launched: Scene) -> None:
    app, source, built = launched
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "run 1")
        built.again()
        await header_says(pilot, "run 2")
        source.request(Signal(1))
        await header_says(pilot, "exited 9")
        await pilot.press("r", "down", "enter")
        await header_says(pilot, "run 1")
        await pilot.press("q")
    assert app.return_value == 9


async def test_a_program_that_is_ended_on_leaving_does_not_begin_again(launched: Scene) -> None:
    app, source, built = launched
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "run 1")
        await pilot.press("q", "e")
        await pilot.pause()
        built.again()
        await pilot.pause()
    assert app.return_value == 8
    assert [type(request) for request in source.requests] == [Launch, Signal]


async def test_a_source_that_failed_launches_nothing_any_more(launched: Scene) -> None:
    app, source, built = launched
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "run 1")
        source.deliver(Failure("the sampler died"))
        await header_says(pilot, "the sampler died")
        built.again()
        await pilot.pause()
        assert app.query_one(ProgramDock).border_subtitle == "no longer watched"
        assert [type(request) for request in source.requests] == [Launch]
