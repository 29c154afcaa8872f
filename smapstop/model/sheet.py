"""A sheet: the rows that a table shows at a moment, mappings or groups of them, with everything to sort them by."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smapstop.model.changes import Changes
from smapstop.model.kinds import Kind, kind_codes
from smapstop.model.moment import Moment
from smapstop.model.rows import concatenate, rows_of
from smapstop.model.tick import Ids
from smapstop.proc.columns import ABSENT, Addresses, Amounts, Codes, Texts
from smapstop.proc.fields import PLAIN

Grouping = Literal["none", "name", "kind", "file"]
"""What rows are grouped by: not at all, by full name, by kind, or by file (all that has no file together by kind)."""
GROUPINGS: tuple[Grouping, ...] = ("none", "name", "kind", "file")

COMPARED = ("rss", "pss", "private_dirty", "anonymous", "swap")
"""The fields whose change a table can show and sort by."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Rows side by side with how they differ from the compared moment; n rows."""

    ids: Ids
    """Mapping ids; groups have negative ones, that stay with the group's name."""
    start: Addresses
    end: Addresses
    name: Codes
    perms: Codes
    kind: NDArray[np.int8]
    """Positions in `list(Kind)`."""
    texts: Texts
    fields: tuple[str, ...]
    amounts: Amounts
    """Shape (len(fields), n), kB."""
    deltas: dict[str, Amounts]
    """Change of the fields of `COMPARED` against the compared moment, kB, shape (n,) each."""
    seconds: float | None
    """What to divide `delta` by for a rate; None when there is no rate."""
    moved: NDArray[np.int64]
    """The tick at which the row last changed, -1 for never."""
    gone: NDArray[np.bool_]
    """Rows of mappings that are no more; they linger for a few ticks."""
    members: NDArray[np.int64]
    """How many mappings the row stands for."""

    def __len__(self) -> int:
        return len(self.ids)

    def get(self, name: str) -> Amounts | None:
        """The column of a field; None when this kernel does not print it."""
        return self.amounts[self.fields.index(name)] if name in self.fields else None


def sheet_of(changes: Changes, seconds: float | None, lingering: Changes | None = None) -> Sheet:
    """The sheet of a moment, a row per mapping.

    Args:
        changes: The moment, compared with the one that the user compares with.
        seconds: What to divide changes by for a rate.
        lingering: The moment compared with the one whose lost mappings are still shown.
    """
    after = changes.after
    mappings, ids, moved = after.mappings, after.ids, after.moved
    deltas = {name: delta for name in COMPARED if (delta := changes.delta(name)) is not None}
    gone = np.zeros(len(ids), bool)
    if lingering is not None and len(lingering.gone):
        old: Moment = lingering.before
        lost = old.mappings.take(lingering.gone)
        mappings = concatenate(mappings, lost)
        ids = np.concatenate([ids, old.ids[lingering.gone]])
        moved = np.concatenate([moved, np.full(len(lost), after.tick.number)])
        rows = rows_of(changes.before.ids, old.ids[lingering.gone])
        deltas = {name: np.concatenate([delta, _lost(changes.before, rows, name)]) for name, delta in deltas.items()}
        gone = np.concatenate([gone, np.ones(len(lost), bool)])
    return Sheet(
        ids=ids,
        start=mappings.start,
        end=mappings.end,
        name=mappings.name,
        perms=mappings.perms,
        kind=kind_codes(mappings),
        texts=mappings.texts,
        fields=mappings.fields,
        amounts=mappings.amounts,
        deltas=deltas,
        seconds=seconds,
        moved=moved,
        gone=gone,
        members=np.ones(len(ids), np.int64),
    )


def _lost(before: Moment, rows: NDArray[np.intp], name: str) -> Amounts:
    """What mappings that are gone lost of a field: all that they had before, nothing if they were gone by then."""
    lost = np.zeros(len(rows), np.int64)
    column = before.mappings.get(name)
    if column is not None:
        lost[rows >= 0] = -np.maximum(column[rows[rows >= 0]], 0)
    return lost


def grouped(sheet: Sheet, by: Grouping) -> Sheet:
    """The sheet with a row per group; amounts and changes are sums, and a group moved when one of its rows did."""
    if by == "none" or not len(sheet):
        return sheet
    keys, first, inverse = np.unique(_keys(sheet, by), return_index=True, return_inverse=True)
    n = len(keys)
    here = ~sheet.gone

    def sums(row: Amounts) -> Amounts:
        return np.bincount(inverse, weights=row, minlength=n).astype(np.int64)

    amounts = np.full((len(sheet.fields), n), ABSENT, np.int64)
    for at, (name, row) in enumerate(zip(sheet.fields, sheet.amounts, strict=True)):
        if name not in PLAIN:
            amounts[at] = sums(np.where((row == ABSENT) | ~here, 0, row))
    moved = np.full(n, -1, np.int64)
    np.maximum.at(moved, inverse, sheet.moved)
    return Sheet(
        ids=-1 - keys,
        start=sheet.start[first],
        end=sheet.end[first],
        name=np.arange(1, n + 1, dtype=np.int32),
        perms=np.zeros(n, np.int32),
        kind=sheet.kind[first],
        texts=Texts(["", *(_group_name(sheet.texts, key) for key in keys.tolist())]),
        fields=sheet.fields,
        amounts=amounts,
        deltas={name: sums(row) for name, row in sheet.deltas.items()},
        seconds=sheet.seconds,
        moved=moved,
        gone=sums(here.astype(np.int64)) == 0,
        members=sums(here.astype(np.int64)),
    )


_KIND_KEYS = 1 << 32
"""Group keys from here on are kinds; those below are codes of names."""


def _keys(sheet: Sheet, by: Grouping) -> NDArray[np.int64]:
    """What each row's group is known by."""
    of_kind = _KIND_KEYS + sheet.kind.astype(np.int64)
    if by == "kind":
        return of_kind
    if by == "file":
        return np.where(sheet.kind == list(Kind).index(Kind.FILE), sheet.name, of_kind)
    return np.where(sheet.name == 0, of_kind, sheet.name)


def _group_name(texts: Texts, key: int) -> str:
    """The name of a group."""
    return list(Kind)[key - _KIND_KEYS].value if key >= _KIND_KEYS else texts[key]
