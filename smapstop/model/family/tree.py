"""The tree of a family: order and place of its members."""

from collections.abc import Sequence

from smapstop.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a member in the tree."""

    row: int
    """Which of the members it is."""
    depth: int
    """Number of its ancestors in the family."""
    is_last: tuple[bool, ...]
    """Of its ancestors below the head, and of itself, from the top: whether no younger sibling follows."""


def place_members(pids: Sequence[int], ppids: Sequence[int], start_times: Sequence[int]) -> list[Place]:
    """Place the members of a family: each after its parent, siblings by age.

    Args:
        pids: Their pids.
        ppids: Pids of their parents; a parent that is not in the family is none.
        start_times: When they started, clock ticks.
    """
    rows = sorted(range(len(pids)), key=lambda row: (start_times[row], pids[row]))
    row_of_pid = {pids[row]: row for row in rows}
    children: dict[int | None, list[int]] = {}
    for row in rows:
        parent = row_of_pid.get(ppids[row])
        children.setdefault(None if parent == row else parent, []).append(row)
    places: list[Place] = []
    pending = [Place(row, 0, ()) for row in reversed(children.get(None, []))]
    while pending:
        place = pending.pop()
        places.append(place)
        below = children.get(place.row, [])
        pending += [Place(row, place.depth + 1, (*place.is_last, row == below[-1])) for row in reversed(below)]
    return places
