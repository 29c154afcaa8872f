"""Match the mappings of two readings: which row is the same mapping.

A mapping keeps its id while it grows, shrinks, moves, changes protection or is renamed; splits and merges record the
other mapping involved. Rows are matched by address and backing, never by position.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import is_private
from smapstop.model.tick import Ids, LifecycleEvent, LifecycleKind
from smapstop.proc.columns import Mappings, StringIds, StringTable

Rows = NDArray[np.intp]
"""Row numbers of a `Mappings`."""

_FAULT_AROUND, _HUGE_PAGE = 16, 512
"""Pages that one fault maps of a file (fault_around_bytes), and of huge memory."""

NO_ROW = -1
"""Row number of a mapping that a reading does not have."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Mapping ids of a reading's rows, and what happened to the mappings since the reading before."""

    ids: Ids
    """Mapping id of each row of the current reading, shape (n,)."""
    previous_rows: Rows
    """Row of the same mapping in the previous reading, or `NO_ROW`, shape (n,)."""
    gone: Ids
    """Ids of the previous reading that have no row in the current one."""
    lineage: tuple[LifecycleEvent, ...]
    next_id: int
    """Id for the next new mapping."""


def number_first_reading(current: Mappings, next_id: int = 0) -> Match:
    """Give an id to every mapping of a program's first reading; no lifecycle events."""
    n = len(current)
    ids = np.arange(next_id, next_id + n, dtype=np.int64)
    return Match(ids, np.full(n, NO_ROW, np.intp), np.zeros(0, np.int64), (), next_id + n)


def match_readings(
    previous: Mappings, ids: Ids, current: Mappings, next_id: int, faulted_kb: int | None = None
) -> Match:
    """Match the rows of `current` with those of `previous`.

    In this order: the same start and backing; an overlap with the same backing (a mapping whose front was cut or
    extended, such as a growing stack); a move (mremap) to another address, which may leave an empty mapping behind.
    Unmatched rows are new, or gone. Of several parts of one mapping the first keeps the id, and the others are split
    from it.

    Args:
        previous: The previous reading; must share its string table with `current`.
        ids: Mapping ids of its rows.
        current: The current reading.
        next_id: Id for the first new mapping.
        faulted_kb: What the page faults of the process between the readings can have touched, at a page each, kB;
            None if they are not known. A mapping that they suffice to fill is new, even if another one with as many
            pages is gone: programs often give up a buffer and fill another one, and mremap takes no fault.
    """
    if current.shares_layout(previous):  # the usual case: nothing was mapped, unmapped or protected
        return Match(ids, np.arange(len(ids)), np.zeros(0, np.int64), (), next_id)
    before = _match_starts(previous, current)
    taken = np.zeros(len(previous), bool)
    taken[before[before != NO_ROW]] = True
    unmatched = np.flatnonzero(before == NO_ROW)
    parent = np.full(len(current), NO_ROW, np.intp)
    if len(unmatched):
        _match_overlaps(previous, current, unmatched, before, taken, parent)
        unmatched = unmatched[before[unmatched] == NO_ROW]
    if len(unmatched):
        apart = unmatched[parent[unmatched] == NO_ROW]
        apart = apart[~_may_be_filled(current, apart, faulted_kb)]
        _match_moves(previous, current, apart, before, taken)
        _match_emptied(previous, current, apart[before[apart] == NO_ROW], before)
        unmatched = np.flatnonzero(before == NO_ROW)

    out = np.empty(len(current), np.int64)
    matched = before != NO_ROW
    out[matched] = ids[before[matched]]
    out[unmatched] = np.arange(next_id, next_id + len(unmatched))
    gone_rows = np.flatnonzero(~taken)
    lineage = [
        *_births(ids, out, unmatched, parent),
        *_deaths(previous, ids, current, out, before, gone_rows),
        *_changes(previous, current, out, before),
    ]
    return Match(out, before, ids[gone_rows], tuple(lineage), next_id + len(unmatched))


def _has_same_backing(a: Mappings, i: Rows, b: Mappings, j: Rows) -> NDArray[np.bool_]:
    """Whether rows map the same object in the same way: the same file at the same `start - offset`, or both none."""
    same_file = (a.inode[i] == b.inode[j]) & (a.device[i] == b.device[j])
    # start - offset stays the same wherever a file mapping is cut; without a file the offset is 0
    in_place = (a.inode[i] == 0) | (a.start[i] - a.offset[i] == b.start[j] - b.offset[j])
    same: NDArray[np.bool_] = same_file & in_place
    renamed = np.flatnonzero(same & (a.inode[i] == 0) & (a.name[i] != b.name[j]))
    same[renamed] = _is_renamable(a.strings, a.name[i[renamed]]) & _is_renamable(b.strings, b.name[j[renamed]])
    protected = np.flatnonzero(same & (a.perms[i] != b.perms[j]))
    same[protected] = is_private(a, i[protected]) == is_private(b, j[protected])
    return same


def _is_renamable(strings: StringTable, names: StringIds) -> NDArray[np.bool_]:
    """Whether prctl(PR_SET_VMA_ANON_NAME) can have set or cleared each name; not so for [stack] or [vdso]."""
    codes, inverse = np.unique(names, return_inverse=True)
    return np.array([code == 0 or strings[code].startswith("[anon:") for code in codes.tolist()], bool)[inverse]


def _match_starts(previous: Mappings, current: Mappings) -> Rows:
    """For each current row, the previous row with the same start and backing, or `NO_ROW`."""
    n = len(previous)
    if n == len(current) and np.array_equal(previous.start, current.start):
        at = np.arange(n)  # the usual case: nothing was mapped or unmapped
        same_start = np.ones(n, bool)
    else:
        at = np.minimum(np.searchsorted(previous.start, current.start), max(n - 1, 0))
        same_start = previous.start[at] == current.start if n else np.zeros(len(current), bool)
    rows = np.flatnonzero(same_start)
    same = _has_same_backing(previous, at[rows], current, rows)
    before = np.full(len(current), NO_ROW, np.intp)
    before[rows[same]] = at[rows[same]]
    return before


def _find_overlaps(previous: Mappings, current: Mappings, unmatched: Rows) -> tuple[Rows, Rows]:
    """Pairs of an unmatched current row and an overlapping previous row with the same backing, by address."""
    low = np.searchsorted(previous.end, current.start[unmatched], side="right")
    high = np.maximum(low, np.searchsorted(previous.start, current.end[unmatched], side="left"))
    count = high - low
    rows = np.repeat(unmatched, count)
    old = np.arange(len(rows)) + np.repeat(high - np.cumsum(count), count)
    same = _has_same_backing(previous, old, current, rows)
    return rows[same], old[same]


def _match_overlaps(
    previous: Mappings,
    current: Mappings,
    unmatched: Rows,
    before: Rows,
    taken: NDArray[np.bool_],
    parent: Rows,
) -> None:
    """Match unmatched rows with the free mapping they overlap most; without one they are split from the first."""
    rows, old = _find_overlaps(previous, current, unmatched)
    parent[rows[::-1]] = old[::-1]  # numpy keeps the last value assigned to a row: here the lowest address
    free = ~taken[old]
    rows, old = rows[free], old[free]
    low = np.maximum(previous.start[old], current.start[rows])
    high = np.minimum(previous.end[old], current.end[rows])
    best_first = np.lexsort((-(high - low).astype(np.int64), rows))
    matches: dict[int, int] = {}
    used: set[int] = set()
    for row, old_row in zip(rows[best_first].tolist(), old[best_first].tolist(), strict=True):
        if row not in matches and old_row not in used:
            matches[row] = old_row
            used.add(old_row)
    before[list(matches)] = list(matches.values())
    taken[list(used)] = True


def _match_moves(
    previous: Mappings, current: Mappings, unmatched: Rows, before: Rows, taken: NDArray[np.bool_]
) -> None:
    """Match mappings that mremap moved: the same move key, unique among the unmatched rows of both readings."""
    lost = _rows_by_move_key(previous, np.flatnonzero(~taken))
    for key, rows in _rows_by_move_key(current, unmatched).items():
        old = lost.get(key, [])
        if len(old) == 1 and len(rows) == 1:
            before[rows[0]] = old[0]
            taken[old[0]] = True


def _match_emptied(previous: Mappings, current: Mappings, unmatched: Rows, before: Rows) -> None:
    """Match mappings whose pages mremap moved while their addresses stay, empty (MREMAP_DONTUNMAP).

    They go with their pages, as in any other move; the empty mapping that stays counts as new.
    """
    matched = np.flatnonzero(before != NO_ROW)
    emptied = matched[_is_empty(current, matched) & ~_is_empty(previous, before[matched])]
    if not len(emptied):
        return
    stays = dict(zip(before[emptied].tolist(), emptied.tolist(), strict=True))
    lost = _rows_by_move_key(previous, before[emptied])
    for key, rows in _rows_by_move_key(current, unmatched[~_is_empty(current, unmatched)]).items():
        old = lost.get(key, [])
        if len(old) == 1 and len(rows) == 1 and _size(previous, old[0]) == _size(current, rows[0]):
            before[rows[0]], before[stays[old[0]]] = old[0], NO_ROW


def _may_be_filled(mappings: Mappings, rows: Rows, faulted_kb: int | None) -> NDArray[np.bool_]:
    """Whether page faults can have brought all pages of each row.

    Each took one, but those of files, which come with their neighbours, and of huge pages.
    """
    if faulted_kb is None:
        return np.zeros(len(rows), bool)
    kb = {name: np.zeros(len(rows), np.int64) for name in ("rss", "anonymous", "swap", "anon_huge_pages")}
    for name in kb:
        column = mappings.get(name)
        if column is not None:
            kb[name] = np.maximum(column[rows], 0)
    of_file = np.where(mappings.inode[rows] != 0, kb["rss"] - kb["anonymous"], 0)
    huge = kb["anon_huge_pages"]
    least = of_file // _FAULT_AROUND + huge // _HUGE_PAGE + kb["rss"] - of_file - huge + kb["swap"]
    enough: NDArray[np.bool_] = (kb["rss"] + kb["swap"] > 0) & (least <= faulted_kb)
    return enough


def _is_empty(mappings: Mappings, rows: Rows) -> NDArray[np.bool_]:
    """Whether no page of each row is resident or in swap."""
    out = np.ones(len(rows), bool)
    for name in ("rss", "swap"):
        column = mappings.get(name)
        if column is not None:
            out &= column[rows] <= 0
    return out


def _size(mappings: Mappings, row: int) -> int:
    """Size of a mapping, bytes."""
    return int(mappings.end[row] - mappings.start[row])


def _rows_by_move_key(mappings: Mappings, rows: Rows) -> dict[tuple[int, ...], list[int]]:
    """Rows by what a move preserves: file, offset, permissions, name and amounts; without empty anonymous ones."""
    amounts = [column[rows] for name in ("rss", "anonymous", "swap") if (column := mappings.get(name)) is not None]
    distinctive = mappings.inode[rows] != 0
    for column in amounts:
        distinctive |= column > 0
    preserved: list[NDArray[Any]] = [mappings.device, mappings.inode, mappings.offset, mappings.perms, mappings.name]
    columns = [*(column[rows] for column in preserved), *amounts]
    by_key: dict[tuple[int, ...], list[int]] = {}
    keys = zip(*(column[distinctive].tolist() for column in columns), strict=True)
    for row, key in zip(rows[distinctive].tolist(), keys, strict=True):
        by_key.setdefault(key, []).append(row)
    return by_key


def _births(ids: Ids, out: Ids, new: Rows, parent: Rows) -> list[LifecycleEvent]:
    """Lifecycle events of new mappings: mapped, or split from another."""
    return [
        LifecycleEvent("map", mapping) if old == NO_ROW else LifecycleEvent("split", mapping, int(ids[old]))
        for mapping, old in zip(out[new].tolist(), parent[new].tolist(), strict=True)
    ]


def _deaths(
    previous: Mappings, ids: Ids, current: Mappings, out: Ids, before: Rows, gone: Rows
) -> list[LifecycleEvent]:
    """Lifecycle events of lost mappings: merged into a neighbour that now covers their range, or unmapped."""
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
    """Lifecycle events of matched mappings: moved, resized, reprotected, renamed."""
    rows = np.flatnonzero(before != NO_ROW)
    old = before[rows]
    started = previous.start[old] != current.start[rows]
    ended = previous.end[old] != current.end[rows]
    size = (current.end[rows] - current.start[rows]).astype(np.int64)
    was = (previous.end[old] - previous.start[old]).astype(np.int64)
    apart = (current.start[rows] >= previous.end[old]) | (previous.start[old] >= current.end[rows])
    masks: dict[LifecycleKind, NDArray[np.bool_]] = {
        "move": apart,
        "grow": (started | ended) & (size > was),
        "shrink": (started | ended) & (size < was),
        "protect": previous.perms[old] != current.perms[rows],
        "rename": previous.name[old] != current.name[rows],
    }
    return [LifecycleEvent(what, mapping) for what, mask in masks.items() for mapping in out[rows[mask]].tolist()]
