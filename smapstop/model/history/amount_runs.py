"""Runs of like amounts: what differs from its run by an order of magnitude is an outlier, and stands alone."""

from collections.abc import Hashable, Iterable
from typing import Protocol, TypeVar

from smapstop.lazy_dataclass import dataclass

RUN_TICKS = 10
"""A run continues within this many ticks."""
OUTLIER_FACTOR = 10
"""An amount this many times the mean of its run is an outlier."""
_SHORT_RUN = 3
"""A run of fewer amounts is short: it has no usual amount yet."""
_SMALL_KB = 64
"""Amounts up to this one are alike while a run is short, kB."""


class AmountRun(Protocol):
    """Amounts of one kind of event, in several ticks."""

    @property
    def count(self) -> int:
        """Number of amounts."""

    @property
    def kb(self) -> int:
        """Their sum, kB."""


AnyRun = TypeVar("AnyRun", bound=AmountRun)


def run_of(kb: int, runs: Iterable[AnyRun]) -> AnyRun | None:
    """The run that an amount continues, of several the nearest; `None` if it differs from all of them.

    A much smaller amount continues a run unless that is short: a little among much does not stand out, but a run of
    little that begins with much has a jump at its beginning.
    """
    return min((run for run in runs if _continues(kb, run)), key=lambda run: _ratio(kb, run), default=None)


def are_unlike(kb: int, other_kb: int) -> bool:
    """Whether two amounts differ by an order of magnitude, and are not both small."""
    larger, smaller = max(kb, other_kb, _SMALL_KB), max(min(kb, other_kb), _SMALL_KB)
    return larger >= OUTLIER_FACTOR * smaller


def usual_kb(kb: int, runs: Iterable[AmountRun]) -> int:
    """Mean of the longest run to which an amount is an outlier, kB; 0 if there is none."""
    long = [run for run in runs if run.count >= _SHORT_RUN and not _continues(kb, run)]
    run = max(long, key=lambda run: run.count, default=None)
    return max(1, run.kb // run.count) if run else 0


def _continues(kb: int, run: AmountRun) -> bool:
    """Whether an amount is like those of a run."""
    if run.count >= _SHORT_RUN:
        return not run.kb or kb * run.count < OUTLIER_FACTOR * run.kb
    return _ratio(kb, run, least=_SMALL_KB) < OUTLIER_FACTOR


def _ratio(kb: int, run: AmountRun, least: int = 1) -> float:
    """Ratio of an amount and the mean of a run, the larger to the smaller, both at least `least`."""
    amounts = max(kb, least), max(run.kb / run.count, least)
    return max(amounts) / min(amounts)


@dataclass(slots=True)
class _OpenRun:
    """A run that may continue."""

    last: int
    kb: int
    count: int = 1


class RunTracker:
    """Runs of events of several kinds, from tick to tick."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, list[_OpenRun]] = {}
        self._pruned = 0

    def begins_run(self, number: int, key: Hashable, kb: int) -> bool:
        """Whether an event in a tick begins a run, or differs from those of its kind; the ticks must ascend.

        Args:
            number: The tick.
            key: Kind of the event.
            kb: Its amount.
        """
        self._prune(number)
        runs = [run for run in self._runs.get(key, ()) if run.last >= number - RUN_TICKS]
        run = run_of(kb, runs)
        if run is None:
            self._runs[key] = [*runs, _OpenRun(number, kb)]
            return True
        run.last, run.kb, run.count = number, run.kb + kb, run.count + 1
        return False

    def clear(self) -> None:
        """End all runs."""
        self._runs.clear()

    def _prune(self, number: int) -> None:
        """Forget the runs that ended, every now and then."""
        if number >= self._pruned + 10 * RUN_TICKS:
            self._pruned = number
            self._runs = {
                key: runs for key, runs in self._runs.items() if any(run.last >= number - RUN_TICKS for run in runs)
            }
