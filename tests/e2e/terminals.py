"""Real terminals: tmux runs a command in one, types, and tells what the screen shows."""

import itertools
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stepped_program import DEADLINE_SECONDS

from smapstop.text.format import cell_width

SMAPSTOP = shlex.quote(str(Path(sys.executable).parent / "smapstop"))
"""The command under test, as a shell takes it."""
PREVIOUS_OUTPUT = "what stood here before"
"""What the screen shows until the command takes it, and shall show again after it."""
_MARK = "SMAPSTOP_E2E"
"""Every process that comes from a terminal has this in its environment, with the terminal's own value."""
_SETTINGS = """
set -g status off
set -g default-terminal tmux-256color
set -g terminal-overrides ',*:Tc'
set -g remain-on-exit on
"""
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Process:
    """A running process that comes from a terminal."""

    pid: int
    ppid: int
    command_line: tuple[str, ...]


class Terminal:
    """One terminal of its own, in which one command runs.

    Args:
        command: What a shell takes.
        columns: The size of the terminal.
        rows: The size of the terminal.
        folder: Where to keep its files.
        environment: What the command has in its environment beside ours.
    """

    def __init__(
        self, command: str, columns: int, rows: int, folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        number = next(_numbers)
        self._socket = str(folder / f"tmux-{number}")
        self._status_file = folder / f"status-{number}"
        self._mark = f"{os.getpid()}-{number}"
        settings = folder / f"settings-{number}"
        settings.write_text(_SETTINGS)
        usual = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TMUX")}
        own = {"COLORTERM": "truecolor", "XDG_STATE_HOME": str(folder / f"state-{number}"), _MARK: self._mark}
        self._environment = usual | own
        variables = shlex.join(["env", *(f"{name}={value}" for name, value in (environment or {}).items())])
        script = f"echo {PREVIOUS_OUTPUT}; {variables} {command}; echo $? > {self._status_file}; exec sleep 1000"
        size = ("-x", str(columns), "-y", str(rows))
        self._tmux("-f", str(settings), "new-session", "-d", *size, script)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self._environment).stdout

    # what there is to see

    def screen(self) -> str:
        """What the screen shows now."""
        return self._tmux("capture-pane", "-p")

    def coloured_screen(self) -> str:
        """What the screen shows now, with the sequences (SGR) that colour it."""
        return self._tmux("capture-pane", "-p", "-e")

    def is_flag_on(self, flag: str) -> bool:
        """Whether a flag of the terminal is on, as tmux calls it: `cursor_flag`, `alternate_on`, `mouse_any_flag`."""
        return self._tmux("display-message", "-p", f"#{{{flag}}}").strip() == "1"

    def line_modes(self) -> set[str]:
        """The modes of the terminal's line discipline that are on (stty(1))."""
        tty = self._tmux("display-message", "-p", "#{pane_tty}").strip()
        reported = subprocess.run(["stty", "-a", "-F", tty], check=True, capture_output=True, text=True).stdout
        return set(reported.replace(";", " ").split())

    def wait_until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        end, pause = time.monotonic() + DEADLINE_SECONDS, 0.01
        while not holds():
            assert time.monotonic() < end, f"never: {what}\n{self.screen()}"
            time.sleep(pause)
            pause = min(1.3 * pause, 0.1)  # each look at the screen is a process

    def wait_for(self, pattern: str) -> str:
        """The screen, once it shows a pattern."""
        return self.wait_for_screen(lambda screen: re.search(pattern, screen, re.MULTILINE), pattern)

    def wait_for_screen(self, holds: Callable[[str], object], what: str) -> str:
        """The screen, once something holds of it."""
        seen = ""

        def check_screen() -> object:
            nonlocal seen
            seen = self.screen()
            return holds(seen)

        self.wait_until(check_screen, what)
        return seen

    def status(self) -> int:
        """The exit status of the command, once it has ended."""
        self.wait_until(lambda: self._status_file.exists() and self._status_file.read_text().endswith("\n"), "ended")
        return int(self._status_file.read_text())

    def accept_clipboard(self) -> None:
        """Have the terminal take what programs copy with OSC 52."""
        self._tmux("set-option", "-s", "set-clipboard", "on")

    def clipboard(self) -> str:
        """What was copied last; empty if nothing was."""
        with suppress(subprocess.CalledProcessError):
            return self._tmux("show-buffer")
        return ""

    # what the user does

    def press(self, *keys: str) -> None:
        """Press keys, by their tmux names."""
        for key in keys:
            self._tmux("send-keys", key)

    def press_at_once(self, *keys: str) -> None:
        """Press keys, by their tmux names, so quickly that all of them are there before the first is read."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text as it stands."""
        self._tmux("send-keys", "-l", text)

    def place_of(self, text: str, line: str = "", at: int = -1) -> tuple[int, int]:
        """Column and line, from 1, at which the screen shows a text, once it does.

        Args:
            text: The text.
            line: What else the line has.
            at: Which one of several.
        """
        found: list[tuple[int, int]] = []

        def is_found(screen: str) -> bool:
            lines = [(y, each) for y, each in enumerate(screen.splitlines(), 1) if text in each and line in each]
            starts = [(y, each, x) for y, each in lines for x in range(len(each)) if each.startswith(text, x)]
            found[:] = [(cell_width(each[:x]) + 1, y) for y, each, x in starts]
            return bool(found)

        self.wait_for_screen(is_found, f"{text!r} to click on")
        return found[at]

    def click(self, text: str, line: str = "", *, at: int = -1, button: int = 0, times: int = 1) -> None:
        """Click on a text that the screen shows, with the left button (0) or the right one (2); see `place_of`."""
        self.click_at(*self.place_of(text, line, at), button=button, times=times)

    def click_at(self, x: int, y: int, *, button: int = 0, times: int = 1) -> None:
        """Click on a cell."""
        for _ in range(times):
            self.type(f"\x1b[<{button};{x};{y}M\x1b[<{button};{x};{y}m")

    def drag(self, x: int, y: int, to_x: int, to_y: int) -> None:
        """Press the left button on a cell, move to another, and release it there."""
        self.type(f"\x1b[<0;{x};{y}M\x1b[<32;{to_x};{to_y}M\x1b[<0;{to_x};{to_y}m")

    def turn_wheel(self, x: int, y: int, turns: int) -> None:
        """Turn the wheel over a cell, down or, with a negative number, up."""
        self.type(f"\x1b[<{65 if turns > 0 else 64};{x};{y}M" * abs(turns))

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    # what runs in it

    def processes(self) -> list[Process]:
        """All running processes that come from this terminal, wherever they went; no zombies."""
        found = []
        for folder in Path("/proc").iterdir():
            # it may have ended meanwhile, or be somebody else's
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError, NotADirectoryError):
                if folder.name.isdecimal() and self._is_marked((folder / "environ").read_bytes()):
                    words = os.fsdecode((folder / "cmdline").read_bytes()).rstrip("\0").split("\0")
                    stat = (folder / "stat").read_text()
                    ppid = int(stat[stat.rindex(")") + 2 :].split()[1])
                    found.append(Process(int(folder.name), ppid, tuple(words)))
        return found

    def _is_marked(self, environ: bytes) -> bool:
        return f"{_MARK}={self._mark}".encode() in environ.split(b"\0")

    def _wait_for_process(self, holds: Callable[[Process], object], what: str) -> int:
        """The pid of the one process of which something holds, once it is there."""
        found: list[Process] = []

        def is_found() -> bool:
            found[:] = filter(holds, self.processes())
            return len(found) == 1

        self.wait_until(is_found, what)
        return found[0].pid

    def dashboard_pid(self) -> int:
        """The pid of smapstop itself."""
        return self._wait_for_process(
            lambda process: process.command_line[1:2] == (shlex.split(SMAPSTOP)[0],), "smapstop runs"
        )

    def sampler_pid(self) -> int:
        """The pid of its sampler."""
        return self._wait_for_process(lambda process: "smapstop.sampling" in process.command_line, "its sampler runs")

    def program_pid(self) -> int:
        """The pid of the program that it launched."""
        sampler = self.sampler_pid()
        return self._wait_for_process(lambda process: process.ppid == sampler, "its program runs")

    def close(self) -> list[Process]:
        """End it as a user closes a window, and give what did not end by itself; that is killed."""
        with suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")
        end = time.monotonic() + DEADLINE_SECONDS
        while (left := self.processes()) and time.monotonic() < end:
            time.sleep(0.03)
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process.pid, 9)
        return left


class Terminals:
    """Opens terminals, and closes them after the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[Terminal] = []

    def __call__(
        self, command: str, *, columns: int = 118, rows: int = 40, environment: Mapping[str, str] | None = None
    ) -> Terminal:
        """Run a command in a new terminal."""
        terminal = Terminal(command, columns, rows, self._folder, environment)
        self._open.append(terminal)
        return terminal

    def close(self) -> list[Process]:
        """Close them all, and give what did not end with them."""
        return [process for terminal in self._open for process in terminal.close()]
