"""Whose stack was where, as the ticks told it."""

from collections.abc import Mapping

from smapstop.model.tick import Stack, Tick

MOST_TOLD = 20_000
"""So many news are remembered; of the older half of more it is then as if they had come later."""


class StackLog:
    """The stacks of threads by the mapping that they are in, at any tick."""

    def __init__(self) -> None:
        self._told: list[tuple[int, Stack]] = []
        self._latest: dict[int, Stack] = {}

    def hear(self, tick: Tick) -> None:
        """Take in what the next tick tells."""
        if not tick.stacks:
            return
        self._told += [(tick.number, stack) for stack in tick.stacks]
        self._latest = _of_threads({**self._latest, **{stack.mapping: stack for stack in tick.stacks}})
        if len(self._told) > MOST_TOLD:
            self._told = self._told[MOST_TOLD // 2 :]

    def at(self, number: int) -> Mapping[int, Stack]:
        """The stacks at a tick. A thread is found some time after it began, so the first one always was there."""
        if not self._told or number >= self._told[-1][0]:
            return self._latest
        found: dict[int, Stack] = {}
        for told, stack in self._told:
            if told <= number or stack.mapping not in found:
                found[stack.mapping] = stack
        return _of_threads(found)


def _of_threads(stacks: dict[int, Stack]) -> dict[int, Stack]:
    """Those that are somebody's."""
    return {mapping: stack for mapping, stack in stacks.items() if stack.tid}
