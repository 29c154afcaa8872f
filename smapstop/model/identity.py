"""Which mapping of the last reading is which mapping of this one.

A mapping keeps its id while it grows, shrinks, moves, changes protection or is renamed; the parts of a split and the
remains of a merge know whom they came from. Rows are matched by address and backing, never by position.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.tick import Ids, Lineage, What
from smapstop.proc.columns import Addresses, Mappings

Rows = NDArray[np.intp]
"""Row numbers of a `Mappings`."""

NONE = -1
"""No row."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """The rows of a reading, identified."""

    ids: Ids
    """Id of each row of the current reading, shape (n,)."""
    before: Rows
    """Row of the same mapping in the previous reading, or `NONE`, shape (n,)."""
    gone: Ids
    """Ids of the previous reading that have no row any more."""
    lineage: tuple[Lineage, ...]
    next_id: int
    """The id that the next new mapping gets."""


def first_match(current: Mappings, next_id: int = 0) -> Match:
    """The first reading of a program: every mapping is new to us, which is no event."""
    n = len(current)
    ids = np.arange(next_id, next_id + n, dtype=np.int64)
    return Match(ids, np.full(n, NONE, np.intp), np.zeros(0, np.int64), (), next_id + n)


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
    before = _same_start(previous, current)
    taken = np.zeros(len(previous), bool)
    taken[before[before != NONE]] = True
    loose = np.flatnonzero(before == NONE)
    parent = np.full(len(current), NONE, np.intp)
    if len(loose):
        _match_overlaps(previous, current, loose, before, taken, parent)
        loose = loose[before[loose] == NONE]
    if len(loose) and not taken.all():
        _match_moves(previous, current, loose[parent[loose] == NONE], before, taken)
        loose = loose[before[loose] == NONE]

    out = np.empty(len(current), np.int64)
    known = before != NONE
    out[known] = ids[before[known]]
    out[loose] = np.arange(next_id, next_id + len(loose))
    gone_rows = np.flatnonzero(~taken)
    lineage = [
        *_births(ids, out, loose, parent),
        *_ends(previous, ids, current, out, before, gone_rows),
        *_changes(previous, current, out, before),
    ]
    return Match(out, before, ids[gone_rows], tuple(lineage), next_id + len(loose))


def _same_backing(a: Mappings, i: Rows, b: Mappings, j: Rows) -> NDArray[np.bool_]:
    """Whether rows are of the same object: the same file at the same distance, or both without a file."""
    same_file = (a.inode[i] == b.inode[j]) & (a.device[i] == b.device[j])
    # a file's pages lie at a fixed distance from its offset, however the mapping is cut; without a file offset is 0
    in_place = (a.inode[i] == 0) | (a.start[i] - a.offset[i] == b.start[j] - b.offset[j])
    same: NDArray[np.bool_] = same_file & in_place
    for at in np.flatnonzero(same & (a.inode[i] == 0) & (a.name[i] != b.name[j])).tolist():
        same[at] = _renamable(a.name_of(int(i[at]))) and _renamable(b.name_of(int(j[at])))
    return same


def _renamable(name: str) -> bool:
    """Whether prctl(PR_SET_VMA_ANON_NAME) may have given or taken this name; a [stack] or [vdso] stays what it is."""
    return not name or name.startswith("[anon:")


def _same_start(previous: Mappings, current: Mappings) -> Rows:
    """For each current row the previous row that starts at the same address with the same backing, or NONE."""
    n = len(previous)
    if n == len(current) and np.array_equal(previous.start, current.start):
        at = np.arange(n)  # the usual case: nothing was mapped or unmapped
        found = np.ones(n, bool)
    else:
        at = np.minimum(np.searchsorted(previous.start, current.start), max(n - 1, 0))
        found = previous.start[at] == current.start if n else np.zeros(len(current), bool)
    rows = np.flatnonzero(found)
    same = _same_backing(previous, at[rows], current, rows)
    before = np.full(len(current), NONE, np.intp)
    before[rows[same]] = at[rows[same]]
    return before


def _overlapping(previous: Mappings, current: Mappings, row: int) -> Rows:
    """The previous rows that overlap a current row and have the same backing."""
    low = int(np.searchsorted(previous.end, current.start[row], side="right"))
    high = int(np.searchsorted(previous.start, current.end[row], side="left"))
    rows = np.arange(low, high)
    return rows[_same_backing(previous, rows, current, np.full(len(rows), row))]


def _match_overlaps(
    previous: Mappings,
    current: Mappings,
    loose: Rows,
    before: Rows,
    taken: NDArray[np.bool_],
    parent: Rows,
) -> None:
    """Give loose rows the id of a mapping they overlap, when it is free; else remember whom they were split from."""
    if not len(previous):
        return
    for row in loose.tolist():
        rows = _overlapping(previous, current, row)
        free = rows[~taken[rows]]
        if len(free):
            best = int(free[np.argmax(_overlap(previous, free, current, row))])
            before[row] = best
            taken[best] = True
        elif len(rows):
            parent[row] = int(rows[0])


def _overlap(previous: Mappings, rows: Rows, current: Mappings, row: int) -> Addresses:
    """Bytes that previous rows share with a current one."""
    low = np.maximum(previous.start[rows], current.start[row])
    high = np.minimum(previous.end[rows], current.end[row])
    shared: Addresses = high - low
    return shared


def _match_moves(previous: Mappings, current: Mappings, loose: Rows, before: Rows, taken: NDArray[np.bool_]) -> None:
    """Find mappings that mremap moved: alike in all but the address, resident as before, and the only one like it."""
    lost = np.flatnonzero(~taken)
    likeness = _likenesses(previous, lost)
    wanted = _likenesses(current, loose)
    for key, rows in wanted.items():
        old = likeness.get(key, [])
        if len(old) == 1 and len(rows) == 1:
            before[rows[0]] = old[0]
            taken[old[0]] = True


def _likenesses(mappings: Mappings, rows: Rows) -> dict[tuple[int, ...], list[int]]:
    """Rows by what a move keeps: file, offset, permissions, name and resident pages. Empty ones look all alike."""
    found: dict[tuple[int, ...], list[int]] = {}
    kept = [column for name in ("rss", "anonymous", "swap") if (column := mappings.get(name)) is not None]
    heads = (mappings.device, mappings.inode, mappings.offset, mappings.perms, mappings.name)
    for row in rows.tolist():
        amounts = [int(column[row]) for column in kept]
        if mappings.inode[row] or any(amounts):
            found.setdefault((*(int(column[row]) for column in heads), *amounts), []).append(row)
    return found


def _births(ids: Ids, out: Ids, born: Rows, parent: Rows) -> list[Lineage]:
    """New mappings: mapped, or split from another."""
    return [
        Lineage("map", int(out[row]))
        if parent[row] == NONE
        else Lineage("split", int(out[row]), int(ids[parent[row]]))
        for row in born.tolist()
    ]


def _ends(previous: Mappings, ids: Ids, current: Mappings, out: Ids, before: Rows, gone: Rows) -> list[Lineage]:
    """Lost mappings: merged into a neighbour that now covers their place, or unmapped."""
    lineage = []
    for row in gone.tolist():
        over = int(np.searchsorted(current.end, previous.start[row], side="right"))
        covered = (
            over < len(current)
            and current.start[over] <= previous.start[row]
            and current.end[over] >= previous.end[row]
            and before[over] != NONE
            and bool(_same_backing(previous, np.array([row]), current, np.array([over]))[0])
        )
        into = int(out[over]) if covered else None
        lineage.append(Lineage("merge" if covered else "unmap", int(ids[row]), into))
    return lineage


def _changes(previous: Mappings, current: Mappings, out: Ids, before: Rows) -> list[Lineage]:
    """What happened to mappings that stayed themselves."""
    rows = np.flatnonzero(before != NONE)
    old = before[rows]
    started = previous.start[old] != current.start[rows]
    ended = previous.end[old] != current.end[rows]
    size = (current.end[rows] - current.start[rows]).astype(np.int64)
    was = (previous.end[old] - previous.start[old]).astype(np.int64)
    apart = (current.start[rows] >= previous.end[old]) | (previous.start[old] >= current.end[rows])
    happened: dict[What, NDArray[np.bool_]] = {
        "move": apart,
        "grow": (started | ended) & (size > was),
        "shrink": (started | ended) & (size < was),
        "protect": previous.perms[old] != current.perms[rows],
        "rename": previous.name[old] != current.name[rows],
    }
    return [Lineage(what, mapping) for what, mask in happened.items() for mapping in out[rows[mask]].tolist()]
