"""What happened in one tick, in as few entries as tell it; only these become Python objects."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import MECHANISMS, Names
from smapstop.model.grouping import Grouping, group_ids, group_keys
from smapstop.model.history.log_entry import BASE, CODES, HAPPENINGS, OF_KINDS, OF_PROCESS, ONCE, Entry, Face, Note
from smapstop.model.history.mapping_history import Life, State
from smapstop.model.kinds import Kind, coded, kind_of
from smapstop.model.mapping_rows import rows_of
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_snapshot import Moment
from smapstop.proc.columns import Codes

Rows = NDArray[np.intp]
_KINDS = list(Kind)


def notes_of(tick: Tick) -> Iterator[Entry]:
    """What happened to the process as a whole, and to the reading of it."""
    told: dict[Note, object] = {
        "missing": tick.missing,
        "torn": tick.torn,
        "exec": tick.executed,
        "end": tick.ending,
    }
    for what, told_of in told.items():
        if told_of:
            yield Entry(what, OF_PROCESS, None, tick.number, tick.number)


# of one mapping


def entries_of_mapping(tick: Tick, life: Life) -> list[Entry]:
    """What happened to one mapping in a tick, whose life must have been followed so far."""
    events = tick.events.of(life.mapping)
    became = [step.what for step in tick.lineage if step.mapping == life.mapping]
    if not life.states or (not events and not became):
        return []
    number, gone = tick.number, tick.number == life.gone
    was = None if number == life.born else life.states[life.step(number - 1)]
    now = None if gone else life.states[life.step(number)]
    grown = abs((now.size_kb if now else 0) - (was.size_kb if was else 0))
    it = Entry(
        what="unexplained",
        scope=life.mapping,
        mapping=life.mapping,
        first=number,
        last=number,
        now=_face(now),
        was=_face(was),
        kind=kind_of(life.states[-1].name),
        mappings=1,
    )
    return [replace(it, what=what, kb=grown) for what in became] + [
        replace(
            it,
            what=event.what,
            kb=event.kb,
            pages=event.pages,
            sure=event.sure,
            names=((number, event.names),) if event.names else (),
        )
        for event in reversed(events)
    ]


def _face(state: State | None) -> Face | None:
    """What a mapping is known by."""
    return Face(state.name, state.perms, state.start) if state else None


# of all mappings


@dataclass(frozen=True, slots=True, eq=False)
class _Items:
    """Every event and every step in the life of a mapping in a tick; each column has shape (n,)."""

    what: NDArray[np.int64]
    """Codes of `HAPPENINGS`."""
    mapping: Ids
    now: Rows
    """Rows of the mappings after the tick, -1 for those that are gone."""
    was: Rows
    """Their rows before it, -1 for those that are new."""
    name: Codes
    kind: NDArray[np.int64]
    kb: NDArray[np.int64]
    sure: NDArray[np.bool_]
    names: tuple[tuple[int, Names], ...]
    """See `Events.names`; mechanisms come first."""

    def take(self, which: NDArray[np.bool_]) -> "_Items":
        """Some of them."""
        columns = {name: getattr(self, name)[which] for name in _COLUMNS}
        place = np.cumsum(which) - 1
        return _Items(**columns, names=tuple((int(place[row]), some) for row, some in self.names if which[row]))


_COLUMNS = tuple(column.name for column in dataclass_fields(_Items) if column.name != "names")


def entries_of(tick: Tick, before: Moment, after: Moment, known: Collection[int], room: int) -> list[Entry]:
    """What happened to the mappings in a tick, the least first.

    A mechanism is told of each mapping; of those that were just mapped, and what happens to a mapping only once, of
    all with the same name together. When that makes too many new entries, they are told by kind.

    Args:
        tick: What is told.
        before: The moment before it.
        after: The moment that it made.
        known: Keys of the entries that it can go on with: these are not new.
        room: How many new entries are not too many.
    """
    if not len(tick.events) and not tick.lineage:
        return []
    items = _items(tick, before, after)
    return _entries(items, _folded(items, known, room), tick, before, after)


def entries_of_groups(tick: Tick, before: Moment, after: Moment, by: Grouping, groups: Ids) -> list[Entry]:
    """What happened to groups of mappings in a tick, the least first: each mechanism, and each step, is one entry.

    Args:
        tick: What is told.
        before: The moment before it.
        after: The moment that it made.
        by: What the mappings are grouped by.
        groups: The groups to tell of; `Entry.scope` is one of them.
    """
    if not len(tick.events) and not tick.lineage:
        return []
    items = _items(tick, before, after)
    scope = group_ids(group_keys(items.kind, items.name, by))
    here = np.isin(scope, groups)
    items = items.take(here)
    return _entries(items, scope[here] * BASE + items.what, tick, before, after) if here.any() else []


def _items(tick: Tick, before: Moment, after: Moment) -> _Items:
    """Everything that happened to mappings, with what is known of them."""
    events, lineage = tick.events, tick.lineage
    what = np.concatenate([events.what, np.array([CODES[step.what] for step in lineage], np.int64)])
    mapping = np.concatenate([events.mapping, np.array([step.mapping for step in lineage], np.int64)])
    now, was = rows_of(after.ids, mapping), rows_of(before.ids, mapping)
    name, size = np.zeros(len(what), np.int32), np.zeros(len(what), np.int64)
    for moment, rows in ((before, was), (after, now)):
        here, of = np.flatnonzero(rows >= 0), moment.mappings
        at = rows[here]
        name[here] = of.name[at]
        size[here] = ((of.end[at] - of.start[at]) >> np.uint64(10)).astype(np.int64) - size[here]
    kind = coded(after.mappings.texts, name, lambda text: _KINDS.index(kind_of(text)))
    return _Items(
        what=what,
        mapping=mapping,
        now=now,
        was=was,
        name=name,
        kind=kind.astype(np.int64),
        kb=np.concatenate([events.kb, np.abs(size[len(events) :])]),
        sure=np.concatenate([events.sure, np.ones(len(lineage), bool)]),
        names=events.names,
    )


def _folded(items: _Items, known: Collection[int], room: int) -> NDArray[np.int64]:
    """The keys by which the items become entries, shape (n,)."""
    born = np.isin(items.mapping, items.mapping[items.what == CODES["map"]])
    by_name = born | np.isin(items.what, ONCE)
    scope = np.where(by_name, -1 - items.name.astype(np.int64), items.mapping)
    keys, first, of_item = np.unique(scope * BASE + items.what, return_index=True, return_inverse=True)
    open_keys = np.fromiter(known, np.int64, len(known))
    fresh = np.flatnonzero(~np.isin(keys, open_keys))
    if len(fresh) > room:
        of_kind = (OF_KINDS - items.kind[first[fresh]]) * BASE + items.what[first[fresh]]
        _, of_fresh, crowd = np.unique(of_kind, return_inverse=True, return_counts=True)
        # one that is alone of its kind keeps its name: it costs no more lines
        crowded = (crowd[of_fresh] > 1) | np.isin(of_kind, open_keys)
        keys[fresh[crowded]] = of_kind[crowded]
    folded: NDArray[np.int64] = keys[of_item]
    return folded


def _entries(items: _Items, keys: NDArray[np.int64], tick: Tick, before: Moment, after: Moment) -> list[Entry]:
    """The items with the same key as one entry each, the least first."""
    order = np.lexsort((items.kb, keys))
    starts = np.flatnonzero(np.diff(keys[order], prepend=keys[order[0]] - 1))
    stops = np.append(starts[1:], len(order))
    columns = (
        order[stops - 1],
        keys[order[starts]],
        stops - starts - np.add.reduceat(_counted(items, keys)[order], starts),
        np.add.reduceat(items.kb[order], starts),
        np.logical_and.reduceat(items.sure[order], starts),
    )
    names = _names(items, keys)
    entries = []
    for row, key, mappings, kb, sure in zip(*(column.tolist() for column in columns), strict=True):
        code = key % BASE
        entries.append(
            Entry(
                what=HAPPENINGS[code],
                scope=key // BASE,
                mapping=int(items.mapping[row]),
                first=tick.number,
                last=tick.number,
                now=_face_at(after, items.now[row]),
                was=_face_at(before, items.was[row]),
                kind=_KINDS[int(items.kind[row])],
                mappings=mappings,
                kb=kb,
                pages=max(1, kb // tick.events.page_kb) if code < len(MECHANISMS) else 0,
                sure=sure,
                names=((tick.number, names[key]),) if mappings == 1 and key in names else (),
            )
        )
    return sorted(entries, key=lambda entry: entry.kb)


def _names(items: _Items, keys: NDArray[np.int64]) -> dict[int, Names]:
    """What lies on the pages copied on write, by the keys of the items."""
    names: dict[int, Names] = {}
    for row, some in items.names:
        key = int(keys[row])
        names[key] = (*names.get(key, ()), *some)
    return names


def _counted(items: _Items, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The items whose mapping is in an item before it with the same key: a mechanism that is partly sure is two."""
    counted = np.zeros(len(keys), bool)
    if not items.sure.all():
        order = np.lexsort((items.mapping, keys))
        pairs = np.stack([keys, items.mapping])[:, order]
        counted[order[1:]] = (pairs[:, 1:] == pairs[:, :-1]).all(axis=0)
    return counted


def _face_at(moment: Moment, row: np.intp) -> Face | None:
    """What the mapping in a row is known by; None for row -1."""
    return _face(State(moment.mappings, int(row))) if row >= 0 else None
