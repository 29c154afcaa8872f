"""Log of thread stacks: which mapping was the stack of which thread, at any tick."""

from collections.abc import Mapping

from smapstop.model.tick import ThreadStack, Tick

MAX_ENTRIES = 20_000
"""Maximum number of entries; past it the older half is dropped, and earlier ticks show the oldest entries left."""


class StackLog:
    """Log of thread stacks by mapping."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, ThreadStack]] = []
        self._latest: dict[int, ThreadStack] = {}

    def append(self, tick: Tick) -> None:
        """Append the stacks of the next tick."""
        if not tick.stacks:
            return
        self._entries += [(tick.number, stack) for stack in tick.stacks]
        self._latest = _without_ended({**self._latest, **{stack.mapping: stack for stack in tick.stacks}})
        if len(self._entries) > MAX_ENTRIES:
            self._entries = self._entries[MAX_ENTRIES // 2 :]

    def at(self, number: int) -> Mapping[int, ThreadStack]:
        """Thread stacks at a tick, by mapping.

        A thread is found some time after it started, so the first one of a mapping counts from the start.
        """
        if not self._entries or number >= self._entries[-1][0]:
            return self._latest
        stacks: dict[int, ThreadStack] = {}
        for entry_number, stack in self._entries:
            if entry_number <= number or stack.mapping not in stacks:
                stacks[stack.mapping] = stack
        return _without_ended(stacks)


def _without_ended(stacks: dict[int, ThreadStack]) -> dict[int, ThreadStack]:
    """Stacks whose thread has not ended."""
    return {mapping: stack for mapping, stack in stacks.items() if stack.tid}
