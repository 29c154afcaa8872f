"""Symbol names of pages copied on write: private file pages that became anonymous since the last pagemap scan."""

import numpy as np

from smapstop.model.events import MECHANISMS, Events, SymbolNames
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.pages.page_runs import PageRuns
from smapstop.proc.pages.pagemap import read_anonymous_runs
from smapstop.proc.process import ProcDir

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

    def __init__(self, process: ProcDir, files: ElfCache) -> None:
        self._process = process
        self._files = files
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
            agrees &= _has_as_many(mappings, row, pages)
        return agrees

    def name_new(self, mappings: Mappings, ids: Ids, events: Events) -> Events:
        """Add symbol names of pages copied on write to the events of a tick."""
        copied = events.mapping[events.what == _COPY_ON_WRITE]
        names: dict[int, SymbolNames] = {}
        for row in np.flatnonzero(np.isin(ids, copied))[:MAX_MAPPINGS_PER_TICK].tolist():
            pages = self._read_anonymous(mappings, row)
            if pages is None:
                break
            mapping = int(ids[row])
            new = pages.subtract(self._known_pages[mapping]) if mapping in self._known_pages else pages
            self._known_pages[mapping] = pages
            symbols = self._files.find_symbols(self._process, mappings, row, [new] if len(new) else [])
            if symbols and symbols[0].names:
                names[mapping] = symbols[0].labels
        return events.with_names(names) if names else events

    def _read_anonymous(self, mappings: Mappings, row: int) -> PageRuns | None:
        """Read the anonymous pages of a mapping; None when pagemap cannot be read."""
        start, end = int(mappings.start[row]), int(mappings.end[row])
        try:
            return read_anonymous_runs(self._process, start, min(end, start + MAX_MAPPING_BYTES))
        except OSError:
            return None


def _has_as_many(mappings: Mappings, row: int, pages: PageRuns) -> bool:
    """Whether smaps counted these anonymous pages of a mapping; true if this kernel does not count them."""
    anonymous, swap = mappings.get("anonymous"), mappings.get("swap")
    if anonymous is None:
        return True
    kb = int(anonymous[row]) + (0 if swap is None else max(0, int(swap[row])))
    return pages.pages * pages.page_bytes // 1024 <= kb


def _is_private_writable(perms: str) -> bool:
    """Whether pages of a mapping with these permissions can be copied on write."""
    return len(perms) == 4 and perms[1] == "w" and perms[3] == "p"
