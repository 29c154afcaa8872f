"""One kill: smapstop watches a family, is killed, and what it leaves is checked."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal
from uuid import uuid4

from e2e.raw_terminal import SMAPSTOP
from stepped_program import DEADLINE_SECONDS, wait_until

from kills.family import Heartbeat, end_family, harm_done
from kills.processes import MARK, MarkedProcesses, Smapstop, run_smapstop
from smapstop.errors import SmapstopError
from smapstop.recording.reader import Recording

Victim = Literal["recorder", "dashboard", "sampler of a recorder", "sampler of a dashboard"]
VICTIMS: tuple[Victim, ...] = ("recorder", "dashboard", "sampler of a recorder", "sampler of a dashboard")
OPTIONS = ("-i", "0.1", "--budget", "100", "--family")
LATE_SECONDS = 10.0
"""How much of the end may be missing on a busy machine, beyond the longest time between two ticks."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Who is killed, and when."""

    victim: Victim
    launched: bool
    """smapstop launches the family; else it attaches to it."""
    ticks: int
    """How many ticks are written before; 0: it may just have started."""
    seconds: float
    """Since then, or since the victim is there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a kill left."""

    wrong: tuple[str, ...]
    ticks: int = 0
    """Ticks in the recording."""
    readings: int = 0
    """Readings of the family in the recording."""
    faults: int = 0
    """Page faults in the recording whose callers were seen."""
    missing_seconds: float | None = None
    """Time from the last tick to the kill; None without a tick."""


def random_kill(chance: random.Random, victim: Victim) -> Kill:
    """A kill at any moment: every second one while smapstop starts, the others while it records."""
    starts = chance.random() < 0.5
    return Kill(victim, chance.random() < 0.5, 0 if starts else 2, chance.uniform(0, 2 if starts else 4))


def run_kill(kill: Kill, executable: Path, folder: Path) -> Outcome:
    """Have smapstop watch a family, kill it, and check what is left."""
    heart, path, mark = Heartbeat(folder / "beats"), folder / "run.smaps", uuid4().hex
    (temporary := folder / "tmp").mkdir()
    marked, family = MarkedProcesses(mark, executable), (str(executable), str(heart.path))
    attached = None if kill.launched else subprocess.Popen(family)
    try:
        if attached:
            heart.wait_for_life()
        target = ["-p", str(attached.pid)] if attached else ["--", *family]
        verb, is_dashboard = ([], True) if "dashboard" in kill.victim else (["record"], False)
        command = [*SMAPSTOP, *verb, *OPTIONS, "-o", str(path), *target]
        environment = {MARK: mark, "TMPDIR": str(temporary)}
        with run_smapstop(command, environment, in_terminal=is_dashboard) as smapstop:
            if kill.ticks:
                heart.wait_for_life()  # until then it does not ignore that its terminal goes
            killed_ns, safe_ticks = _kill(kill, smapstop, path)
            wrong = list(_find_what_is_left(kill, smapstop, marked))
        pid = attached.pid if attached else next(iter(marked.family()), 0)
        if pid:
            heart.wait_for_life()
            wrong += harm_done(pid)
        wrong += [f"{each.name} is left in the temporary directory" for each in temporary.iterdir()]
        return _check_recording(path, killed_ns, safe_ticks, wrong)
    finally:
        for pid in [attached.pid] if attached else marked.family():
            end_family(pid)
        if attached:
            attached.wait()


def _kill(kill: Kill, smapstop: Smapstop, path: Path) -> tuple[int, int]:
    """Kill the victim at its moment; when that was, and how many ticks were written before."""
    victim = smapstop.wait_for_sampler() if "sampler" in kill.victim else smapstop.pid
    end = time.monotonic() + DEADLINE_SECONDS
    while kill.ticks and _count_ticks(path) < kill.ticks:
        assert time.monotonic() < end, "no ticks are written"
        smapstop.pass_time(0.05)
    smapstop.pass_time(kill.seconds)
    safe_ticks = _count_ticks(path)
    os.kill(victim, signal.SIGKILL)
    return time.monotonic_ns(), safe_ticks


def _find_what_is_left(kill: Kill, smapstop: Smapstop, marked: MarkedProcesses) -> Iterator[str]:
    """End a dashboard that lives on, and wait until no process of smapstop runs; what is wrong about that."""
    if smapstop.window is not None and kill.victim == "sampler of a dashboard":
        smapstop.window.wait_for("sampler process died")  # on its screen, or before it has one
        smapstop.quit()
    status = smapstop.status()
    if status not in _expected_statuses(kill):
        yield f"the exit status of smapstop is {status}"
    try:
        wait_until(lambda: not marked.others())
    except AssertionError:
        yield f"still running: {marked.others()}"


def _expected_statuses(kill: Kill) -> tuple[int, ...]:
    """Exit statuses that smapstop may have: without its sampler it fails, unless a dashboard had begun."""
    if "sampler" not in kill.victim:
        return (-signal.SIGKILL,)
    return (0, 2) if kill.victim == "sampler of a dashboard" and not kill.launched else (2,)


def _count_ticks(path: Path) -> int:
    """How many ticks a recording has; none while it is being created."""
    try:
        with closing(Recording(path)) as recording:
            return sum(1 for _ in recording.ticks())
    except SmapstopError:
        return 0


def _check_recording(path: Path, killed_ns: int, safe_ticks: int, wrong: list[str]) -> Outcome:
    """Check the recording: it opens, its ticks have no hole, and only the last one may be missing."""
    try:
        with closing(Recording(path)) as recording:
            ticks, readings = list(recording.ticks()), list(recording.family())
            wrong += ["it is locked"] if recording.is_being_written else []
    except SmapstopError as error:
        # killed before its first tick, it may have no file yet, or one that is not a recording yet
        return Outcome((*wrong, *([str(error)] if safe_ticks else ())))
    if [tick.number for tick in ticks] != list(range(len(ticks))):
        wrong.append(f"the ticks have a hole: {[tick.number for tick in ticks]}")
    if len(ticks) < safe_ticks:
        wrong.append(f"{safe_ticks - len(ticks)} ticks were written before the kill and are lost")
    if not ticks:
        return Outcome(tuple(wrong))
    times = [tick.monotonic_ns for tick in ticks]
    longest = max((after - before for before, after in pairwise(times)), default=0) / 1e9
    missing = (killed_ns - times[-1]) / 1e9
    if safe_ticks > 1 and missing > longest + LATE_SECONDS:
        wrong.append(f"the last {missing:.1f} s are missing")
    faults = sum(tick.faults.seen for tick in ticks if tick.faults is not None)
    return Outcome(tuple(wrong), len(ticks), len(readings), faults, missing)
