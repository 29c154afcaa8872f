"""Slots of processes: small numbers that are used again, so that restarts make no new labels."""

from collections.abc import Hashable, Mapping
from itertools import count


class SlotTable:
    """Give each process the lowest free number among those of its name."""

    def __init__(self) -> None:
        self._slots: dict[Hashable, tuple[str, int]] = {}

    def assign(self, names: Mapping[Hashable, str]) -> Mapping[Hashable, int]:
        """Assign slots to the processes that are there now; those of the others are free again.

        Args:
            names: Name of each process, by what identifies it.
        """
        self._slots = {key: slot for key, slot in self._slots.items() if names.get(key) == slot[0]}
        taken = set(self._slots.values())
        for key, name in names.items():
            if key not in self._slots:
                free = next(slot for number in count() if (slot := (name, number)) not in taken)
                self._slots[key] = free
                taken.add(free)
        return {key: number for key, (_, number) in self._slots.items()}
