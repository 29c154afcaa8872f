"""How a reader looks at a timeline: at which moment, compared with what, filtered and grouped."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from smapstop.model.grouping import GROUPINGS, Grouping

Baseline = Literal["previous", "mark", "start", "run"]
"""What the moment is compared with: the reading before it, the mark, the first, or an earlier run of the program."""

SPEEDS = (1, 10, 60)
"""How fast the past can be played."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """How a reader looks at a timeline; every step of the user's gives another one."""

    at: int | None = None
    """The tick looked at; None follows the newest."""
    speed: int = 0
    """How many times as fast as it was recorded time goes on from there; 0 stands still."""
    baseline: Baseline = "previous"
    mark: int | None = None
    """The marked tick."""
    grouping: Grouping = "none"
    filter: str = ""
    """See `parse_filter`."""

    def toggle_pause(self, now: int) -> "ViewState":
        """Hold the tick that is shown, or follow the newest again."""
        return replace(self, at=now if self.at is None or self.speed else None, speed=0)

    def play(self, now: int, newest: int) -> "ViewState":
        """Let time go on from the tick that is shown, or faster when it does already; from the newest, begin anew."""
        if self.speed:
            return replace(self, speed=SPEEDS[(SPEEDS.index(self.speed) + 1) % len(SPEEDS)])
        return replace(self, at=0 if now >= newest else now, speed=SPEEDS[0])

    def seek(self, number: int | None) -> "ViewState":
        """Look at a tick, and stand still there; None follows the newest."""
        return replace(self, at=number, speed=0)

    def step(self, now: int, newest: int, ticks: int) -> "ViewState":
        """Go so many ticks from the one that is shown; forward to the newest is to follow it again."""
        at = max(0, now + ticks)
        return self.seek(None if ticks > 0 and at >= newest else min(at, newest))

    def set_mark(self, now: int) -> "ViewState":
        """Mark the tick that is shown, and compare with it."""
        return replace(self, mark=now, baseline="mark")

    def cycle_baseline(self, *, earlier: bool = False) -> "ViewState":
        """Compare with the next of: the previous tick, the mark, the start, an earlier run; with what there is."""
        possible = {"mark": self.mark is not None, "run": earlier}
        choices = [choice for choice in get_args(Baseline) if possible.get(choice, True) or choice == self.baseline]
        return replace(self, baseline=choices[(choices.index(self.baseline) + 1) % len(choices)])

    def switch_run(self, at: int | None, *, earlier: bool) -> "ViewState":
        """Look at another run, at a tick or at its newest; compare it with an earlier one if there is any.

        A mark is a tick of one run: it goes.
        """
        other = "previous" if self.baseline in ("mark", "run") else self.baseline
        return replace(self, at=at, speed=0, mark=None, baseline="run" if earlier else other)

    def cycle_grouping(self) -> "ViewState":
        """Group by the next of: nothing, name, kind, file."""
        return replace(self, grouping=GROUPINGS[(GROUPINGS.index(self.grouping) + 1) % len(GROUPINGS)])

    def go_back(self) -> "ViewState":
        """One step back: from the filter to everything, from groups to mappings, from the past to now."""
        if self.filter:
            return replace(self, filter="")
        if self.grouping != "none":
            return replace(self, grouping="none")
        return self.seek(None)
