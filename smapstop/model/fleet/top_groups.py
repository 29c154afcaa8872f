"""The largest groups of mappings, few and always the same as far as possible: each is a label of its own."""

from collections.abc import Mapping

from smapstop.model.fleet.figures import GROUP_FIELDS

OTHER = "other"
"""Group of all that have no label of their own."""
_TIMES_LARGER = 2
"""A new group takes the place of a chosen one when it is so many times as large."""
_EVER = 10
"""So many times the number of places, groups may be chosen at all: names that never come back do not add up."""


class TopGroups:
    """Choose the largest groups of the processes of one name.

    Args:
        count: Number of groups to choose.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._chosen: dict[str, int] = {}
        """Size of each chosen group, kB."""
        self._ever: set[str] = set()

    def update(self, sizes: Mapping[str, int]) -> None:
        """Choose among the groups that are there now, by their sizes, kB."""
        self._chosen = {name: sizes.get(name, 0) for name in self._chosen}
        for name, size in sorted(sizes.items(), key=lambda each: (-each[1], each[0])):
            is_new = name not in self._ever
            if name in self._chosen or not size or (is_new and len(self._ever) >= _EVER * self._count):
                continue
            if len(self._chosen) >= self._count:
                smallest = min(self._chosen, key=lambda chosen: self._chosen[chosen])
                if size <= _TIMES_LARGER * self._chosen[smallest]:
                    return
                del self._chosen[smallest]
            self._chosen[name] = size
            self._ever.add(name)

    def fold(self, groups: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
        """Amounts of the chosen groups of a process, and of all others together as `OTHER`."""
        folded: dict[str, dict[str, int]] = {}
        for name, amounts in groups.items():
            label = name if name in self._chosen else OTHER
            total = folded.setdefault(label, dict.fromkeys(GROUP_FIELDS, 0))
            for key, amount in amounts.items():
                total[key] += amount
        return folded
