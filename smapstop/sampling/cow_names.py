"""Symbol names of pages copied on write: private file pages that became anonymous since the last pagemap scan."""

from dataclasses import replace

import numpy as np

from smapstop.model.events import MECHANISMS, Events, SymbolNames
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.pages.page_runs import PageRuns
from smapstop.proc.pages.pagemap import read_anonymous_runs
from smapstop.proc.process import ProcDir
from smapstop.sampling.faults.watch import FaultWatch

MAX_MAPPINGS_AT_START = 400
"""Limit of mappings scanned when watching begins; the first ones in address order."""
MAX_MAPPINGS_PER_TICK = 16
"""Limit of mappings scanned per tick."""
MAX_MAPPING_BYTES = 256 << 20
"""Only this much of a mapping is scanned, from its start: more page tables would cost more than a name is worth."""

_COPY_ON_WRITE = MECHANISMS.index("copy-on-write")


class CowTracker:
    """Track the anonymous pages of a process's private file mappings, to find those that are new.

    The cost of a scan is proportional to the mapping's page tables, so only mappings with copied pages are scanned.
    """

    def __init__(self, process: ProcDir, files: ElfCache, faults: FaultWatch | None) -> None:
        self._process = process
        self._files = files
        self._faults = faults
        """The watch of its page faults, if there is one: it knows which page was copied last."""
        self._known_pages: dict[int, PageRuns] = {}

    def begin(self, mappings: Mappings, ids: Ids) -> bool:
        """Scan the pages copied before watching began; discard what is known of a previous program.

        Returns:
            Whether they are those of the reading. If not, some were copied in between: a later reading has them as
            new, but they are not known as such here, so the mappings should be read again.
        """
        self._known_pages, agrees = {}, True
        used = np.flatnonzero(np.bincount(mappings.perms)).tolist()  # np.unique would import numpy.ma, 10 ms
        writable = [code for code in used if _is_private_writable(mappings.strings[code])]
        rows = np.flatnonzero((mappings.inode != 0) & np.isin(mappings.perms, writable))
        for row in rows[:MAX_MAPPINGS_AT_START].tolist():
            pages = self._read_anonymous(mappings, row)
            if pages is None:
                return True  # pagemap cannot be read, nor can it for the other mappings
            self._known_pages[int(ids[row])] = pages
            agrees &= _count_later(mappings, row, pages) == 0
        return agrees

    def name_new(self, mappings: Mappings, ids: Ids, events: Events, counted_ns: int) -> Events:
        """Add symbol names of pages copied on write to the events of a tick.

        Args:
            mappings, ids: The mappings of its reading, and their ids.
            events: The events.
            counted_ns: Time before the mappings were read (CLOCK_MONOTONIC).
        """
        copied = events.mapping[events.what == _COPY_ON_WRITE]
        names: dict[int, SymbolNames] = {}
        for row in np.flatnonzero(np.isin(ids, copied))[:MAX_MAPPINGS_PER_TICK].tolist():
            pages = self._read_anonymous(mappings, row)
            if pages is None:
                break
            mapping = int(ids[row])
            known = self._known_pages.get(mapping, _none_of(pages))
            later = _count_later(mappings, row, pages)
            if later > 0:
                pages = pages.subtract(self._copied_last(pages.subtract(known), later, counted_ns))
            new = pages.subtract(known)
            self._known_pages[mapping] = pages
            symbols = self._files.find_symbols(self._process, mappings, row, [new] if len(new) else [])
            if symbols and symbols[0].names:
                names[mapping] = symbols[0].labels
        return events.with_names(names) if names else events

    def _copied_last(self, pages: PageRuns, count: int, counted_ns: int) -> PageRuns:
        """Those of some pages that were copied last, at most `count`, as far as their page faults are known.

        Otherwise they would be named now, and the next event, which has them, would have no name.
        """
        if self._faults is None:
            return _none_of(pages)
        faults = self._faults.later_than(counted_ns)
        latest_first = faults.address[np.argsort(-faults.time_ns, kind="stable")]
        size = np.uint64(pages.page_bytes)
        faulted = latest_first[pages.flags_at(latest_first) != 0] // size * size
        starts = np.array(sorted([*dict.fromkeys(faulted.tolist())][:count]), np.uint64)  # one may fault twice
        return replace(pages, start=starts, end=starts + size, flags=pages.flags_at(starts))

    def _read_anonymous(self, mappings: Mappings, row: int) -> PageRuns | None:
        """Read the anonymous pages of a mapping; None when pagemap cannot be read."""
        start, end = int(mappings.start[row]), int(mappings.end[row])
        try:
            return read_anonymous_runs(self._process, start, min(end, start + MAX_MAPPING_BYTES))
        except OSError:
            return None


def _count_later(mappings: Mappings, row: int, pages: PageRuns) -> int:
    """Number of these anonymous pages of a mapping that smaps did not count yet; 0 if this kernel does not count."""
    anonymous, swap = mappings.get("anonymous"), mappings.get("swap")
    if anonymous is None:
        return 0
    kb = int(anonymous[row]) + (0 if swap is None else max(0, int(swap[row])))
    return max(0, pages.pages - kb * 1024 // pages.page_bytes)


def _none_of(pages: PageRuns) -> PageRuns:
    """None of some pages."""
    return pages.take(np.zeros(len(pages), np.bool_))


def _is_private_writable(perms: str) -> bool:
    """Whether pages of a mapping with these permissions can be copied on write."""
    return len(perms) == 4 and perms[1] == "w" and perms[3] == "p"
