"""The runs of a program that was launched again and again: one timeline each."""

from dataclasses import dataclass

from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.protocol import Target
from smapstop.model.timeline.timeline import Timeline

MAX_RUNS = 20
"""How many runs are kept: older ones are forgotten."""
MAX_BYTES = 512 << 20
"""What they may take together; when it is more, the oldest are forgotten before that."""
_FEWEST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One run, from the launch of the program to its end."""

    number: int
    """Counted from 1; those that are forgotten count, too."""
    target: Target
    timeline: Timeline


class Runs:
    """The runs that are kept; pure, as their timelines are.

    Args:
        kept: See `MAX_ENTRIES`.
        kept_bytes: See `MAX_BYTES`; two of them are kept whatever they take.
    """

    def __init__(self, kept: int = MAX_RUNS, kept_bytes: int = MAX_BYTES) -> None:
        self.stored: list[Run] = []
        """Those that are kept, the newest last."""
        self._max_runs, self._max_bytes = kept, kept_bytes
        self._previous_run: PreviousRun | None = None

    @property
    def newest(self) -> Run | None:
        """The one that goes on, or was the last; None before the first."""
        return self.stored[-1] if self.stored else None

    def begin(self, target: Target) -> Run:
        """Begin a run."""
        run = Run(self.stored[-1].number + 1 if self.stored else 1, target, Timeline())
        self.stored.append(run)
        while len(self.stored) > self._max_runs or (len(self.stored) > _FEWEST and self._nbytes > self._max_bytes):
            self.stored.pop(0)
        return run

    @property
    def _nbytes(self) -> int:
        """What all of them take."""
        return sum(run.timeline.nbytes for run in self.stored)

    def run_before(self, run: Run) -> Run | None:
        """The run before one; None when that was the first, or is forgotten."""
        return next((each for each in self.stored if each.number == run.number - 1), None)

    def previous_run(self, run: Run) -> PreviousRun | None:
        """What a run is compared with: the run before it, if that is kept and has a tick."""
        before = self.run_before(run)
        if before is None or not len(before.timeline):
            return None
        if self._previous_run is None or self._previous_run.timeline is not before.timeline:
            self._previous_run = PreviousRun(before.number, before.timeline)
        return self._previous_run
