"""Samples of page faults that are kept until it is known in which mappings they were."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.callstack.fault_records import FaultColumns, StackSample, join_columns
from smapstop.proc.callstack.perf_events import DrainedRings, Interval
from smapstop.proc.callstack.unwind import CallStack
from smapstop.sampling.faults.shares import Density

MAX_KEPT = 200_000
"""Samples that are kept; if there are more, each stands for two."""


class KeptStack(NamedTuple):
    """A sampled stack, until it is known in which mapping its fault was."""

    time_ns: int
    address: int
    ip: int
    called: CallStack
    weight: int
    density: Density


class Samples(NamedTuple):
    """Light samples, and sampled stacks."""

    light: FaultColumns
    density: NDArray[np.int8]
    """How stacks were sampled at the time of each light sample, a `Density`, shape (n,)."""
    stacks: list[KeptStack]

    @staticmethod
    def none() -> "Samples":
        """No samples."""
        return Samples(join_columns(()), np.zeros(0, np.int8), [])

    @property
    def faults(self) -> int:
        """Number of faults that the light samples stand for."""
        return int(self.light.weight.sum())

    def joined_with(self, later: "Samples") -> "Samples":
        """These and later ones."""
        density = np.concatenate([self.density, later.density])
        return Samples(join_columns((self.light, later.light)), density, [*self.stacks, *later.stacks])

    def take(self, light: NDArray[np.bool_], stacks: NDArray[np.bool_]) -> "Samples":
        """Select samples by masks."""
        chosen = [each for each, is_chosen in zip(self.stacks, stacks.tolist(), strict=True) if is_chosen]
        return Samples(self.light.take(light), self.density[light], chosen)

    def limited(self) -> "Samples":
        """At most `MAX_KEPT` of each."""
        light, density, stacks = self
        while len(light) > MAX_KEPT:
            light, density = light.halve(), density[::2]
        return Samples(light, density, halve_stacks(stacks) if len(stacks) > MAX_KEPT else stacks)


def halve_stacks(stacks: list[KeptStack]) -> list[KeptStack]:
    """Every second stack; it stands for two."""
    return [each._replace(weight=2 * each.weight) for each in stacks[::2]]


class KeptFaults:
    """Samples since the last tick, as they are taken from the rings."""

    def __init__(self) -> None:
        self._light: list[FaultColumns] = []
        self._stacks: list[KeptStack] = []
        self._sparse: list[tuple[Density, Interval]] = []
        """Times of this tick in which few or no stacks could be sampled."""

    def add(self, drained: DrainedRings, unwind: Callable[[StackSample], CallStack]) -> None:
        """Add samples; stacks are unwound at once, since they hold memory of the target."""
        self._sparse += [(Density.THIN, each) for each in drained.missing]
        self._sparse += [(Density.NONE, each) for each in drained.missing_thin]
        self._light.append(drained.faults)
        for density, stacks in ((Density.FULL, drained.stacks), (Density.THIN, drained.thin_stacks)):
            self._stacks += [
                KeptStack(each.time_ns, each.address, each.ip, unwind(each), each.weight, density) for each in stacks
            ]
        if sum(map(len, self._light)) > MAX_KEPT:
            self._light = [join_columns(self._light).halve()]
        if len(self._stacks) > MAX_KEPT:
            self._stacks = halve_stacks(self._stacks)

    def take_until(self, until_ns: int) -> tuple[Samples, int]:
        """Take the samples up to a time, and say for how many faults the later ones stand, which are kept."""
        light, stacks = join_columns(self._light), self._stacks
        is_now = light.time_ns <= until_ns
        self._light = [light.take(~is_now)]
        self._stacks = [each for each in stacks if each.time_ns > until_ns]
        later = int(self._light[0].weight.sum())
        now = light.take(is_now)
        return Samples(now, self._density_of(now), [each for each in stacks if each.time_ns <= until_ns]), later

    def later_than(self, time_ns: int) -> FaultColumns:
        """The light samples later than a time, which are still kept."""
        light = join_columns(self._light)
        return light.take(light.time_ns > time_ns)

    def _density_of(self, faults: FaultColumns) -> NDArray[np.int8]:
        """How stacks were sampled at the time of each fault of this tick."""
        density = np.zeros(len(faults), np.int8)
        for level, (after_ns, until_ns) in self._sparse:
            density[(faults.time_ns > after_ns) & (faults.time_ns <= until_ns) & (density < level)] = level
        self._sparse = []
        return density
