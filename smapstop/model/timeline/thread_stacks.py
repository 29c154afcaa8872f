"""Whose stack was where, as the ticks told it."""

from collections.abc import Mapping

from smapstop.model.tick import ThreadStack, Tick

MAX_ENTRIES = 20_000
"""So many news are remembered; of the older half of more it is then as if they had come later."""


class StackLog:
    """The stacks of threads by the mapping that they are in, at any tick."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, ThreadStack]] = []
        self._latest: dict[int, ThreadStack] = {}

    def append(self, tick: Tick) -> None:
        """Take in what the next tick tells."""
        if not tick.stacks:
            return
        self._entries += [(tick.number, stack) for stack in tick.stacks]
        self._latest = _without_ended({**self._latest, **{stack.mapping: stack for stack in tick.stacks}})
        if len(self._entries) > MAX_ENTRIES:
            self._entries = self._entries[MAX_ENTRIES // 2 :]

    def at(self, number: int) -> Mapping[int, ThreadStack]:
        """The stacks at a tick. A thread is found some time after it began, so the first one always was there."""
        if not self._entries or number >= self._entries[-1][0]:
            return self._latest
        found: dict[int, ThreadStack] = {}
        for told, stack in self._entries:
            if told <= number or stack.mapping not in found:
                found[stack.mapping] = stack
        return _without_ended(found)


def _without_ended(stacks: dict[int, ThreadStack]) -> dict[int, ThreadStack]:
    """Those that are somebody's."""
    return {mapping: stack for mapping, stack in stacks.items() if stack.tid}
