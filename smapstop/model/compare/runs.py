"""The runs of a program that was launched again and again: one timeline each."""

from dataclasses import dataclass

from smapstop.model.compare.previous_run import Earlier
from smapstop.model.protocol import Target
from smapstop.model.timeline.timeline import Timeline

KEPT = 20
"""How many runs are kept: older ones are forgotten."""
KEPT_BYTES = 512 << 20
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
        kept_bytes: See `KEPT_BYTES`; two of them are kept whatever they take.
    """

    def __init__(self, kept: int = KEPT, kept_bytes: int = KEPT_BYTES) -> None:
        self.known: list[Run] = []
        """Those that are kept, the newest last."""
        self._kept, self._kept_bytes = kept, kept_bytes
        self._earlier: Earlier | None = None

    @property
    def newest(self) -> Run | None:
        """The one that goes on, or was the last; None before the first."""
        return self.known[-1] if self.known else None

    def begin(self, target: Target) -> Run:
        """Begin a run."""
        run = Run(self.known[-1].number + 1 if self.known else 1, target, Timeline())
        self.known.append(run)
        while len(self.known) > self._kept or (len(self.known) > _FEWEST and self._nbytes > self._kept_bytes):
            self.known.pop(0)
        return run

    @property
    def _nbytes(self) -> int:
        """What all of them take."""
        return sum(run.timeline.nbytes for run in self.known)

    def before(self, run: Run) -> Run | None:
        """The run before one; None when that was the first, or is forgotten."""
        return next((each for each in self.known if each.number == run.number - 1), None)

    def earlier(self, run: Run) -> Earlier | None:
        """What a run is compared with: the run before it, if that is kept and has a tick."""
        before = self.before(run)
        if before is None or not len(before.timeline):
            return None
        if self._earlier is None or self._earlier.timeline is not before.timeline:
            self._earlier = Earlier(before.number, before.timeline)
        return self._earlier
