"""What was copied on write: which pages of a file became anonymous since the last look, and what lies on them."""

import numpy as np

from smapstop.model.events import MECHANISMS, Events, SymbolNames
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.pages.page_runs import PageRuns
from smapstop.proc.pages.pagemap import read_anonymous_runs
from smapstop.proc.process import ProcDir

MAX_MAPPINGS_AT_START = 400
"""So many mappings are looked at when watching begins, the first ones."""
MAX_MAPPINGS_PER_TICK = 16
"""So many mappings are looked at in a tick."""
MAX_MAPPING_BYTES = 256 << 20
"""A larger mapping is not looked at: its page tables cost more than a name is worth."""

_COPY_ON_WRITE = MECHANISMS.index("copy-on-write")


class CowTracker:
    """Remembers the anonymous pages of private file mappings of one process, to tell which are new.

    A look costs as much as the page tables of the mapping; only mappings in which pages were copied are looked at.
    """

    def __init__(self, process: ProcDir, files: ElfCache) -> None:
        self._process = process
        self._files = files
        self._known_pages: dict[int, PageRuns] = {}

    def begin(self, mappings: Mappings, ids: Ids) -> None:
        """Look at what was copied before we came; forget what we knew of another program."""
        self._known_pages = {}
        written = [
            code for code in np.unique(mappings.perms).tolist() if _is_private_writable(mappings.strings[code])
        ]
        rows = np.flatnonzero((mappings.inode != 0) & np.isin(mappings.perms, written))
        for row in rows[:MAX_MAPPINGS_AT_START].tolist():
            pages = self._read_anonymous(mappings, row)
            if pages is None:
                return  # pagemap may not be read: nor may it next time
            self._known_pages[int(ids[row])] = pages

    def name_new(self, mappings: Mappings, ids: Ids, events: Events) -> Events:
        """The events of a tick, with the names of what lies on the pages copied on write."""
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
        """The anonymous pages of a mapping now; None when they may not be seen."""
        start, end = int(mappings.start[row]), int(mappings.end[row])
        try:
            return read_anonymous_runs(self._process, start, min(end, start + MAX_MAPPING_BYTES))
        except OSError:
            return None


def _is_private_writable(text: str) -> bool:
    """Whether permissions let pages be copied on write."""
    return len(text) == 4 and text[1] == "w" and text[3] == "p"
