"""Real programs in a pane of a real app."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import ClassVar

import pytest
from rich.color import Color, ColorType
from stepped_program import DEADLINE_SECONDS
from textual import on
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Paste
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Static

from smapstop.pseudo_terminal import open_terminal
from smapstop.sampling.launch import launch, release
from smapstop.ui.widgets.program_pane import ProgramPane

SIZE = (62, 14)
"""Of the app; the pane is 60 columns wide and 10 lines high."""


class Stage(App[None]):
    """A dashboard in small: a line that counts keys, and the pane, which it gives the keys or not."""

    CSS = "Static { height: 2; } Vertical { border: solid white; }"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [
        *((key, "count", "") for key in ("x", "ctrl+c", "tab", "escape")),
        Binding("f12", "take_back", priority=True),
    ]

    def __init__(self, script: str) -> None:
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.master, self.slave = open_terminal(24, 80)
        self.terminal = os.ttyname(self.slave)
        self.script = script
        self.pid = 0
        self.counted = 0
        self.taken_back = 0
        self.messages: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Static()
        with Vertical():
            yield ProgramPane(self.master)

    @on(ProgramPane.Sized)
    @on(ProgramPane.Closed)
    def note(self, message: Message) -> None:
        self.messages.append(message)
        if not self.pid:
            self.launch(self.slave, self.script)

    def launch(self, slave: int, script: str) -> None:
        program = launch(["sh", "-c", script], terminal_fd=slave)
        os.close(slave)
        self.pid = program.pid
        release(program)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        has_keys = bool(self.query(ProgramPane)) and self.query_one(ProgramPane).has_focus
        return has_keys == (action == "take_back")

    def action_count(self) -> None:
        self.counted += 1

    def action_take_back(self) -> None:
        self.taken_back += 1


class Scene:
    """A stage with a program on it, and what a test does to it."""

    def __init__(self, stage: Stage, pilot: Pilot[None]) -> None:
        self.stage = stage
        self.pilot = pilot
        self.pane = stage.query_one(ProgramPane)

    def text(self) -> str:
        """What the pane shows."""
        return "\n".join(self.pane.render_line(y).text.rstrip() for y in range(self.pane.size.height))

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not happened():
            assert time.monotonic() < deadline, self.text()
            await asyncio.sleep(0.005)

    async def shows(self, text: str) -> None:
        """Wait until the pane shows a text."""
        await self.until(lambda: text in self.text())

    async def focus(self) -> None:
        """Give the pane the keys."""
        self.pane.focus()
        await self.until(lambda: self.pane.has_focus)

    def does(self, sequence: str) -> None:
        """Do what a user does whose terminal sends this."""
        for event in XTermParser().feed(sequence):
            self.stage.post_message(event)

    async def launch_again(self, script: str) -> None:
        """When the program has ended and the pane has seen it, launch another one."""
        await self.until(lambda: isinstance(self.stage.messages[-1], ProgramPane.Closed))
        os.waitpid(self.stage.pid, 0)
        self.stage.launch(os.open(self.stage.terminal, os.O_RDWR | os.O_NOCTTY), script)
        self.pane.start_next_run("run 2")

    async def paste(self, text: str) -> None:
        """Paste into whatever has the focus."""
        self.stage.post_message(Paste(text))
        await self.pilot.pause()


@asynccontextmanager
async def staged(script: str) -> AsyncIterator[Scene]:
    """A shell script in a pane, killed at the end."""
    stage = Stage(script)
    try:
        async with stage.run_test(size=SIZE) as pilot:
            scene = Scene(stage, pilot)
            await scene.until(lambda: stage.pid > 0)
            yield scene
    finally:
        if stage.pid:  # else it never began, and 0 would be ourselves
            with suppress(ProcessLookupError):
                os.killpg(stage.pid, signal.SIGKILL)
            os.waitpid(stage.pid, 0)
        os.close(stage.master)


RAW = "stty raw -echo; echo ready; "


def bytes_read(count: int) -> str:
    """A script that shows in hexadecimal what it reads, not interpreted by the terminal."""
    return f"{RAW} dd bs=1 count={count} 2>/dev/null | od -An -v -tx1 -w16; echo end"


async def test_the_program_gets_the_size_of_the_pane_before_it_begins() -> None:
    async with staged("stty size") as scene:
        await scene.shows("10 60")
        sized = scene.stage.messages[0]
        assert isinstance(sized, ProgramPane.Sized)
        assert (sized.rows, sized.columns) == (10, 60)


async def test_the_program_sees_the_pane_resized() -> None:
    async with staged("trap 'stty size' WINCH; echo ready; while :; do read x; done") as scene:
        await scene.shows("ready")
        await scene.pilot.resize_terminal(72, 24)
        await scene.shows("20 70")
        sized = [(m.rows, m.columns) for m in scene.stage.messages if isinstance(m, ProgramPane.Sized)]
        assert sized == [(10, 60), (20, 70)]


async def test_what_is_typed_reaches_the_program_and_not_the_app() -> None:
    async with staged("read x; echo got $x") as scene:
        await scene.focus()
        await scene.pilot.press("x", "é", "enter")
        await scene.shows("got xé")
        assert scene.stage.counted == 0


async def test_every_key_of_the_app_is_the_programs() -> None:
    keys = ["ctrl+c", "ctrl+q", "ctrl+p", "escape", "tab", "shift+tab", "ctrl+z", "x", "f1", "f12", "up"]
    async with staged(bytes_read(15)) as scene:
        await scene.shows("ready")
        await scene.focus()
        await scene.pilot.press(*keys)
        await scene.shows("end")
        assert "03 11 10 1b 09 1b 5b 5a 1a 78 1b 4f 50 1b 5b" in scene.text()
        assert scene.stage.counted == 0
        assert scene.stage.taken_back == 1


async def test_ctrl_c_interrupts_the_program() -> None:
    async with staged("trap 'echo caught; exit 3' INT; echo ready; while :; do read x; done") as scene:
        await scene.shows("ready")
        await scene.focus()
        await scene.pilot.press("ctrl+c")
        await scene.shows("caught")


async def test_without_the_focus_keys_are_the_apps() -> None:
    async with staged("read x; echo got $x") as scene:
        await scene.pilot.press("x", "ctrl+c")
        assert scene.stage.counted == 2
        assert scene.text().strip() == ""


async def test_its_end_is_reported_after_the_last_that_it_wrote() -> None:
    async with staged("seq 100; printf bye") as scene:
        await scene.until(lambda: any(isinstance(m, ProgramPane.Closed) for m in scene.stage.messages))
        await scene.shows("100\nbye")
        assert scene.pane.bytes_read == len("".join(f"{n}\r\n" for n in range(1, 101))) + 3
        assert [type(m) for m in scene.stage.messages] == [ProgramPane.Sized, ProgramPane.Closed]


async def test_the_keys_are_the_apps_again_when_the_program_has_ended() -> None:
    async with staged("read x") as scene:
        await scene.focus()
        scene.does("\r")
        await scene.until(lambda: not scene.pane.has_focus)
        await scene.pilot.click(scene.pane)
        await scene.pilot.press("x")
        assert scene.stage.counted == 1


async def test_the_sixteen_colours_are_the_users_own() -> None:
    async with staged(r"printf '\033[31mred\033[0m plain'; read x") as scene:
        await scene.shows("red plain")
        strip = scene.pane.render_lines(Region(0, 0, 60, 1))[0]
        red, plain = [segment.style for segment in strip if segment.text.strip()]
        assert red is not None
        assert red.color == Color.from_ansi(1)
        assert plain is not None
        assert (plain.color, plain.bgcolor) == (Color.default(), Color.default())


async def test_no_colors_are_shown_to_who_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with staged(r"printf '\033[1;31;48;2;1;2;3mred\033[0m plain'; read x") as scene:
        await scene.shows("red plain")
        strip = scene.pane.render_lines(Region(0, 0, 60, 1))[0]
        styles = [segment.style for segment in strip if segment.style is not None]
        colors = {color.type for style in styles for color in (style.color, style.bgcolor) if color is not None}
        assert colors <= {ColorType.DEFAULT}
        assert styles[0].bold is True


async def test_the_cursor_is_shown_while_the_pane_has_the_keys() -> None:
    def cursors() -> list[str]:
        return [s.text for s in scene.pane.render_line(0) if s.style is not None and s.style.reverse]

    async with staged(r"printf 'ab\033[D'; read x; printf '\033[?25lhidden'; read x") as scene:
        await scene.shows("ab")
        assert cursors() == []
        await scene.focus()
        await scene.until(lambda: cursors() == ["b"])
        await scene.pilot.press("enter")
        await scene.shows("hidden")
        assert cursors() == []


async def test_the_alternate_screen_gives_back_what_was_there() -> None:
    async with staged(
        r"stty -echo; echo before; read x; printf '\033[?1049h\033[Hinside'; read x; printf '\033[?1049lafter'; cat"
    ) as scene:
        await scene.shows("before")
        await scene.focus()
        await scene.pilot.press("enter")
        await scene.shows("inside")
        assert "before" not in scene.text()
        await scene.pilot.press("enter")
        await scene.shows("before\nafter")
        assert "inside" not in scene.text()


async def test_questions_of_the_program_are_answered() -> None:
    async with staged(
        r"stty raw -echo; printf 'ab\033[6n'; dd bs=1 count=6 2>/dev/null | od -An -c; read x"
    ) as scene:
        await scene.shows("033   [   1   ;   3   R")


@pytest.mark.parametrize(("mode", "begin"), [("", ""), (r"\033[?2004h", "1b 5b 32 30 30 7e ")])
async def test_a_paste_is_distinguished_from_typing_if_the_program_asks(mode: str, begin: str) -> None:
    async with staged(f"printf '{mode}'; " + bytes_read(len(begin) // 3 + 3)) as scene:
        await scene.shows("ready")
        await scene.focus()
        await scene.paste("\x1ba\nb")
        await scene.shows(begin + "61 0d 62")


@pytest.mark.parametrize(
    ("modes", "sent"),
    [
        ("1000;1006", b"\x1b[<2;4;3M\x1b[<18;60;5m\x1b[<65;2;1M"),
        ("1002;1006", b"\x1b[<2;4;3M\x1b[<34;60;5M\x1b[<18;60;5m\x1b[<65;2;1M"),
        ("1003;1006", b"\x1b[<35;4;3M\x1b[<2;4;3M\x1b[<34;60;5M\x1b[<18;60;5m\x1b[<65;2;1M"),
        ("1000", b""),
        ("1049", b"\x1b[B\x1b[B\x1b[B"),
    ],
)
async def test_the_mouse_is_the_programs_if_it_asks_for_it(modes: str, sent: bytes) -> None:
    async with staged(f"printf '\\033[?{modes}h'; " + bytes_read(len(sent) + 1)) as scene:
        await scene.shows("ready")
        await scene.focus()
        # the pane begins in the second column and the fourth line; it keeps a button until it is released
        for sequence in ("\x1b[<35;5;6M", "\x1b[<2;5;6M", "\x1b[<34;62;8M", "\x1b[<18;62;8m", "\x1b[<65;3;4M", "."):
            scene.does(sequence)
            await scene.pilot.pause()
        await scene.shows("end")
        assert " ".join(scene.text().split()) == f"ready {(sent + b'.').hex(' ')} end"


async def test_a_program_learns_of_the_focus_if_it_asks() -> None:
    async with staged(r"printf '\033[?1004h'; " + bytes_read(6)) as scene:
        await scene.shows("ready")
        await scene.focus()
        scene.stage.set_focus(None)
        await scene.shows("1b 5b 49 1b 5b 4f")


async def test_the_app_answers_during_a_flood() -> None:
    async with staged("yes") as scene:
        await scene.shows("y\ny\ny")
        before = scene.pane.bytes_read
        while (count := scene.stage.counted) < 10:
            scene.does("x")
            await scene.until(lambda: scene.stage.counted > count)
        await scene.until(lambda: scene.pane.bytes_read > before)
        await scene.focus()
        scene.does("\x1b[24~")
        await scene.until(lambda: scene.stage.taken_back > 0)
        scene.does("\x03")
        await scene.until(lambda: any(isinstance(m, ProgramPane.Closed) for m in scene.stage.messages))


async def test_a_flood_is_taken_in_turns_that_others_have_too() -> None:
    # on the alternate screen nothing can be skipped
    async with staged(r"stty -opost; printf '\033[?1049h'; yes $(printf '\033[5;5Hx\033[4;4Hy')") as scene:
        await scene.until(lambda: scene.pane.bytes_read > 0)
        before, turns = scene.pane.bytes_read, 0
        async with asyncio.timeout(DEADLINE_SECONDS):
            while scene.pane.bytes_read < before + (1 << 20):
                await asyncio.sleep(0)
                turns += 1
        assert turns > 12


async def test_lines_that_did_not_change_are_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged("stty -echo; seq 5; read x; printf '\033[2Htwo'; read x") as scene:
        await scene.shows("5")
        drawn: list[Region] = []
        monkeypatch.setattr(scene.pane, "refresh", lambda *regions: drawn.extend(regions))
        os.write(scene.stage.master, b"\n")
        await scene.shows("two")
        assert {*drawn} == {Region(0, 1, 60, 1)}


async def test_a_program_that_does_not_read_holds_nothing_up() -> None:
    async with staged(RAW + "kill -STOP $$") as scene:
        await scene.shows("ready")
        await scene.focus()
        await scene.paste("a" * 1_000_000)
        scene.stage.set_focus(None)
        await scene.pilot.press("x")
        assert scene.stage.counted == 1


async def test_a_long_paste_arrives_whole() -> None:
    async with staged(RAW + "head -c 50000 | tr -d a | wc -c; head -c 50000 | wc -c") as scene:
        await scene.shows("ready")
        await scene.focus()
        await scene.paste("a" * 50_000)
        await scene.shows("0")
        await scene.paste("b" * 50_000)
        await scene.shows("50000")


async def test_an_unmounted_pane_lets_go_of_the_terminal() -> None:
    async with staged("echo ready; read x; echo left") as scene:
        await scene.shows("ready")
        await scene.pane.remove()
        os.write(scene.stage.master, b"\n")
        os.waitid(os.P_PID, scene.stage.pid, os.WEXITED | os.WNOWAIT)
        await scene.pilot.pause()
        left = b""
        while b"left" not in left:  # it comes in parts, and fails at the end of all
            left += os.read(scene.stage.master, 100)


async def test_the_next_program_is_distinguished_by_a_line_and_gets_keys_and_size() -> None:
    async with staged("printf 'one\\ntwo'") as scene:
        await scene.shows("two")
        await scene.launch_again("stty size; read line; echo heard $line")
        await scene.shows("10 60")
        assert scene.text().split("\n")[:4] == ["one", "two", "── run 2 ──", "10 60"]
        assert scene.pane.can_focus
        await scene.focus()
        await scene.pilot.press("a", "b", "enter")
        await scene.shows("heard ab")
        await scene.until(lambda: isinstance(scene.stage.messages[-1], ProgramPane.Closed))


async def test_a_pane_that_was_resized_between_two_programs_has_its_size_for_the_next() -> None:
    async with staged("echo one") as scene:
        await scene.until(lambda: isinstance(scene.stage.messages[-1], ProgramPane.Closed))
        await scene.pilot.resize_terminal(50, 12)
        await scene.until(lambda: isinstance(scene.stage.messages[-1], ProgramPane.Sized))
        scene.stage.messages.append(ProgramPane.Closed())
        await scene.launch_again("stty size")
        await scene.shows("8 48")


async def test_what_a_program_did_to_its_terminal_does_not_last() -> None:
    done = r"\033[?1049h\033[2;3r\033[?25l\033[31m\033(0\033[4h\033[?1h\033[?1000h\033[?2004h"
    async with staged(f"echo before; printf '{done}'; echo qqq") as scene:
        await scene.launch_again("printf 'plain\\nqqq\\n'; read x")
        await scene.shows("qqq")
        assert scene.text().split("\n")[:4] == ["before", "── run 2 ──", "plain", "qqq"]
        emulator = scene.pane._emulator
        assert emulator is not None
        assert not emulator.is_alternate
        assert emulator.cursor_visible
        assert not any(map(emulator.has_mode, (1, 1000, 2004)))
        assert not emulator._screen.margins
        styles = {segment.style for segment in scene.pane.render_line(3) if segment.text.strip()}
        assert styles == {segment.style for segment in scene.pane.render_line(0) if segment.text.strip()}


async def test_behind_a_dialog_the_text_has_colours_that_can_be_dimmed() -> None:
    async with staged("printf plain; sleep 60") as here:
        await here.shows("plain")
        for dimmable in (True, False):
            here.pane.set_dimmable(dimmable)
            await here.until(lambda dimmable=dimmable: default_colours(here) != dimmable)  # type: ignore[misc]
        assert "plain" in here.text()


def default_colours(here: Scene) -> bool:
    """Whether the text has the terminal's default colours, which nothing can mix with another."""
    style = next(iter(here.pane.render_line(0))).style
    assert style is not None
    return all(colour is None or colour.is_default for colour in (style.color, style.bgcolor))
