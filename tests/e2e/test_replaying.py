"""Recordings in the hands of a user: made, watched while they are made, and looked at again."""

import subprocess
import time
from contextlib import closing
from pathlib import Path

from e2e.terminals import SMAPSTOP, Terminals
from stepped_program import SteppedProgram, stepped_python, wait_until

from smapstop.errors import SmapstopError
from smapstop.recording.reader import Recording

GROWING = """
import mmap
memory = mmap.mmap(-1, 1 << 24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for mebibyte in range(4):
    step()
    for page in range(mebibyte << 20, mebibyte + 1 << 20, mmap.PAGESIZE):
        memory[page] = 1
"""
TOUCHED = r"\d+ p first touch"
"""What a tick shows then: 256 pages, or fewer if it came while the program was at it."""


def ticks(path: Path, since_ns: int = 0) -> int:
    """How many ticks with mappings are in a recording since a time; none while it is being created."""
    try:
        with closing(Recording(path)) as recording:
            return sum(tick.has_mappings and tick.wall_ns > since_ns for tick in recording.ticks())
    except SmapstopError:
        return 0


def recorded(path: Path, target: SteppedProgram) -> None:
    """Record a program that grows by a mebibyte at two of some ticks."""
    command = [*SMAPSTOP.split(), "record", "-o", str(path), "-i", "0.1", "-p", str(target.pid)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as recorder:
        try:
            for step in range(3):
                wait_for_two_more(path)
                if step < 2:
                    target.go()
        finally:
            recorder.terminate()
        assert recorder.wait() == 0


def wait_for_two_more(path: Path) -> None:
    """Wait until two ticks from now on are recorded: older ones may be written later."""
    now_ns = time.time_ns()
    wait_until(lambda: ticks(path, now_ns) > 1)


def test_a_recording_is_played_and_scrubbed(terminal: Terminals, tmp_path: Path) -> None:
    path = tmp_path / "run.smaps"
    with stepped_python(GROWING) as target:
        recorded(path, target)

    window = terminal(f"{SMAPSTOP} replay {path}", columns=118, rows=40)
    window.wait_for("■ .* end of recording")
    window.wait_for(rf"anon .*{TOUCHED}")
    window.press("[")
    window.wait_for(r"❚❚ .* tick \d+/\d+")
    window.wait_for(r"\+(1 M|\d+ K)")
    window.press("BTab", "Home")
    window.wait_for(r"tick 0/")
    window.press("p", "p", "p")
    window.wait_for("end of recording")
    window.press("q")
    assert window.status() == 0


def test_a_recording_is_followed_while_the_dashboard_writes_it(terminal: Terminals, tmp_path: Path) -> None:
    path = tmp_path / "run.smaps"
    with stepped_python(GROWING) as target:
        live = terminal(f"{SMAPSTOP} -i 0.2 -o {path} -p {target.pid}", columns=118, rows=40)
        live.wait_for("● live")
        wait_until(lambda: ticks(path) > 1)
        follower = terminal(f"{SMAPSTOP} replay {path}", columns=80, rows=24)
        follower.wait_for(rf"{target.pid} .*● live")
        target.go()
        live.wait_for(TOUCHED)
        follower.wait_for(TOUCHED)
        live.press("q")
        assert live.status() == 0
        follower.wait_for("end of recording")
        follower.press("q")
        assert follower.status() == 0


def test_what_is_no_recording_is_one_line(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} replay /etc/passwd")
    assert window.status() == 2
    window.wait_for("is not a smapstop recording")
