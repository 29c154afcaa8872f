"""Rows of two readings side by side: find, compare, put together. Both must share their texts."""

import numpy as np
from numpy.typing import NDArray

from smapstop.model.tick import Ids
from smapstop.proc.columns import ABSENT, Mappings

HEADS = ("start", "end", "offset", "inode", "perms", "device", "name", "flags")
"""The columns of `Mappings` that are not amounts."""

RESTLESS = frozenset({"pss", "pss_dirty", "swap_pss", "locked", "referenced", "private_clean", "shared_clean"})
"""Fields that move without the process: by other processes coming and going, or by the kernel ageing pages. Private
and shared clean pages change places when another process maps the same file; only their sum is this one's."""


def differing(a: Mappings, i: NDArray[np.intp], b: Mappings, j: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether rows `i` of `a` and rows `j` of `b` (same texts) differ in anything, shape (len(i),)."""
    if a.fields != b.fields:
        return np.ones(len(i), bool)
    out = np.zeros(len(i), bool)
    for name in HEADS:
        out |= getattr(a, name)[i] != getattr(b, name)[j]
    for x, y in zip(a.amounts, b.amounts, strict=True):
        out |= x[i] != y[j]
    return out


def rows_of(ids: Ids, wanted: Ids) -> NDArray[np.intp]:
    """The rows in which the wanted ids stand, -1 for those that are not there."""
    if not len(ids):
        return np.full(len(wanted), -1, np.intp)
    order = np.argsort(ids, kind="stable")
    at = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    rows = order[at]
    found: NDArray[np.intp] = np.where(ids[rows] == wanted, rows, -1)
    return found


def stirred(a: Mappings, i: NDArray[np.intp], b: Mappings, j: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether a person would say that the mapping changed: like `differing`, but for the `RESTLESS` fields."""
    if a.fields != b.fields:
        return np.ones(len(i), bool)
    out = np.zeros(len(i), bool)
    for name in ("start", "end", "perms", "name", "flags"):
        out |= getattr(a, name)[i] != getattr(b, name)[j]
    for name, x, y in zip(a.fields, a.amounts, b.amounts, strict=True):
        if name not in RESTLESS:
            out |= x[i] != y[j]
    if "private_clean" in a.fields and "shared_clean" in a.fields:
        p, s = a.fields.index("private_clean"), a.fields.index("shared_clean")
        out |= a.amounts[p, i] + a.amounts[s, i] != b.amounts[p, j] + b.amounts[s, j]
    return out


def concatenate(a: Mappings, b: Mappings) -> Mappings:
    """The rows of both, which must share their texts; a field that only one of them has is `ABSENT` in the other."""
    fields = a.fields if a.fields == b.fields else (*a.fields, *(name for name in b.fields if name not in a.fields))
    both = {name: np.concatenate([getattr(a, name), getattr(b, name)]) for name in HEADS}
    amounts = np.concatenate([_in_order(a, fields), _in_order(b, fields)], axis=1)
    return Mappings(**both, fields=fields, amounts=amounts, texts=a.texts)


def _in_order(mappings: Mappings, fields: tuple[str, ...]) -> NDArray[np.int64]:
    """The amounts of a map in the order of `fields`."""
    if mappings.fields == fields:
        return mappings.amounts
    absent = np.full(len(mappings), ABSENT, np.int64)
    columns = [mappings.get(name) for name in fields]
    return np.stack([absent if column is None else column for column in columns]).reshape(len(fields), len(mappings))
