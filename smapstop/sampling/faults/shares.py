"""Join light samples of page faults, which are many, with the stacks of some of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.model.callers.call_stacks import NO_STACK
from smapstop.model.tick import Ids

MAX_ROWS = 2_000
"""Rows of a tick: the faults of the smallest ones are then sent without their stacks."""


class Density(IntEnum):
    """How stacks were sampled at a time."""

    FULL = 0
    THIN = 1
    """By the thin stream only."""
    NONE = 2


class LightFaults(NamedTuple):
    """Light samples, in columns of shape (n,)."""

    mapping: Ids
    ip: NDArray[np.uint64]
    """Address of the code that made the fault."""
    weight: NDArray[np.int64]
    """Number of faults that a sample stands for."""
    density: NDArray[np.int8]
    """How stacks were sampled at that time, a `Density`: those of other times do not count for it."""


class PlacedStack(NamedTuple):
    """A sampled stack, and where its fault was."""

    mapping: int
    ip: int
    """Address of the code that made the fault."""
    stack: int
    weight: int
    density: int = 0


class FaultRow(NamedTuple):
    """Faults of one stack in one mapping."""

    mapping: int
    stack: int
    faults: int


_Group = tuple[int, int, int]
"""Mapping, code and density."""


def share_faults(
    light: LightFaults, stacks: Iterable[PlacedStack], name_code: Callable[[int], int], total: int
) -> list[FaultRow]:
    """Distribute all faults over the stacks that were sampled at the same code and mapping, by their weights.

    So the function that made a fault is known of every fault; its callers are known as far as stacks were sampled.

    Args:
        light: Light samples.
        stacks: Sampled stacks.
        name_code: Returns the stack for code of which no stack was sampled, its callers being unknown.
        total: Faults to distribute: more than the weights if some were lost.

    Returns:
        Rows in order of mapping and stack; the faults sum up to `total`, if there are any samples.
    """
    sampled: defaultdict[_Group, Counter[int]] = defaultdict(Counter)
    for each in stacks:
        sampled[each.mapping, each.ip, each.density][each.stack] += each.weight
    groups, faults = _group(light)
    rows: Counter[tuple[int, int]] = Counter()
    for group, count in zip(groups, apportion(faults, total), strict=True):
        mapping, ip, _ = group
        shares = sampled.get(group) or {name_code(ip): 1}
        for stack, part in zip(shares, apportion(list(shares.values()), count), strict=True):
            rows[mapping, stack] += part
    return [FaultRow(*key, count) for key, count in sorted(_limit(rows).items()) if count]


def _group(light: LightFaults) -> tuple[list[_Group], list[int]]:
    """Sum up the weights of each mapping and code, apart for each density."""
    columns = light.mapping, light.ip, light.density
    order = np.lexsort(columns[::-1])
    sorted_columns = [column[order] for column in columns]
    is_first = np.ones(len(order), bool)
    is_first[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in sorted_columns])
    first = np.flatnonzero(is_first)
    sums = np.add.reduceat(light.weight[order], first).tolist() if len(first) else []
    return list(zip(*(column[first].tolist() for column in sorted_columns), strict=True)), sums


def apportion(weights: list[int], total: int) -> list[int]:
    """Distribute a number in proportion to weights, without a rest: the largest remainders are rounded up."""
    whole = sum(weights)
    if whole == total:
        return weights
    if not whole:
        return [0] * len(weights)
    parts = [weight * total // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: -(weights[at] * total % whole))
    for at in by_remainder[: total - sum(parts)]:
        parts[at] += 1
    return parts


def _limit(rows: Counter[tuple[int, int]]) -> Counter[tuple[int, int]]:
    """Leave out the stacks of the smallest rows if there are too many."""
    if len(rows) <= MAX_ROWS:
        return rows
    limited = Counter(dict(rows.most_common(MAX_ROWS)))
    for (mapping, stack), count in rows.items():
        if (mapping, stack) not in limited:
            limited[mapping, NO_STACK] += count
    return limited
