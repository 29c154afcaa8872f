"""Account of the mappings of one process: from its ticks to figures."""

from collections.abc import Mapping
from itertools import product

import numpy as np

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.fleet.figures import GROUP_FIELDS, MapFigures, PageMove
from smapstop.model.fleet.label_values import label_value
from smapstop.model.grouping import Grouping
from smapstop.model.metrics import METRICS, sum_parts
from smapstop.model.purposes import purposes_of
from smapstop.model.tick import ThreadStack, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.view.groups import group_rows
from smapstop.model.view.table_data import static_table

_MOVES: tuple[PageMove, ...] = tuple(product(MECHANISMS, (True, False)))
"""All that can happen to pages: a counter that is there from the start loses nothing when it first counts."""


class MapAccount:
    """Account of the mappings of a process.

    Args:
        by: How its mappings are grouped.
    """

    def __init__(self, by: Grouping) -> None:
        self._by = by
        self._snapshot: MapSnapshot | None = None
        self._stacks: dict[int, ThreadStack] = {}
        self._pages = np.zeros((2, len(MECHANISMS)), np.int64)
        self.figures: MapFigures | None = None
        """Figures of the last reading of every mapping; None before the first."""

    def append(self, tick: Tick) -> None:
        """Take the next tick of the process into account."""
        if tick.ending is not None or tick.missing or (self._snapshot is None and not tick.keyframe):
            return
        if tick.number == 0 or tick.executed:
            self._stacks.clear()  # other ids from now on
        self._snapshot = apply_tick(self._snapshot, tick)
        self._stacks |= {stack.mapping: stack for stack in tick.stacks}
        self._count_pages(tick.events)
        if tick.has_mappings:
            self.figures = MapFigures(
                read_ns=tick.monotonic_ns,
                interval_ns=tick.smaps_interval_ns,
                mappings=len(self._snapshot.mappings),
                groups=self._groups(self._snapshot, tick),
                pages=self._page_counts(),
                limits=tick.limits,
            )

    def _count_pages(self, events: Events) -> None:
        """Count the pages of events."""
        if len(events):
            np.add.at(
                self._pages, (events.sure.astype(np.intp), events.what), np.maximum(1, events.kb // events.page_kb)
            )

    def _page_counts(self) -> Mapping[PageMove, int]:
        """Pages by what happened to them."""
        return {(what, sure): int(self._pages[int(sure), MECHANISMS.index(what)]) for what, sure in _MOVES}

    def _groups(self, snapshot: MapSnapshot, tick: Tick) -> Mapping[str, Mapping[str, int]]:
        """Amounts by group, kB."""
        rows = {mapping: row for row, mapping in enumerate(snapshot.ids.tolist())} if self._stacks else {}
        self._stacks = {id_: stack for id_, stack in self._stacks.items() if stack.tid and id_ in rows}
        stacks = {rows[mapping]: stack for mapping, stack in self._stacks.items()}
        purposes = purposes_of(snapshot.mappings, stacks, tick.counters.threads)
        table = group_rows(static_table(snapshot.mappings, purposes), self._by)
        columns = [
            (name, column.tolist())
            for name in GROUP_FIELDS
            if (column := sum_parts(METRICS[METRICS.index(name)], table.get)) is not None
        ]
        groups: dict[str, dict[str, int]] = {}
        for row, code in enumerate(table.name.tolist()):
            group = groups.setdefault(label_value(table.texts[code]), dict.fromkeys([name for name, _ in columns], 0))
            for name, column in columns:  # long names may have the same label
                group[name] += column[row]
        return groups
