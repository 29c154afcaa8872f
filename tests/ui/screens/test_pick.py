import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from stepped_program import DEADLINE_SECONDS
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Label, Static
from waiting import pause_until

from smapstop.errors import SmapstopError
from smapstop.proc.process_info import ProcessInfo
from smapstop.proc.process_list import list_processes as real_processes
from smapstop.text.process_list import PROCESS_COLUMNS, command_of, matches, require_own
from smapstop.ui.screens.pick import PickScreen
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.process_list import ProcessList

NOTHING = "nothing picked yet"
US, OTHERS = 4242, "anna"
NOW = time.time()


def process(
    pid: int,
    name: str,
    user: str | None = str(US),
    command_line: tuple[str, ...] = (),
    rss_kb: int | None = None,
    started: float | None = None,
) -> ProcessInfo:
    return ProcessInfo(pid, name, user, command_line, rss_kb, started)


REDIS = process(70000, "redis-server", command_line=("/usr/bin/redis-server", "*:6379"), rss_kb=421_988)
VIM = process(812, "vim", command_line=("vim", "redis.conf"), rss_kb=9_216, started=NOW - (8 * 24 + 2) * 3600 - 60)
SH = process(31, "sh", rss_kb=1_024)
CHROME = process(5, "chrome", OTHERS, ("/opt/chrome", "--type=renderer"), rss_kb=2_000_000)
ALL = (VIM, CHROME, REDIS, SH)


class Host(App[None]):
    """Lets the user pick, and keeps the pick."""

    def __init__(
        self, processes: Callable[[], Sequence[ProcessInfo]], check: Callable[[ProcessInfo], object] = require_own
    ) -> None:
        super().__init__()
        self.pick_screen = PickScreen(processes, check)
        self.picked: int | str | None = NOTHING

    def on_mount(self) -> None:
        self.push_screen(self.pick_screen, self.take)

    def take(self, picked: int | None) -> None:
        self.picked = picked

    @property
    def processes(self) -> ProcessList:
        return self.pick_screen.query_one(ProcessList)

    @property
    def about(self) -> str:
        """The line below the list."""
        return self.pick_screen.query_one("#about", Static).render_line(0).text.strip()

    @property
    def count(self) -> str:
        return self.pick_screen.query_one("#count", Label).render_line(0).text.strip()

    def lines(self) -> list[str]:
        """The list as it is drawn, without the titles and the empty end."""
        drawn = [self.processes.render_line(y).text.rstrip() for y in range(1, self.processes.size.height)]
        while drawn and not drawn[-1]:
            drawn.pop()
        return drawn

    def pids(self) -> list[int]:
        return [int(line[1:8]) for line in self.lines() if line[1:8].strip().isdecimal()]

    @property
    def at_cursor(self) -> int | None:
        return None if self.processes.current is None else self.processes.current.pid


@pytest.fixture(autouse=True)
def not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: US)


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let the app run until a condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await pilot.pause()


async def listed(pilot: Pilot[None], app: Host) -> None:
    """Wait for the first list."""
    await until(pilot, lambda: app.processes.total is not None and bool(app.count))


# one process


def test_a_process_without_a_command_line_is_shown_by_its_name() -> None:
    assert command_of(SH) == "[sh]"
    assert command_of(VIM) == "vim redis.conf"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], True),
        (["redis"], True),
        (["812"], True),
        (["vim", "conf"], True),
        (["vim", "6379"], False),
        (["anna"], False),
    ],
)
def test_every_word_must_be_in_pid_name_or_command_line(words: list[str], expected: bool) -> None:
    assert expected == matches(VIM, words)


@pytest.mark.parametrize("user", [str(US), None])
def test_our_own_processes_may_be_watched_and_unknown_ones_tried(user: str | None) -> None:
    require_own(replace(VIM, user=user))


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("anna", "vim (812) belongs to anna: run smapstop as root or as anna"),
        ("root", "vim (812) belongs to root: run smapstop as root"),
    ],
)
def test_a_process_of_somebody_else_may_not(user: str, message: str) -> None:
    with pytest.raises(SmapstopError) as refused:
        require_own(replace(VIM, user=user))
    assert message == str(refused.value)


def test_root_may_watch_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    require_own(CHROME)


# the list


async def test_the_biggest_are_first_and_those_of_others_behind_a_line_that_says_why() -> None:
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        assert app.lines() == [
            "›  70000 4242      redis-server        412 M       – /usr/bin/redis-server *:63…",
            "     812 4242      vim                   9 M   8d02h vim redis.conf",
            "      31 4242      sh                    1 M       – [sh]",
            "── may not be read: run smapstop as root to watch these ────────────────────────",
            "       5 anna      chrome             1.91 G       – /opt/chrome --type=renderer",
        ]
        assert app.count == "4 of 4"
        assert app.about == "/usr/bin/redis-server *:6379"


async def test_root_sees_no_such_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        assert app.pids() == [5, 70000, 812, 31]
        assert len(app.lines()) == 4


@pytest.mark.parametrize("width", [40, 60, 80, 118, 240])
async def test_what_does_not_fit_ends_in_an_ellipsis(width: int) -> None:
    long = replace(REDIS, name="a-very-long-name-indeed", command_line=("/bin/x", "y" * 5000))
    many = [long, *(replace(SH, pid=pid) for pid in range(100, 200))]
    app = Host(lambda: many)
    async with app.run_test(size=(width, 20)) as pilot:
        await listed(pilot, app)
        line = app.lines()[0]
        assert line.endswith("…")
        assert len(line) == app.processes.scrollable_content_region.width == width - 1


async def test_names_are_shown_as_they_are_and_obeyed_in_nothing() -> None:
    evil = process(7, "[red]\x1b[2J", command_line=("[/]", "a\nb", "\u202ertl"))
    app = Host(lambda: [evil])
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        assert app.lines() == ["›      7 4242      [red]\\x1b[2J            –       – [/] a\\x0ab \\u202ertl"]
        assert app.about == "[/] a\\x0ab \\u202ertl"


async def test_until_there_is_a_list_it_says_so_and_takes_keys() -> None:
    ready = threading.Event()

    def slow() -> Sequence[ProcessInfo]:
        ready.wait(DEADLINE_SECONDS)
        return ALL

    app = Host(slow)
    async with app.run_test(size=(80, 12)) as pilot:
        try:
            await pilot.press("v", "i", "m")
            assert app.lines() == ["", "  listing processes …"]
            assert app.pick_screen.query_one(Input).value == "vim"
            assert app.picked == NOTHING
        finally:
            ready.set()
        await listed(pilot, app)
        assert app.pids() == [812]


async def test_no_process_and_no_match_are_distinguished() -> None:
    shown: list[ProcessInfo] = []
    app = Host(lambda: list(shown))
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        assert app.lines() == ["", "  no process is visible: is /proc mounted, and without hidepid?"]
        shown.extend(ALL)
        await pilot.press("x", "[", "ctrl+r")
        await until(pilot, lambda: app.processes.total == len(ALL))
        assert app.lines() == ["", "  no process matches 'x[': press esc to show all 4"]
        await pilot.press("enter")
        assert app.picked == NOTHING
        await pilot.press("escape")
        await until(pilot, lambda: len(app.pids()) == len(ALL))


async def test_a_list_that_fails_says_why_and_is_tried_again() -> None:
    broken = True

    def listing() -> Sequence[ProcessInfo]:
        if broken:
            raise SmapstopError("cannot list the processes", "is /proc mounted?")
        return ALL

    app = Host(listing)
    async with app.run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: app.lines() == ["", "  cannot list the processes: is /proc mounted?"])
        broken = False
        await listed(pilot, app)
        assert app.pids() == [70000, 812, 31, 5]


# what the user does


async def test_typing_narrows_and_enter_picks_the_first() -> None:
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        await pilot.press("down", *"redis", "space", *"vim")
        await until(pilot, lambda: app.pids() == [812])
        assert app.count == "1 of 4"
        await pilot.press("enter")
        await until(pilot, lambda: app.picked == 812)


async def test_a_whole_pid_goes_to_its_process_even_if_others_mention_it() -> None:
    tracer = process(99, "strace", command_line=("strace", "-p", "31"), rss_kb=50_000)
    app = Host(lambda: (tracer, SH))
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        await pilot.press("3", "1")
        await until(pilot, lambda: app.at_cursor == SH.pid)
        assert app.pids() == [99, 31]


async def test_arrows_move_past_the_line_of_others() -> None:
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        visited = []
        for key in ("down", "down", "down", "down", "up", "up", "pagedown", "pageup", "ctrl+end", "ctrl+home"):
            await pilot.press(key)
            visited.append(app.at_cursor)
        assert visited == [812, 31, 5, 5, 31, 812, 5, 70000, 5, 70000]


async def test_when_all_belong_to_others_the_cursor_is_on_the_first() -> None:
    app = Host(lambda: [CHROME, replace(CHROME, pid=6)])
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        assert app.at_cursor == 5
        await pilot.press("up")
        assert app.at_cursor == 5
        await pilot.press("down", "up", "ctrl+home")
        assert app.at_cursor == 5
        assert app.lines()[0].startswith("── may not be read")


async def test_a_refresh_keeps_the_cursor_on_its_process_and_its_line() -> None:
    shown = [replace(SH, pid=pid, rss_kb=10_000 - pid) for pid in range(100, 200)]
    app = Host(lambda: list(shown))
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        await pilot.press("pagedown", "pagedown", "pagedown", "up", "up")
        chosen, line = app.at_cursor, [text[:1] for text in app.lines()].index("›")
        shown[:0] = [replace(SH, pid=pid, rss_kb=50_000) for pid in range(200, 203)]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.processes.total == 103)
        await pilot.pause()
        assert chosen == app.at_cursor
        assert line == [text[:1] for text in app.lines()].index("›")


async def test_a_process_that_ends_leaves_the_cursor_in_its_place() -> None:
    shown = list(ALL)
    app = Host(lambda: list(shown))
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        await pilot.press("down")
        shown.remove(VIM)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.processes.total == 3)
        assert app.at_cursor == 31
        shown.clear()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.processes.total == 0)
        assert app.at_cursor is None


async def test_the_list_is_made_again_by_itself() -> None:
    lists = 0

    def listing() -> Sequence[ProcessInfo]:
        nonlocal lists
        lists += 1
        return ALL[:lists]

    app = Host(listing)
    async with app.run_test(size=(80, 12)) as pilot:
        await until(pilot, lambda: app.processes.total == 2)


async def test_f6_sorts_by_the_next_column_and_a_click_on_a_title_turns_it() -> None:
    app = Host(lambda: (REDIS, VIM, SH))
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        await pilot.press("f6")
        assert PROCESS_COLUMNS[4].title == "AGE"
        assert "AGE ▲" in app.processes.render_line(0).text
        await pilot.click(ProcessList, offset=(5, 0))
        assert "PID ▲" in app.processes.render_line(0).text
        assert app.pids() == [31, 812, 70000]
        await pilot.click(ProcessList, offset=(5, 0))
        assert "PID ▼" in app.processes.render_line(0).text
        assert app.pids() == [70000, 812, 31]
        assert app.at_cursor == 70000


async def test_a_click_selects_and_a_second_one_picks() -> None:
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        await pilot.click(ProcessList, offset=(10, 2))
        assert app.at_cursor == 812
        await pilot.click(ProcessList, offset=(10, 4))
        assert app.at_cursor == 812
        await pilot.click(ProcessList, offset=(10, 3), times=2)
        await until(pilot, lambda: app.picked == 31)


async def test_a_process_of_somebody_else_is_refused_in_place() -> None:
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        await pilot.press("ctrl+end")
        reason = "chrome (5) belongs to anna: run smapstop as root or as anna"
        line = app.pick_screen.query_one("#about")
        assert reason == app.about
        assert not line.has_class("-refused")
        await pilot.press("enter")
        await until(pilot, lambda: line.has_class("-refused"))
        assert reason == app.about
        assert app.picked == NOTHING
        await pilot.press("up")
        assert not line.has_class("-refused")
        assert app.about == "[sh]"


async def test_what_the_check_says_counts_and_stays_through_a_refresh() -> None:
    def check(process: ProcessInfo) -> None:
        if process.pid == VIM.pid:
            raise SmapstopError("process 812 has ended [red]", "pick another")

    lists = 0

    def listing() -> Sequence[ProcessInfo]:
        nonlocal lists
        lists += 1
        return ALL

    app = Host(listing, check)
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.about == "process 812 has ended [red]: pick another")
        before = lists
        await pilot.press("ctrl+r")
        await until(pilot, lambda: lists > before)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.about == "process 812 has ended [red]: pick another"
        await pilot.press("ctrl+end", "enter")
        await until(pilot, lambda: app.picked == CHROME.pid)


async def test_what_the_kernel_lets_nobody_read_here_is_dimmed_also_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    app = Host(lambda: (replace(REDIS, is_readable=False), replace(CHROME, is_readable=True)))
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        assert app.pids() == [5, 70000]
        assert app.lines()[1].startswith("── may not be read here ─")
        await pilot.press("down")
        assert app.about.startswith("redis-server (70000) may not be read: root has neither CAP_SYS_PTRACE")


async def test_a_long_refusal_is_shown_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    why = SmapstopError("not permitted to read the memory map of process 812", "run as its user or as root, or " * 3)

    def check(_: ProcessInfo) -> None:
        raise why

    app = Host(lambda: ALL, check)
    async with app.run_test(size=(80, 16)) as pilot:
        await listed(pilot, app)
        await pilot.press("enter")
        about = app.pick_screen.query_one("#about", Static)
        await until(pilot, lambda: about.has_class("-refused") and about.size.height > 1)
        text = " ".join(about.render_line(y).text.strip() for y in range(about.size.height))
        assert text == str(why).strip()


async def test_two_scripts_do_not_look_the_same() -> None:
    scripts = [process(pid, "python3", command_line=("python3", f"{name}.py")) for pid, name in ((7, "a"), (8, "b"))]
    app = Host(lambda: scripts)
    async with app.run_test(size=(60, 12)) as pilot:
        await listed(pilot, app)
        assert [line[8:28].strip() for line in app.lines()] == ["python3 a.py", "python3 b.py"]


async def test_back_only_clears_the_search() -> None:
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)) as pilot:
        await listed(pilot, app)
        bar = app.pick_screen.query_one(KeyBar)
        await pilot.press("v")
        await until(pilot, lambda: "esc back" in bar.render_line(0).text)
        await pilot.press("escape")
        await until(pilot, lambda: "esc" not in bar.render_line(0).text)
        await pilot.press("escape")
        assert (app.picked, app.pick_screen.query_one(Input).value) == (NOTHING, "")


@pytest.mark.parametrize("key", ["ctrl+c", "f10"])
async def test_a_key_leaves_without_a_process(key: str) -> None:
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: app.picked is None)


async def test_the_footer_shows_the_keys_of_the_picker_alone() -> None:
    app = Host(lambda: ALL)
    async with app.run_test(size=(80, 12)):
        line = app.pick_screen.query_one(KeyBar).render_line(0).text
    assert line.split() == ["enter", "watch", "it", "ctrl+r", "refresh", "F10", "quit", "now", "F6", "sort"]


async def test_a_real_process_is_found_and_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    app = Host(real_processes)
    async with app.run_test(size=(118, 40)) as pilot:
        await listed(pilot, app)
        await pilot.press(*str(os.getppid()))
        await until(pilot, lambda: os.getppid() in app.pids())
        assert app.at_cursor == os.getppid()
        await pilot.press("enter")
        await until(pilot, lambda: app.picked == os.getppid())


async def test_enter_that_comes_before_the_list_picks_from_it() -> None:
    may_list = threading.Event()

    def processes() -> Sequence[ProcessInfo]:
        assert may_list.wait(DEADLINE_SECONDS)
        return ALL

    app = Host(processes, lambda _: None)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press(*"vim", "enter")
        assert app.picked == NOTHING
        may_list.set()
        await pause_until(pilot, lambda: app.picked == VIM.pid, "vim is picked")
