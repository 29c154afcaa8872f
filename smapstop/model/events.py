"""Events: which kernel mechanism moved how much of which mapping in a tick."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Mechanism = Literal[
    "first-touch",
    "file-read",
    "copy-on-write",
    "copy-on-write-after-fork",
    "sole-owner",
    "shared-by-fork",
    "shared-write",
    "writeback",
    "reclaim",
    "swap-out",
    "swap-in",
    "discard",
    "lazy-free",
    "rewrite",
    "huge-collapse",
    "huge-split",
    "huge-fault",
    "ksm-merge",
    "ksm-unmerge",
    "lock",
    "unlock",
    "unexplained",
]
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)
"""All mechanisms; their codes are positions here. The guide (mechanisms) and `ui/why.py` say what each means."""

ALTERNATIVES: dict[Mechanism, tuple[Mechanism, ...]] = {
    "copy-on-write": ("shared-write",),
    "copy-on-write-after-fork": ("sole-owner",),
    "sole-owner": ("copy-on-write-after-fork",),
    "shared-by-fork": ("ksm-merge",),
    "shared-write": ("file-read",),
    "reclaim": ("discard",),
    "discard": ("swap-out", "swap-in"),
}
"""What else it may have been, where an event is not sure."""

SymbolNames = tuple[str, ...]
"""Names of variables, functions or sections, in address order; the last may say how many more there are."""
_COPY_ON_WRITE = MECHANISMS.index("copy-on-write")


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The events of a tick, e of them, mapping by mapping."""

    mapping: NDArray[np.int64]
    """Id of the mapping, shape (e,)."""
    what: NDArray[np.int8]
    """Codes of `MECHANISMS`."""
    kb: NDArray[np.int64]
    """How much, in whole pages."""
    sure: NDArray[np.bool_]
    """False where the fields fit another mechanism as well; see `ALTERNATIVES`."""
    page_kb: int = 4
    """Size of a page there."""
    names: tuple[tuple[int, SymbolNames], ...] = ()
    """What lies on the pages copied on write: the event's position and the names, for those that have any."""

    def __len__(self) -> int:
        return len(self.mapping)

    def __iter__(self) -> Iterator["Event"]:
        columns = (column.tolist() for column in (self.mapping, self.what, self.kb, self.sure))
        names = dict(self.names)
        for at, (mapping, what, kb, sure) in enumerate(zip(*columns, strict=True)):
            yield Event(mapping, MECHANISMS[what], kb, max(1, kb // self.page_kb), sure, names.get(at, ()))

    def of_mapping(self, mapping: int) -> list["Event"]:
        """The events of one mapping, the biggest first."""
        rows = np.flatnonzero(self.mapping == mapping)
        named = dict(self.names)
        names = tuple((at, named[row]) for at, row in enumerate(rows.tolist()) if row in named)
        found = Events(self.mapping[rows], self.what[rows], self.kb[rows], self.sure[rows], self.page_kb, names)
        return sorted(found, key=lambda event: -event.kb)

    def with_names(self, names: Mapping[int, SymbolNames]) -> "Events":
        """Name what lies on the pages copied on write.

        Args:
            names: By mapping; those of mappings in which nothing was copied on write are dropped.
        """
        copied = np.flatnonzero(self.what == _COPY_ON_WRITE)
        found = zip(copied.tolist(), self.mapping[copied].tolist(), strict=True)
        return replace(self, names=tuple((row, names[mapping]) for row, mapping in found if mapping in names))


@dataclass(frozen=True, slots=True)
class Event:
    """One mechanism on one mapping in one tick."""

    mapping: int
    what: Mechanism
    kb: int
    pages: int
    sure: bool
    names: SymbolNames = ()
    """What lies on the pages copied on write, where it has names."""

    @property
    def alternatives(self) -> tuple[Mechanism, ...]:
        """What else it may have been."""
        return () if self.sure else ALTERNATIVES.get(self.what, ())


NO_EVENTS = Events(np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.int64), np.zeros(0, bool))
"""Nothing happened."""
