"""Cases are run against the truth, and made smaller when they are reported wrong."""

import re
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from stepped_program import SteppedProgram

from smapstop.proc.process import ProcDir
from truth.bounds import Move
from truth.page_table import PAGE
from truth.random_steps import Case, known
from truth.witness import Witness, reported, wait_for_stillness


@dataclass(frozen=True, slots=True)
class Finding:
    """A tick of a case that was reported wrong."""

    at: int
    """Number of its line."""
    lies: tuple[str, ...]


def kind_of(finding: Finding) -> str:
    """What a finding has in common with others: its words without numbers and names."""
    where, lie = finding.lies[0].rsplit(": ", 1)
    words = where.split()
    return f"{words[1]} {re.sub(r'[0-9]+', 'N', lie)} ({' '.join(words[2:3])[:9]})"


TICKS = 30
"""Of a random case."""


class Runner:
    """Runs cases with one executable.

    Args:
        executable: Of tests/programs/obedient.c.
        paused: What changes memory by itself, such as KSM, stands still meanwhile.
    """

    def __init__(self, executable: Path, paused: Callable[[], AbstractContextManager[object]] = nullcontext) -> None:
        self._executable, self._paused = executable, paused
        self.ticks = self.events = self.sure = self.torn = 0
        """What was looked at so far."""

    def run(self, case: Sequence[str], say: Callable[[str], object] | None = None) -> Finding | None:
        """Run a case to its end, or to the first tick that is reported wrong."""
        with closing(self.findings(case, say)) as findings:
            return next(findings, None)

    def findings(
        self, case: Sequence[str], say: Callable[[str], object] | None = None
    ) -> Generator[Finding, None, None]:
        """Run a case; every tick that is reported wrong."""
        with (
            directory("/var/tmp") as disk,
            directory("/dev/shm") as memory,
            SteppedProgram(self._executable, disk, memory) as program,
            ProcDir(program.pid) as process,
        ):
            witness, addresses = Witness(process), dict[str, int]()
            done: list[str] = []
            moves: list[Move] = []
            for number, line in enumerate(case):
                if line != "tick":
                    program.go(line)
                    done.append(line)
                    moves += _moves(line, program, addresses)
                    if say:
                        say(f"{line:<32} {' '.join(program.words)}")
                    continue
                wait_for_stillness(process)
                with self._paused():
                    account = witness.tick(known(done, moves, case[:number]))
                self.ticks += 1
                self.torn += witness.torn
                witness.torn = 0
                self.events += len(account.events)
                self.sure += sum(event.sure for _, event in account.events)
                if say:
                    for name, event in account.events:
                        say(f"    {reported(event):<36} {name}")
                if account.lies:
                    yield Finding(number, account.lies)
                done.clear()
                moves.clear()

    def shrink(self, case: Case, seconds: float, same: Callable[[Finding], bool] = bool) -> Case:
        """The case without the lines that it does not need to be reported wrong in the same way."""
        until = time.monotonic() + seconds
        step = len(case) // 2
        while step and time.monotonic() < until:
            at = 0
            while at < len(case) - 1 and time.monotonic() < until:
                shorter = case[:at] + case[min(at + step, len(case) - 1) :]
                with closing(self.findings(shorter)) as findings:
                    finding = next(filter(same, findings), None)
                if finding:
                    case = shorter[: finding.at + 1]
                else:
                    at += step
            step //= 2
        return case


@contextmanager
def directory(parent: str) -> Iterator[Path]:
    """A directory for as long as it is used."""
    with tempfile.TemporaryDirectory(dir=parent) as directory:
        yield Path(directory)


def _moves(line: str, program: SteppedProgram, addresses: dict[str, int]) -> list[Move]:
    """The pages that a command moved; `addresses` has the page where each slot begins."""
    what, slot, *words = line.split()
    if program.words[0] != "ok" or what not in ("map", "view", "keep", "part", "resize"):
        return []
    first, count = int(words[0]), int(words[1])
    new = program.address // PAGE
    old = addresses.get(words[2] if what in ("keep", "part") else slot)
    addresses[slot] = new
    if old is None or what in ("map", "view"):
        return []
    if what == "resize":
        return [Move(old, new, min(first, count))] if old != new else []
    return [Move(old + (first if what == "part" else 0), new, count)]
