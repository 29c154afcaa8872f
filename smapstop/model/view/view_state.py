"""State of a view on a timeline: tick, baseline, grouping, filter."""

from dataclasses import replace
from typing import Literal, get_args

from smapstop.lazy_dataclass import dataclass
from smapstop.model.grouping import GROUPINGS, Grouping
from smapstop.model.history.time_window import zoomed_span
from smapstop.model.metrics import Metric

Baseline = Literal["previous", "mark", "start", "range", "run"]
"""What the snapshot is compared with: the previous reading, the mark, the first tick, the begin of a range, or an
earlier run."""
Units = Literal["auto", "pages", "bytes", "kB", "share"]
"""Unit of amounts; auto chooses K, M or G for each, and share is percent of the process's total."""
UNITS: tuple[Units, ...] = get_args(Units)
DEFAULT_SPAN_S = 120
"""Length of the window of time at the beginning, seconds."""

SPEEDS = (1, 10, 60)
"""Playback speeds."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """State of a view on a timeline; each action of the user gives a new one."""

    at: int | None = None
    """The tick shown; `None` follows the newest."""
    speed: int = 0
    """Playback speed from there, as a multiple of recorded time; 0 for no playback."""
    baseline: Baseline = "previous"
    mark: int | None = None
    """The marked tick with which the user compared last."""
    mark_letter: str = ""
    """Letter of that mark; empty for the one without."""
    range_start: int | None = None
    """The tick where the range of time begins that the user selected; it ends at the tick shown."""
    span_s: int | None = DEFAULT_SPAN_S
    """Length of the window of time that charts show, seconds; `None` for everything."""
    until: int | None = None
    """The last tick of the window while the view is paused; `None` follows the newest."""
    metric: Metric = "rss"
    """What changes, rates, histories and the order of the rows follow."""
    units: Units = "auto"
    grouping: Grouping = "none"
    unfolded: frozenset[int] = frozenset()
    """Ids of the groups that are unfolded, also of groups that are not there now."""
    filter: str = ""
    """See `parse_filter`."""

    def toggle_pause(self, now: int) -> "ViewState":
        """Pause at the tick shown, or follow the newest again."""
        return self.seek(now if self.at is None or self.speed else None)

    def play(self, now: int, newest: int) -> "ViewState":
        """Play from the tick shown, from the first one if that is the newest; if playing, go to the next speed."""
        if self.speed:
            return replace(self, speed=next((speed for speed in SPEEDS if speed > self.speed), SPEEDS[0]))
        return replace(self, at=0 if now >= newest else now, speed=SPEEDS[0])

    def seek(self, number: int | None) -> "ViewState":
        """Pause at a tick; `None` follows the newest, and gives up a range."""
        return replace(self if number is not None else self.without_range(), at=number, speed=0)

    def select_range(self, first: int, last: int) -> "ViewState":
        """Pause at the end of a range of time, and compare with its begin."""
        return replace(self, at=last, speed=0, baseline="range", range_start=first)

    def without_range(self) -> "ViewState":
        """Compare with the mark, or else with the previous reading, instead of the begin of a range."""
        if self.range_start is None:
            return self
        other: Baseline = "previous" if self.mark is None else "mark"
        return replace(self, range_start=None, baseline=other if self.baseline == "range" else self.baseline)

    def zoom(self, direction: int, whole_s: float) -> "ViewState":
        """Show more time (1) or less (-1), of a history of a length in seconds."""
        return replace(self, span_s=zoomed_span(self.span_s, whole_s, direction))

    def step(self, now: int, newest: int, ticks: int) -> "ViewState":
        """Step by a number of ticks; a step forward to the newest follows it again."""
        at = max(0, now + ticks)
        return self.seek(None if ticks > 0 and at >= newest else min(at, newest))

    def compare_with_mark(self, number: int, letter: str = "") -> "ViewState":
        """Compare with a marked tick."""
        return replace(self, mark=number, mark_letter=letter, baseline="mark")

    def without_mark(self) -> "ViewState":
        """Compare with the previous reading instead of the mark."""
        return replace(
            self, mark=None, mark_letter="", baseline="previous" if self.baseline == "mark" else self.baseline
        )

    def cycle_baseline(self, *, earlier: bool = False) -> "ViewState":
        """Switch to the next available baseline: previous reading, mark, start, range, earlier run."""
        available = {"mark": self.mark is not None, "range": self.range_start is not None, "run": earlier}
        choices = [choice for choice in get_args(Baseline) if available.get(choice, True) or choice == self.baseline]
        return replace(self, baseline=choices[(choices.index(self.baseline) + 1) % len(choices)])

    def switch_run(self, at: int | None, *, earlier: bool) -> "ViewState":
        """Switch to another run, at a tick or its newest (`None`); compare it with an earlier run if there is one.

        Mark and range are dropped, because they are ticks of one run, and folds, because they are groups of one run.
        """
        other = "previous" if self.baseline in ("mark", "range", "run") else self.baseline
        return replace(
            self,
            at=at,
            speed=0,
            mark=None,
            mark_letter="",
            range_start=None,
            until=None,
            unfolded=frozenset(),
            baseline="run" if earlier else other,
        )

    def cycle_grouping(self) -> "ViewState":
        """Switch to the next grouping: none, name, kind, file, purpose."""
        return replace(self, grouping=GROUPINGS[(GROUPINGS.index(self.grouping) + 1) % len(GROUPINGS)])

    def toggle_fold(self, group: int) -> "ViewState":
        """Unfold a group into its mappings, or fold it again."""
        return replace(self, unfolded=self.unfolded ^ {group})

    def go_back(self) -> "ViewState":
        """Go one step back: clear the filter, else the grouping, else return to the newest tick."""
        if self.filter:
            return replace(self, filter="")
        if self.grouping != "none":
            return replace(self, grouping="none")
        return self.seek(None)
