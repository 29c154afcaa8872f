"""A model of an address space, and random lives of it: what identity and the timeline must get right."""

from collections.abc import Iterator
from itertools import count, pairwise
from typing import Any

import numpy as np
from factories import mappings_of, tick_of
from hypothesis import strategies as st

from smapstop.model.identity import NO_ROW, match_readings, number_first_reading
from smapstop.model.mapping_rows import rows_differ
from smapstop.model.tick import Ids, Tick
from smapstop.proc.columns import Mappings, StringTable

PAGES = 40

span = st.tuples(st.integers(0, PAGES - 1), st.integers(1, 12))
backing = st.sampled_from(["", "", "[anon:a]", "[heap]", "/lib/a", "/lib/b"])
operations = st.one_of(
    st.tuples(st.just("map"), span, st.sampled_from(["rw-p", "r--p"]), backing, st.integers(0, 3)),
    st.tuples(st.just("unmap"), span),
    st.tuples(st.just("protect"), span, st.sampled_from(["rw-p", "r--p"])),
    st.tuples(st.just("move"), span, st.integers(0, PAGES - 1)),
    st.tuples(st.just("touch"), span),
)
space_histories = st.lists(st.lists(operations, max_size=3), min_size=1, max_size=8)
"""For each reading, what was done before it."""


class AddressSpace:
    """Pages and what they are of; neighbours of one kind are one mapping, as in the kernel."""

    def __init__(self) -> None:
        self.pages: dict[int, tuple[str, str, int]] = {}
        """Permissions, name, and how far a file's offset is from the address, by page."""
        self.touched: set[int] = set()

    def apply(self, what: str, at: tuple[int, int], *how: Any) -> None:
        """Do an operation of `operations`."""
        first, length = at
        pages = range(first, first + length)
        if what == "map":
            perms, name, offset = how
            self.touched -= set(pages)
            self.pages |= dict.fromkeys(pages, (perms, name, first - offset if name.startswith("/") else 0))
        elif what == "protect":
            self.pages |= {page: (how[0], *self.pages[page][1:]) for page in pages if page in self.pages}
        elif what == "touch":
            self.touched |= self.pages.keys() & set(pages)
        else:
            old = {page: self.pages.pop(page) for page in pages if page in self.pages}
            touched = self.touched & old.keys()
            self.touched -= touched
            if what == "move":
                by = how[0] - first
                self.touched -= {page + by for page in old}
                for page, (perms, name, distance) in old.items():
                    self.pages[page + by] = (perms, name, distance + by if name.startswith("/") else 0)
                self.touched |= {page + by for page in touched}

    def mappings(self, texts: StringTable, *more: tuple[Any, ...]) -> Mappings:
        """The map as smaps would show it, with more rows (see `factories.Row`) at the end."""
        rows: list[list[Any]] = []
        for page in sorted(self.pages):
            perms, name, distance = self.pages[page]
            offset = page - distance if name.startswith("/") else 0
            if page - 1 in self.pages and self.pages[page - 1] == self.pages[page]:
                rows[-1][1] = page + 1
            else:
                rows.append([page, page + 1, perms, name, 0, offset])
            rows[-1][4] += 4 * (page in self.touched)
        return mappings_of(*map(tuple, rows), *more, texts=texts)


def readings(history: list[list[Any]]) -> list[Mappings]:
    """The map after each step of a life."""
    space, texts = AddressSpace(), StringTable()
    out = []
    for step in history:
        for operation in step:
            space.apply(*operation)
        out.append(space.mappings(texts))
    return out


def ids_of_readings(maps: list[Mappings]) -> list[Ids]:
    """The ids of each reading's rows."""
    found = number_first_reading(maps[0])
    out = [found.ids]
    for previous, current in pairwise(maps):
        found = match_readings(previous, found.ids, current, found.next_id)
        out.append(found.ids)
    return out


def ticks_of(maps: list[Mappings], keyframes: set[int]) -> Iterator[Tick]:
    """Ticks that tell these readings by what changed, with keyframes at the first and at some others."""
    found = number_first_reading(maps[0])
    yield tick_of(0, maps[0], found.ids.tolist())
    for number, previous, current in zip(count(1), maps, maps[1:]):
        found = match_readings(previous, found.ids, current, found.next_id)
        known = np.flatnonzero(found.previous_rows != NO_ROW)
        changed = np.ones(len(current), bool)
        changed[known] = rows_differ(previous, found.previous_rows[known], current, known)
        if number in keyframes:
            changed[:] = True
        yield tick_of(
            number,
            current.take(changed),
            found.ids[changed].tolist(),
            gone=found.gone.tolist(),
            lineage=found.lineage,
            keyframe=number in keyframes,
        )
