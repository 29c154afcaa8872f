"""Scope of the callers shown: the page faults of which mappings, since when; and why there are none."""

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.tick import Ids
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.callers import unseen_texts

_NO_TIMES = ("previous", "run")
"""Baselines that are too near, or of another run: the callers are then those since watching began."""
_DEFAULT = ("", "not asked for")
_NOT_ASKED = "they were not asked for (--no-callers), or not recorded."


@dataclass(frozen=True, slots=True, eq=False)
class CallerScope:
    """Page faults to show the callers of."""

    faults: PageFaults | None
    """None if they were not watched."""
    where: str
    """ "in this mapping"; empty for the whole process."""
    when: str
    """ "since 16:08:40", "from 16:08:40 to 16:09:02"."""
    notes: tuple[str, ...]
    """What is not seen, and why; and if nothing is, what to do."""

    @property
    def known_count(self) -> int:
        """Number of faults whose code is known, or estimated from that of others."""
        return 0 if self.faults is None else int(self.faults.faults.sum())

    @property
    def title(self) -> str:
        """How many faults, where and when."""
        count = self.known_count
        faults = f"{count:,} page fault{'' if count == 1 else 's'}"
        return " ".join(filter(None, (faults, self.where, self.when)))


def caller_scope(timeline: Timeline, view: View, mappings: Ids | None, missing: str) -> CallerScope:
    """Choose the faults whose callers are shown in a view: since its baseline, or of the range that is selected.

    Args:
        timeline: Timeline of the view.
        view: View that selects the ticks.
        mappings: The mappings; None for the whole process.
        missing: Why callers are not seen, or not all of them, and what to do; empty if they are.
    """
    last, since = view.snapshot.tick, view.diff.before.tick
    first = timeline.oldest if view.state.baseline in _NO_TIMES else since.number + 1
    faults = timeline.faults.between(first, last.number + 1)
    begin = timeline.header(timeline.oldest) if view.state.baseline in _NO_TIMES else since
    when = f"since {fmt.clock(begin.wall_ns)}"
    if view.state.at is not None:
        when = f"from {fmt.clock(begin.wall_ns)} to {fmt.clock(last.wall_ns)}"
    if faults is None:
        return CallerScope(None, "", when, (f"No callers: {_NOT_ASKED if missing in _DEFAULT else missing}",))
    notes = [*unseen_texts(faults), *([] if missing in _DEFAULT else [missing])]
    if mappings is None:
        return CallerScope(faults, "", when, tuple(notes))
    here = faults.where(np.isin(faults.mapping, mappings))
    where = "in this mapping" if len(mappings) == 1 else f"in {len(mappings):,} mappings"
    return CallerScope(here, where, when, tuple(f"in the whole process: {note}" for note in notes))
