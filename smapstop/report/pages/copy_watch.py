"""Watch for a while which processes of a family copy pages, and by which functions."""

import time
from collections.abc import Iterable
from contextlib import closing

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.comparison import MOST_COMPARED
from smapstop.model.family.reading import FamilyReading
from smapstop.model.family.sharing import CopyLog, SharedMapping, shared_mappings
from smapstop.model.protocol import MemberMessage, Pace, Target
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.sampling.family_reader import FamilyReader
from smapstop.sampling.family_watch import FamilyWatch
from smapstop.sampling.ready_fds import ready_fds

_BUDGET = 0.2
"""Share of a CPU that it may take, as somebody waits for it."""
_HISTORY_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was copied meanwhile."""

    seconds: float
    pids: tuple[int, ...]
    """The processes that were watched."""
    unwatched: int
    """Number of others, which were not watched."""
    mappings: tuple[SharedMapping, ...]
    """Mappings of which pages were copied, those with the most own memory first."""
    missing_callers: str
    """Why the functions are not known, or not all of them; empty if they are."""


def watch_copies(pids: Iterable[int], seconds: float) -> CopyReport:
    """Watch processes until the time is over, or ctrl-c.

    Args:
        pids: The processes, the most important first; beyond `MOST_COMPARED` they are left out.
        seconds: How long.
    """
    pids = tuple(pids)
    chosen, began = pids[:MOST_COMPARED], time.monotonic()
    log, timelines, missing = CopyLog(), dict[int, Timeline](), ""

    def take(messages: Iterable[MemberMessage | FamilyReading]) -> None:
        nonlocal missing
        for message in messages:
            match message:
                case MemberMessage(pid, Target() as target):
                    timelines[pid] = Timeline(_HISTORY_BYTES)
                    missing = missing or target.missing_callers
                case MemberMessage(pid, Tick() as tick):
                    timelines[pid].append(tick)
                    log.update(pid, timelines[pid])

    with closing(FamilyWatch(FamilyReader(chosen[0]), Pace(budget=_BUDGET), callers=True)) as watch:
        take(watch.sample_members(chosen))
        try:
            take(watch.sample_now())
            while (now := time.monotonic()) < began + seconds:
                wait_s = min(began + seconds - now, max(0.0, watch.due_ns / 1e9 - now))
                ready_fds(watch.fds, wait_s)
                take(watch.step())
        except KeyboardInterrupt:
            pass
        take(watch.sample_now())
    snapshots = {pid: timeline.at(len(timeline) - 1) for pid, timeline in timelines.items() if len(timeline)}
    copied = tuple(each for each in shared_mappings(snapshots, log) if each.first_copy is not None)
    return CopyReport(time.monotonic() - began, tuple(snapshots), len(pids) - len(snapshots), copied, missing)
