"""Decide whether pages of a huge page were discarded, or replaced by the zero page when the kernel split it.

smaps counts neither (mm/migrate.c, try_to_map_unused_to_zeropage, since Linux 6.12), but pagemap shows the zero page.
"""

import numpy as np

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.identity import NO_ROW
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings
from smapstop.proc.pages.page_runs import PageFlags
from smapstop.proc.pages.pagemap import read_page_runs
from smapstop.proc.process import ProcDir

MAX_MAPPINGS_PER_TICK = 8
"""Limit of mappings scanned per tick."""
MAX_MAPPING_BYTES = 256 << 20
"""Larger mappings are not scanned: their page tables would cost more than a certainty is worth."""

_ARRIVALS = [MECHANISMS.index(what) for what in ("first-touch", "huge-fault", "swap-in")]
_DISCARD, _ZERO_PAGE = MECHANISMS.index("discard"), MECHANISMS.index("zero-page")


def settle_discards(
    process: ProcDir, before: Mappings, before_ids: Ids, after: Mappings, ids: Ids, events: Events
) -> Events:
    """Look for zero pages in mappings that may have discarded pages of huge pages.

    Without any, the pages were discarded, unless they may have moved to mappings with arrivals that are
    not sure; with as many, they may be zero pages. Others stay as they are.

    Args:
        process: The process.
        before: The previous reading.
        before_ids: Ids of its mappings.
        after: The current reading.
        ids: Ids of its mappings.
        events: Events of the tick.
    """
    doubtful = np.flatnonzero((events.what == _DISCARD) & ~events.sure)
    if not len(doubtful):
        return events
    may_have_moved = (np.isin(events.what, _ARRIVALS) & ~events.sure).any()
    what, sure = events.what.copy(), events.sure.copy()
    was, now = find_rows(before_ids, events.mapping[doubtful]), find_rows(ids, events.mapping[doubtful])
    candidates = zip(doubtful.tolist(), was.tolist(), now.tolist(), strict=True)
    split = [(event, row) for event, old, row in candidates if _may_have_split(before, old, after, row)]
    for event, row in split[:MAX_MAPPINGS_PER_TICK]:
        zero_kb = _zero_kb(process, int(after.start[row]), int(after.end[row]))
        if zero_kb is None:
            break  # pagemap cannot be read
        if zero_kb >= events.kb[event]:
            what[event] = _ZERO_PAGE
        sure[event] = zero_kb == 0 and not may_have_moved
    return Events(events.mapping, what, events.kb, sure, events.page_kb, events.names)


def _may_have_split(before: Mappings, old: int, after: Mappings, row: int) -> bool:
    """Whether huge pages of a mapping that kept its addresses were split; a small one, to be scanned.

    It has fewer than before; or more in swap: AnonHugePages does not count those that the page table maps in parts.
    """
    if NO_ROW in (old, row):
        return False
    stayed = before.start[old] == after.start[row] and before.end[old] == after.end[row]
    fewer = _change(before, old, after, row, "anon_huge_pages") < 0 or _change(before, old, after, row, "swap") > 0
    return bool(stayed and fewer and after.end[row] - after.start[row] <= MAX_MAPPING_BYTES)


def _change(before: Mappings, old: int, after: Mappings, row: int, name: str) -> int:
    """Change of a field, kB; 0 if it is not printed."""
    was, now = before.get(name), after.get(name)
    return 0 if was is None or now is None else int(now[row] - was[old])


def _zero_kb(process: ProcDir, start: int, end: int) -> int | None:
    """Amount of zero pages in a range, kB; None if pagemap cannot be read.

    Kernels whose pagemap does not show them (before Linux 6.7) do not replace pages by the zero page.
    """
    try:
        runs = read_page_runs(process, start, end)
    except OSError:
        return None
    zero = runs.flags & PageFlags.ZERO != 0
    return int((runs.end[zero] - runs.start[zero]).sum()) >> 10
