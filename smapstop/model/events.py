"""Events of a tick: kernel mechanisms, with the mapping and the amount."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import IntEnum
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import Kind

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
    "unmapped",
    "shared-map",
    "shared-unmap",
    "zero-page",
    "unexplained",
]
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)
"""All mechanisms; their codes are positions here. `text/mechanisms.py` and the guide (mechanisms) describe them."""

ALTERNATIVES: dict[Mechanism, tuple[Mechanism, ...]] = {
    "copy-on-write": ("shared-write", "swap-in"),
    "copy-on-write-after-fork": ("sole-owner",),
    "sole-owner": ("copy-on-write-after-fork",),
    "shared-by-fork": ("ksm-merge",),
    "shared-write": ("file-read",),
    "reclaim": ("discard",),
    "first-touch": ("shared-map",),
    "lazy-free": ("swap-in",),
    "rewrite": ("shared-write",),
    "huge-fault": ("shared-map",),
    "huge-collapse": ("huge-fault",),
    "huge-split": ("discard",),
    "swap-in": ("discard", "lazy-free"),
    "discard": ("zero-page", "reclaim"),
    "unmapped": ("discard", "shared-unmap"),
    "shared-map": ("first-touch",),
    "shared-unmap": ("discard",),
    "zero-page": ("discard",),
}
"""Other mechanisms that fit the same fields, for events that are not sure."""


_OF_OBJECTS: tuple[Mechanism, ...] = ("shared-map", "shared-unmap")
_IMPOSSIBLE: dict[Kind, tuple[Mechanism, ...]] = {
    **dict.fromkeys((Kind.ANONYMOUS, Kind.HEAP, Kind.STACK), (*_OF_OBJECTS, "shared-write")),
    Kind.FILE: (*_OF_OBJECTS, "zero-page"),
    Kind.SPECIAL: ("shared-unmap", "zero-page"),
    **dict.fromkeys((Kind.SHARED, Kind.DEVICE), ("zero-page", "reclaim", "lazy-free")),
}
"""Mechanisms that do not occur in mappings of a kind."""


PAGES_OF_FAULT: dict[Mechanism, int] = {
    "first-touch": 1,
    "copy-on-write": 1,
    "copy-on-write-after-fork": 1,
    "file-read": 16,
    "shared-map": 16,
    "huge-fault": 1 << 18,
}
"""Mechanisms that are page faults, and how many pages one may bring: of a file also those around (fault-around)."""


class Cost(IntEnum):
    """Cost of an event for the process: of several events, the costliest is shown first, then the largest."""

    MEMORY = 0
    """Takes memory now."""
    TIME = 1
    """Makes somebody wait for a disk, now or later: pages come from a file or from swap, or are dirtied."""
    RETURNED = 2
    """Gives memory back."""
    ADDRESSES = 3
    """Changes address space only: a mapping came, went, grew, …"""
    NEUTRAL = 4
    """Takes and gives back no memory: pages are shared, no longer shared, clean, or mapped in another way."""


COST_OF: dict[Mechanism, Cost] = {
    "first-touch": Cost.MEMORY,
    "copy-on-write": Cost.MEMORY,
    "copy-on-write-after-fork": Cost.MEMORY,
    "huge-fault": Cost.MEMORY,
    "huge-collapse": Cost.MEMORY,
    "ksm-unmerge": Cost.MEMORY,
    "swap-in": Cost.TIME,
    "file-read": Cost.TIME,
    "shared-write": Cost.TIME,
    "unmapped": Cost.RETURNED,
    "zero-page": Cost.RETURNED,
    "discard": Cost.RETURNED,
    "reclaim": Cost.RETURNED,
    "swap-out": Cost.RETURNED,
    "lazy-free": Cost.RETURNED,
    "ksm-merge": Cost.RETURNED,
    "shared-map": Cost.NEUTRAL,
    "shared-unmap": Cost.NEUTRAL,
    "sole-owner": Cost.NEUTRAL,
    "shared-by-fork": Cost.NEUTRAL,
    "writeback": Cost.NEUTRAL,
    "rewrite": Cost.NEUTRAL,
    "huge-split": Cost.NEUTRAL,
    "lock": Cost.NEUTRAL,
    "unlock": Cost.NEUTRAL,
    "unexplained": Cost.NEUTRAL,
}
"""Cost of each mechanism."""
_COST_BY_CODE = np.array([COST_OF[what] for what in MECHANISMS], np.int8)


def costs_of(codes: NDArray[np.signedinteger[Any]]) -> NDArray[np.int8]:
    """Cost of each event by its code; codes after those of `MECHANISMS` are changes of address space."""
    costs = np.full(len(codes), Cost.ADDRESSES, np.int8)
    is_mechanism = codes < len(MECHANISMS)
    costs[is_mechanism] = _COST_BY_CODE[codes[is_mechanism]]
    return costs


SymbolNames = tuple[str, ...]
"""Names of variables, functions or sections, in address order; the last may be the number of further ones."""
_COPY_ON_WRITE = MECHANISMS.index("copy-on-write")


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The e events of a tick, grouped by mapping."""

    mapping: NDArray[np.int64]
    """Id of the mapping, shape (e,)."""
    what: NDArray[np.int8]
    """Codes of `MECHANISMS`."""
    kb: NDArray[np.int64]
    """Amounts, kB, in whole pages; 0 where a mapping was locked or unlocked that has none in memory."""
    sure: NDArray[np.bool_]
    """False where the fields fit another mechanism as well; see `ALTERNATIVES`."""
    page_kb: int = 4
    """Page size where the process ran, kB."""
    names: tuple[tuple[int, SymbolNames], ...] = ()
    """Symbols on the pages copied on write: position of the event, and the names; events without any are left out."""

    def __len__(self) -> int:
        return len(self.mapping)

    def __iter__(self) -> Iterator["Event"]:
        columns = (column.tolist() for column in (self.mapping, self.what, self.kb, self.sure))
        names = dict(self.names)
        for at, (mapping, what, kb, sure) in enumerate(zip(*columns, strict=True)):
            yield Event(mapping, MECHANISMS[what], kb, kb // self.page_kb, sure, names.get(at, ()))

    def of_mapping(self, mapping: int) -> list["Event"]:
        """Events of one mapping, the costliest first, then the largest."""
        rows = np.flatnonzero(self.mapping == mapping)
        names_by_row = dict(self.names)
        names = tuple((at, names_by_row[row]) for at, row in enumerate(rows.tolist()) if row in names_by_row)
        events = Events(self.mapping[rows], self.what[rows], self.kb[rows], self.sure[rows], self.page_kb, names)
        return sorted(events, key=lambda event: (COST_OF[event.what], -event.kb))

    def sure_as(self, other: "Events") -> "Events":
        """Keep only those sure that another explanation has, too, of as much memory."""
        known = {(event.mapping, event.what, event.kb) for event in other if event.sure}
        agreed = [(event.mapping, event.what, event.kb) in known for event in self]
        return replace(self, sure=self.sure & np.array(agreed, bool))

    def with_names(self, names: Mapping[int, SymbolNames]) -> "Events":
        """Add the names of the symbols on the pages copied on write.

        Args:
            names: By mapping; names of mappings without copy-on-write are dropped.
        """
        rows = np.flatnonzero(self.what == _COPY_ON_WRITE)
        copies = zip(rows.tolist(), self.mapping[rows].tolist(), strict=True)
        return replace(self, names=tuple((row, names[mapping]) for row, mapping in copies if mapping in names))


@dataclass(frozen=True, slots=True)
class Event:
    """One mechanism on one mapping in one tick."""

    mapping: int
    what: Mechanism
    kb: int
    pages: int
    sure: bool
    names: SymbolNames = ()
    """Symbols on the pages copied on write, if known."""

    @property
    def alternatives(self) -> tuple[Mechanism, ...]:
        """Other mechanisms that fit the same fields, in any kind of memory."""
        return () if self.sure else ALTERNATIVES.get(self.what, ())

    def alternatives_in(self, kind: Kind | None) -> tuple[Mechanism, ...]:
        """Other mechanisms that fit the same fields, in a mapping of this kind; None if it is not known."""
        impossible = _IMPOSSIBLE.get(kind, ()) if kind else ()
        return tuple(what for what in self.alternatives if what not in impossible)


def sum_events(
    mapping: NDArray[np.int64],
    what: NDArray[np.signedinteger[Any]],
    kb: NDArray[np.int64],
    sure: NDArray[np.bool_],
    page_kb: int,
) -> Events:
    """Sum up amounts to one event per mapping, mechanism and certainty.

    Args:
        mapping: Ids of the mappings, shape (n,).
        what, kb, sure: Columns as in `Events`.
        page_kb: Page size, kB.
    """
    keys, of = np.unique((mapping * len(MECHANISMS) + what) * 2 + ~sure, return_inverse=True)
    sums = np.zeros(len(keys), np.int64)
    np.add.at(sums, of, kb)
    rows, codes = np.divmod(keys >> 1, len(MECHANISMS))
    return Events(rows, codes.astype(np.int8), sums, keys & 1 == 0, page_kb)


NO_EVENTS = Events(np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.int64), np.zeros(0, bool))
