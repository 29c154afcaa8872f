"""The real thing in a real terminal: tmux runs it, types, and tells what the screen shows."""

import itertools
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / ".venv/bin"
DEADLINE_SECONDS = 30.0
_numbers = itertools.count()


class Terminal:
    """One terminal of its own, in which one command runs."""

    def __init__(self, command: str, columns: int, rows: int, folder: Path) -> None:
        self._socket = str(folder / f"tmux-{next(_numbers)}")
        self.status_file = folder / f"status-{next(_numbers)}"
        # the shell that tells the exit status stays, so that the screen after the end can be looked at
        script = f"env -u NO_COLOR COLORTERM=truecolor {command}; echo $? > {self.status_file}; echo \"[ended $?]\"; sleep 600"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), script)

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", self._socket, *arguments], check=True, capture_output=True, text=True
        ).stdout

    def screen(self) -> str:
        """What the screen shows now."""
        return self._tmux("capture-pane", "-p")

    def wait_for(self, pattern: str) -> str:
        """The screen, once it shows a pattern."""
        end = time.monotonic() + DEADLINE_SECONDS
        while not re.search(pattern, screen := self.screen(), re.MULTILINE):
            assert time.monotonic() < end, f"never seen: {pattern}\n{screen}"
            time.sleep(0.05)
        return screen

    def keys(self, *keys: str) -> None:
        """Press keys, by their tmux names."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text as it stands."""
        self._tmux("send-keys", "-l", text)

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def status(self) -> int:
        """The exit status of the command, once it has ended."""
        end = time.monotonic() + DEADLINE_SECONDS
        while not (self.status_file.exists() and (text := self.status_file.read_text().strip())):
            assert time.monotonic() < end, f"never ended\n{self.screen()}"
            time.sleep(0.05)
        return int(text)

    def close(self) -> None:
        """End everything that runs in it."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False, capture_output=True)


class Terminals:
    """Opens terminals, and closes them after the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[Terminal] = []

    def __call__(self, command: str, *, columns: int = 118, rows: int = 40) -> Terminal:
        """Run a command in a new terminal."""
        terminal = Terminal(command, columns, rows, self._folder)
        self._open.append(terminal)
        return terminal

    def close(self) -> None:
        """Close them all."""
        for terminal in self._open:
            terminal.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminals]:
    """Opens terminals."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: the end-to-end tests need it")
    terminals = Terminals(tmp_path)
    yield terminals
    terminals.close()


@pytest.fixture
def smapstop() -> str:
    """The command under test."""
    return str(BIN / "smapstop")
