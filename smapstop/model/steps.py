"""Steps: the rows that one tick after the other told, as columns over all of them, and what these lead to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from smapstop.model.moment import Moment
from smapstop.model.rows import HEADS, differing, in_address_order, rows_of
from smapstop.model.squeeze import Column, expand, squeeze
from smapstop.model.tick import Ids, Tick
from smapstop.proc.columns import Amounts, Mappings, Texts

Rows = NDArray[np.intp]
Numbers = NDArray[np.int64]
"""Ordinals of ticks."""
Layout = tuple[tuple[str, ...], Texts]
"""The fields of rows, and what their codes mean: the same for all steps that stand together."""


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """What a tick changed: its rows; of a keyframe those that differ from the moment before."""

    number: int
    ids: Ids
    rows: Mappings
    moved: Numbers
    """When each of the rows last moved; see `Moment.moved`."""
    gone: Ids
    anew: bool = False
    """The map begins anew: the rows do not tell it, only the whole moment does."""

    @property
    def layout(self) -> Layout | None:
        """The layout of its rows; None when it changes nothing."""
        return (self.rows.fields, self.rows.texts) if len(self.ids) or len(self.gone) else None


def delta_of(before: Moment | None, after: Moment) -> Delta:
    """What the tick of a moment changed in the moment before it."""
    tick = after.tick
    if not tick.keyframe:
        moved = after.moved[rows_of(after.ids, tick.ids)]
        return Delta(tick.number, tick.ids, tick.rows, moved, tick.gone)
    rows = _followed(before, tick)
    changed = np.zeros(len(tick.ids), bool)
    if before is not None and rows is not None:
        changed |= rows < 0
        known = np.flatnonzero(rows >= 0)
        changed[known] = differing(before.mappings, rows[known], tick.rows, known)
    return Delta(
        number=tick.number,
        ids=tick.ids[changed],
        rows=tick.rows.take(changed),
        moved=after.moved[changed],
        gone=tick.gone,
        anew=rows is None,
    )


def _followed(before: Moment | None, tick: Tick) -> Rows | None:
    """The row that each row of a keyframe had in the moment before; None when it does not follow from that."""
    if before is None or tick.executed:
        return None
    old, new = before.mappings, tick.rows
    if old.texts is not new.texts or old.fields != new.fields or not (new.start[1:] > new.start[:-1]).all():
        return None
    rows = rows_of(before.ids, tick.ids)
    stays = np.zeros(len(before.ids), bool)
    stays[rows[rows >= 0]] = True
    return rows if np.array_equal(np.sort(before.ids[~stays]), np.sort(tick.gone)) else None


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Rows of mappings, k of them, that ticks told, and which mappings were gone; tick by tick.

    When they are squeezed they lie mapping by mapping instead, each in the order of time: so a column hardly moves.
    """

    texts: Texts
    fields: tuple[str, ...]
    id: Column
    """The mapping of each head, shape (h,)."""
    heads: tuple[Column, ...]
    """What is known of a mapping beside its amounts, in the order of `HEADS`, shape (h,) each."""
    head: Column
    """Which head each row has, shape (k,)."""
    number: Column
    """The tick of each row."""
    line: Column
    """The place of each row among those of its tick."""
    moved: Column
    """See `Delta`."""
    amounts: tuple[Column, ...]
    """The amounts of each field."""
    gone: Column
    """Mappings that are no more, shape (g,)."""
    gone_at: Column
    """The tick that found them gone."""

    @property
    def ids(self) -> Ids:
        """The mapping of each row."""
        ids: Ids = expand(self.id)[expand(self.head)]
        return ids

    @property
    def nbytes(self) -> int:
        """The memory that they take."""
        return sum(column.nbytes for column in self._columns)

    @property
    def _columns(self) -> tuple[Column, ...]:
        few = (self.id, self.head, self.number, self.line, self.moved, self.gone, self.gone_at)
        return (*few, *self.heads, *self.amounts)

    def get(self, name: str) -> Amounts | None:
        """The column of a field; None when it is not printed."""
        return expand(self.amounts[self.fields.index(name)]) if name in self.fields else None

    def of(self, mapping: int) -> Rows:
        """The rows of a mapping, in the order of time."""
        heads = np.flatnonzero(expand(self.id) == mapping)
        return np.flatnonzero(np.isin(expand(self.head), heads)) if len(heads) else heads

    def of_tick(self, number: int) -> Rows:
        """The rows of a tick, in its order."""
        rows = np.flatnonzero(expand(self.number) == number)
        return rows[np.argsort(expand(self.line)[rows])]

    def amounts_of(self, row: int) -> dict[str, int]:
        """The fields of a row."""
        return {name: int(expand(column)[row]) for name, column in zip(self.fields, self.amounts, strict=True)}

    def take(self, rows: Rows) -> Mappings:
        """Some rows as a map."""
        head = expand(self.head)[rows]
        heads = {name: expand(column)[head] for name, column in zip(HEADS, self.heads, strict=True)}
        amounts = np.empty((len(self.fields), len(rows)), np.int64)
        for out, column in zip(amounts, self.amounts, strict=True):
            np.take(expand(column), rows, out=out)
        return Mappings(**heads, fields=self.fields, amounts=amounts, texts=self.texts)

    def expanded(self) -> "Steps":
        """The same with columns as they are, for those who ask more than once."""
        return replace(
            self,
            id=expand(self.id),
            head=expand(self.head),
            number=expand(self.number),
            line=expand(self.line),
            moved=expand(self.moved),
            gone=expand(self.gone),
            gone_at=expand(self.gone_at),
            heads=tuple(map(expand, self.heads)),
            amounts=tuple(map(expand, self.amounts)),
        )

    def squeezed(self) -> "Steps":
        """The same in few bytes."""
        order = np.argsort(self.ids, kind="stable")
        head = expand(self.head)[order]
        known = [expand(column)[head] for column in (self.id, *self.heads)]
        new = np.zeros(len(head), bool)
        new[:1] = True
        for column in known:
            new[1:] |= column[1:] != column[:-1]
        identities, *heads = (squeeze(column[new]) for column in known)
        return Steps(
            texts=self.texts,
            fields=self.fields,
            id=identities,
            heads=tuple(heads),
            head=squeeze(np.cumsum(new) - 1),
            number=squeeze(expand(self.number)[order]),
            line=squeeze(expand(self.line)[order]),
            moved=squeeze(expand(self.moved)[order]),
            amounts=tuple(squeeze(expand(column)[order]) for column in self.amounts),
            gone=squeeze(expand(self.gone)),
            gone_at=squeeze(expand(self.gone_at)),
        )


def steps_of(deltas: Sequence[Delta], layout: Layout) -> Steps:
    """The steps of consecutive ticks, whose rows have this layout."""
    told = [delta for delta in deltas if len(delta.ids)]
    count = [len(delta.ids) for delta in told]
    fields, texts = layout
    none = [np.zeros(0, np.int64)]
    amounts = [delta.rows.amounts for delta in told] or [np.zeros((len(fields), 0), np.int64)]
    return Steps(
        texts=texts,
        fields=fields,
        id=np.concatenate([delta.ids for delta in told] or none),
        heads=tuple(_heads([delta.rows for delta in told], name) for name in HEADS),
        head=np.arange(sum(count)),
        number=np.repeat(np.array([delta.number for delta in told], np.int64), count),
        line=np.concatenate([np.arange(k) for k in count] or none),
        moved=np.concatenate([delta.moved for delta in told] or none),
        amounts=tuple(np.concatenate(amounts, axis=1)),
        gone=np.concatenate([delta.gone for delta in deltas] or none),
        gone_at=np.repeat(
            np.array([delta.number for delta in deltas], np.int64), [len(delta.gone) for delta in deltas]
        ),
    )


def _heads(maps: Sequence[Mappings], name: str) -> NDArray[np.generic]:
    """A column of `HEADS` over some maps."""
    if not maps:
        return np.zeros(0, np.uint64 if name in HEADS[:4] else np.int32)
    column: NDArray[np.generic] = np.concatenate([getattr(rows, name) for rows in maps])
    return column


def steps_of_moment(moment: Moment) -> Steps:
    """A whole map as the steps that lead to it; shares its columns."""
    mappings, n = moment.mappings, len(moment.ids)
    return Steps(
        texts=mappings.texts,
        fields=mappings.fields,
        id=moment.ids,
        heads=tuple(getattr(mappings, name) for name in HEADS),
        head=np.arange(n),
        number=np.full(n, moment.tick.number),
        line=np.arange(n),
        moved=moment.moved,
        amounts=tuple(mappings.amounts),
        gone=np.zeros(0, np.int64),
        gone_at=np.zeros(0, np.int64),
    )


def replayed(steps: Sequence[Steps], until: int) -> tuple[Ids, Mappings, Numbers]:
    """The map to which steps lead, the first of which tell a whole one, up to a tick.

    Returns:
        Ids, mappings and when they moved, as in a `Moment`.
    """
    told = [np.flatnonzero(expand(part.number) <= until) for part in steps]
    ids = np.concatenate([part.ids[rows] for part, rows in zip(steps, told, strict=True)])
    last = _last_of(ids)
    numbers = np.concatenate([expand(part.number)[rows] for part, rows in zip(steps, told, strict=True)])
    gone, gone_at = (np.concatenate([expand(getattr(part, name)) for part in steps]) for name in ("gone", "gone_at"))
    gone, gone_at = gone[gone_at <= until], gone_at[gone_at <= until]
    lost = _last_of(gone)
    at = rows_of(gone[lost], ids[last])
    last = last[(at < 0) | (np.append(gone_at[lost], 0)[at] <= numbers[last])]
    last.sort()
    bounds = np.searchsorted(last, np.cumsum([0, *map(len, told)])).tolist()
    before = np.cumsum([0, *map(len, told)])
    parts = zip(told, before[:-1], pairwise(bounds), strict=True)
    chosen = [rows[last[low:high] - skipped] for rows, skipped, (low, high) in parts]
    telling = [part is steps[0] or _tells(part, until) for part in steps]
    maps = [part.take(rows) for part, rows, tells in zip(steps, chosen, telling, strict=True) if tells]
    mappings, order = in_address_order(*maps)
    moved = np.concatenate([expand(part.moved)[rows] for part, rows in zip(steps, chosen, strict=True)])
    return ids[last][order], mappings, moved[order]


def _tells(steps: Steps, until: int) -> bool:
    """Whether anything is told up to a tick."""
    return bool((expand(steps.number) <= until).any() or (expand(steps.gone_at) <= until).any())


def _last_of(ids: Ids) -> Rows:
    """Where each id stands for the last time."""
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    last = np.ones(len(ids), bool)
    last[:-1] = ids[1:] != ids[:-1]
    return order[last]
