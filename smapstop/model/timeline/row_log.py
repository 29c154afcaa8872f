"""Steps: the rows that one tick after the other told, as columns over all of them, and what these lead to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import ADDRESSES, HEADS, in_address_order, rows_of
from smapstop.model.tick import Ids
from smapstop.model.timeline.column_codec import Column, expand, squeeze
from smapstop.model.timeline.delta import Delta, Layout, Numbers
from smapstop.model.timeline.map_snapshot import Moment
from smapstop.proc.columns import Amounts, Mappings, Texts

Rows = NDArray[np.intp]


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
        return Steps(
            texts=self.texts,
            fields=self.fields,
            id=expand(self.id),
            heads=tuple(map(expand, self.heads)),
            head=expand(self.head),
            number=expand(self.number),
            line=expand(self.line),
            moved=expand(self.moved),
            amounts=tuple(map(expand, self.amounts)),
            gone=expand(self.gone),
            gone_at=expand(self.gone_at),
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
        return np.zeros(0, np.uint64 if name in ADDRESSES else np.int32)
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
    bounds = np.cumsum([len(rows) for rows in told])
    parts = np.split(last, np.searchsorted(last, bounds[:-1]))
    chosen = [
        rows[part - (bound - len(rows))] for rows, part, bound in zip(told, parts, bounds.tolist(), strict=True)
    ]
    tells = [part is steps[0] or _tells(part, until) for part in steps]
    maps = [part.take(rows) for part, rows, some in zip(steps, chosen, tells, strict=True) if some]
    mappings, order = in_address_order(maps, np.arange(len(last)))
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
