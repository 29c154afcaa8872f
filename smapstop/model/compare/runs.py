"""Runs of a program launched repeatedly: one timeline each."""

from dataclasses import field

from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.marks import Mark
from smapstop.model.protocol import Target
from smapstop.model.timeline.timeline import Timeline

MAX_RUNS = 20
"""Runs kept; older ones are dropped."""
MAX_BYTES = 512 << 20
"""Memory that all runs may take together; beyond it, the oldest are dropped earlier."""
_FEWEST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One run, from launch to exit of the program."""

    number: int
    """Counted from 1, dropped runs included."""
    target: Target
    timeline: Timeline
    marks: dict[str, Mark] = field(default_factory=dict)
    """The moments that the user marked, by letter; their snapshots are pinned."""

    def add_mark(self, mark: Mark) -> bool:
        """Add a mark, in place of one with its letter; False if its tick is not known."""
        if not self.timeline.oldest <= mark.tick < len(self.timeline):
            return False
        self.marks[mark.letter] = mark
        self.timeline.pin(*(each.tick for each in self.marks.values()))
        return True

    def remove_mark(self, letter: str) -> None:
        """Remove the mark of a letter, if there is one."""
        self.marks.pop(letter, None)
        self.timeline.pin(*(each.tick for each in self.marks.values()))


class Runs:
    """The newest runs; pure, as their timelines are.

    Args:
        kept: See `MAX_RUNS`.
        kept_bytes: See `MAX_BYTES`; two runs are kept whatever they take.
    """

    def __init__(self, kept: int = MAX_RUNS, kept_bytes: int = MAX_BYTES) -> None:
        self.stored: list[Run] = []
        """The runs kept, newest last."""
        self._max_runs, self._max_bytes = kept, kept_bytes
        self._previous_run: PreviousRun | None = None

    @property
    def newest(self) -> Run | None:
        """The current or last run; `None` before the first."""
        return self.stored[-1] if self.stored else None

    def begin(self, target: Target) -> Run:
        """Begin a run, and drop the oldest ones beyond the limits."""
        run = Run(self.stored[-1].number + 1 if self.stored else 1, target, Timeline())
        self.stored.append(run)
        while len(self.stored) > self._max_runs or (len(self.stored) > _FEWEST and self._nbytes > self._max_bytes):
            self.stored.pop(0)
        return run

    @property
    def _nbytes(self) -> int:
        """Memory that all runs take, bytes."""
        return sum(run.timeline.nbytes for run in self.stored)

    def run_before(self, run: Run) -> Run | None:
        """The run before another one; `None` if there was none, or it was dropped."""
        return next((each for each in self.stored if each.number == run.number - 1), None)

    def previous_run(self, run: Run) -> PreviousRun | None:
        """Baseline of a run: the run before it; `None` if that was dropped, or has no tick."""
        before = self.run_before(run)
        if before is None or not len(before.timeline):
            return None
        if self._previous_run is None or self._previous_run.timeline is not before.timeline:
            self._previous_run = PreviousRun(before.number, before.timeline)
        return self._previous_run
