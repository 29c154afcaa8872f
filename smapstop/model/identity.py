"""Which mapping of the last reading is which mapping of this one.

A mapping keeps its id while it grows, shrinks, moves, changes protection or is renamed; the parts of a split and the
remains of a merge know whom they came from. Rows are matched by address and backing, never by position.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.model.tick import Ids, LifecycleEvent, LifecycleKind
from smapstop.proc.columns import Mappings, StringIds, StringTable

Rows = NDArray[np.intp]
"""Row numbers of a `Mappings`."""

NO_ROW = -1
"""No row."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """The rows of a reading, identified."""

    ids: Ids
    """Id of each row of the current reading, shape (n,)."""
    previous_rows: Rows
    """Row of the same mapping in the previous reading, or `NO_ROW`, shape (n,)."""
    gone: Ids
    """Ids of the previous reading that have no row any more."""
    lineage: tuple[LifecycleEvent, ...]
    next_id: int
    """The id that the next new mapping gets."""


def first_match(current: Mappings, next_id: int = 0) -> Match:
    """The first reading of a program: every mapping is new to us, which is no event."""
    n = len(current)
    ids = np.arange(next_id, next_id + n, dtype=np.int64)
    return Match(ids, np.full(n, NO_ROW, np.intp), np.zeros(0, np.int64), (), next_id + n)


def match(previous: Mappings, ids: Ids, current: Mappings, next_id: int) -> Match:
    """Identify the rows of `current` by those of `previous`.

    In this order: the same start and backing; an overlap with the same backing (a mapping that lost or gained its
    front, such as a growing stack); a move (mremap) to another place. What is left over is new, or gone. Of several
    parts of one mapping the first keeps the id, and the others are split from it.

    Args:
        previous: The last reading; must share its texts with `current`.
        ids: Ids of its rows.
        current: This reading.
        next_id: The first id to give to a new mapping.
    """
    before = _match_starts(previous, current)
    taken = np.zeros(len(previous), bool)
    taken[before[before != NO_ROW]] = True
    loose = np.flatnonzero(before == NO_ROW)
    parent = np.full(len(current), NO_ROW, np.intp)
    if len(loose):
        _match_overlaps(previous, current, loose, before, taken, parent)
        loose = loose[before[loose] == NO_ROW]
    if len(loose) and not taken.all():
        _match_moves(previous, current, loose[parent[loose] == NO_ROW], before, taken)
        loose = loose[before[loose] == NO_ROW]

    out = np.empty(len(current), np.int64)
    known = before != NO_ROW
    out[known] = ids[before[known]]
    out[loose] = np.arange(next_id, next_id + len(loose))
    gone_rows = np.flatnonzero(~taken)
    lineage = [
        *_births(ids, out, loose, parent),
        *_deaths(previous, ids, current, out, before, gone_rows),
        *_changes(previous, current, out, before),
    ]
    return Match(out, before, ids[gone_rows], tuple(lineage), next_id + len(loose))


def _has_same_backing(a: Mappings, i: Rows, b: Mappings, j: Rows) -> NDArray[np.bool_]:
    """Whether rows are of the same object: the same file at the same distance, or both without a file."""
    same_file = (a.inode[i] == b.inode[j]) & (a.device[i] == b.device[j])
    # a file's pages lie at a fixed distance from its offset, however the mapping is cut; without a file offset is 0
    in_place = (a.inode[i] == 0) | (a.start[i] - a.offset[i] == b.start[j] - b.offset[j])
    same: NDArray[np.bool_] = same_file & in_place
    renamed = np.flatnonzero(same & (a.inode[i] == 0) & (a.name[i] != b.name[j]))
    same[renamed] = _is_renamable(a.strings, a.name[i[renamed]]) & _is_renamable(b.strings, b.name[j[renamed]])
    return same


def _is_renamable(texts: StringTable, names: StringIds) -> NDArray[np.bool_]:
    """Whether prctl(PR_SET_VMA_ANON_NAME) may have given or taken a name; a [stack] or [vdso] stays what it is."""
    codes, inverse = np.unique(names, return_inverse=True)
    return np.array([code == 0 or texts[code].startswith("[anon:") for code in codes.tolist()], bool)[inverse]


def _match_starts(previous: Mappings, current: Mappings) -> Rows:
    """For each current row the previous row that starts at the same address with the same backing, or NONE."""
    n = len(previous)
    if n == len(current) and np.array_equal(previous.start, current.start):
        at = np.arange(n)  # the usual case: nothing was mapped or unmapped
        found = np.ones(n, bool)
    else:
        at = np.minimum(np.searchsorted(previous.start, current.start), max(n - 1, 0))
        found = previous.start[at] == current.start if n else np.zeros(len(current), bool)
    rows = np.flatnonzero(found)
    same = _has_same_backing(previous, at[rows], current, rows)
    before = np.full(len(current), NO_ROW, np.intp)
    before[rows[same]] = at[rows[same]]
    return before


def _find_overlaps(previous: Mappings, current: Mappings, loose: Rows) -> tuple[Rows, Rows]:
    """Pairs of a loose current row and a previous row that overlap and have the same backing, by address."""
    low = np.searchsorted(previous.end, current.start[loose], side="right")
    high = np.maximum(low, np.searchsorted(previous.start, current.end[loose], side="left"))
    count = high - low
    rows = np.repeat(loose, count)
    old = np.arange(len(rows)) + np.repeat(high - np.cumsum(count), count)
    same = _has_same_backing(previous, old, current, rows)
    return rows[same], old[same]


def _match_overlaps(
    previous: Mappings,
    current: Mappings,
    loose: Rows,
    before: Rows,
    taken: NDArray[np.bool_],
    parent: Rows,
) -> None:
    """Give loose rows the id of the free mapping they overlap most; without one they are split from the first."""
    rows, old = _find_overlaps(previous, current, loose)
    parent[rows[::-1]] = old[::-1]  # of several values for a row the last one stays, here the lowest
    free = ~taken[old]
    rows, old = rows[free], old[free]
    low = np.maximum(previous.start[old], current.start[rows])
    high = np.minimum(previous.end[old], current.end[rows])
    best_first = np.lexsort((-(high - low).astype(np.int64), rows))
    found: dict[int, int] = {}
    given: set[int] = set()
    for row, mapping in zip(rows[best_first].tolist(), old[best_first].tolist(), strict=True):
        if row not in found and mapping not in given:
            found[row] = mapping
            given.add(mapping)
    before[list(found)] = list(found.values())
    taken[list(given)] = True


def _match_moves(previous: Mappings, current: Mappings, loose: Rows, before: Rows, taken: NDArray[np.bool_]) -> None:
    """Find mappings that mremap moved: alike in all but the address, resident as before, and the only one like it."""
    lost = _rows_by_move_key(previous, np.flatnonzero(~taken))
    for likeness, rows in _rows_by_move_key(current, loose).items():
        old = lost.get(likeness, [])
        if len(old) == 1 and len(rows) == 1:
            before[rows[0]] = old[0]
            taken[old[0]] = True


def _rows_by_move_key(mappings: Mappings, rows: Rows) -> dict[tuple[int, ...], list[int]]:
    """Rows by what a move keeps: file, offset, permissions, name and resident pages. Empty ones look all alike."""
    amounts = [column[rows] for name in ("rss", "anonymous", "swap") if (column := mappings.get(name)) is not None]
    telling = mappings.inode[rows] != 0
    for column in amounts:
        telling |= column > 0
    kept: list[NDArray[Any]] = [mappings.device, mappings.inode, mappings.offset, mappings.perms, mappings.name]
    columns = [*(column[rows] for column in kept), *amounts]
    found: dict[tuple[int, ...], list[int]] = {}
    likenesses = zip(*(column[telling].tolist() for column in columns), strict=True)
    for row, likeness in zip(rows[telling].tolist(), likenesses, strict=True):
        found.setdefault(likeness, []).append(row)
    return found


def _births(ids: Ids, out: Ids, born: Rows, parent: Rows) -> list[LifecycleEvent]:
    """New mappings: mapped, or split from another."""
    return [
        LifecycleEvent("map", mapping) if old == NO_ROW else LifecycleEvent("split", mapping, int(ids[old]))
        for mapping, old in zip(out[born].tolist(), parent[born].tolist(), strict=True)
    ]


def _deaths(
    previous: Mappings, ids: Ids, current: Mappings, out: Ids, before: Rows, gone: Rows
) -> list[LifecycleEvent]:
    """Lost mappings: merged into a neighbour that now covers their place, or unmapped."""
    over = np.searchsorted(current.end, previous.start[gone], side="right")
    inside = over < len(current)
    under, over = gone[inside], over[inside]
    covered = (current.start[over] <= previous.start[under]) & (current.end[over] >= previous.end[under])
    covered &= (before[over] != NO_ROW) & _has_same_backing(previous, under, current, over)
    into = dict(zip(under[covered].tolist(), out[over[covered]].tolist(), strict=True))
    return [
        LifecycleEvent("merge" if row in into else "unmap", mapping, into.get(row))
        for row, mapping in zip(gone.tolist(), ids[gone].tolist(), strict=True)
    ]


def _changes(previous: Mappings, current: Mappings, out: Ids, before: Rows) -> list[LifecycleEvent]:
    """What happened to mappings that stayed themselves."""
    rows = np.flatnonzero(before != NO_ROW)
    old = before[rows]
    started = previous.start[old] != current.start[rows]
    ended = previous.end[old] != current.end[rows]
    size = (current.end[rows] - current.start[rows]).astype(np.int64)
    was = (previous.end[old] - previous.start[old]).astype(np.int64)
    apart = (current.start[rows] >= previous.end[old]) | (previous.start[old] >= current.end[rows])
    happened: dict[LifecycleKind, NDArray[np.bool_]] = {
        "move": apart,
        "grow": (started | ended) & (size > was),
        "shrink": (started | ended) & (size < was),
        "protect": previous.perms[old] != current.perms[rows],
        "rename": previous.name[old] != current.name[rows],
    }
    return [LifecycleEvent(what, mapping) for what, mask in happened.items() for mapping in out[rows[mask]].tolist()]
