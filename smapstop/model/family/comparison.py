"""How many processes of a family are compared mapping by mapping, and which.

The mappings of each are read, within a share of the budget: the more processes, the less often. So as many are
compared as can be read as often as the totals, at least every five seconds. Of each, page faults are watched, too,
which takes a few files for each of its threads and each processor, and its changes take memory.
"""

from collections.abc import Iterable, Mapping

LEAST_COMPARED = 6
"""Processes that are compared however long that takes; so many fit a screen."""
MOST_COMPARED = 40
"""Most processes that are compared: for their files and histories."""
COMPARED_EVERY_NS = 5_000_000_000
"""The mappings of each are read at least so often, or fewer processes are compared."""


def affordable_count(count: int, interval_ns: int) -> int:
    """Number of processes that the budget allows to compare; the same unless it is clear that more or fewer fit.

    Args:
        count: Processes that are compared now.
        interval_ns: How often the mappings of the one that is read least often are read, ns.
    """
    fitting = count * COMPARED_EVERY_NS // max(1, interval_ns)
    if fitting > count:
        return min(MOST_COMPARED, fitting, 2 * count)
    return max(LEAST_COMPARED, fitting) if 2 * fitting <= count else count


def largest_first(sizes: Mapping[int, int], first: Iterable[int] = ()) -> list[int]:
    """Processes in the order in which they are chosen to be compared.

    Args:
        sizes: Memory of each, by pid.
        first: Processes that come before all others, such as the parent of all.
    """
    return list(dict.fromkeys([*first, *sorted(sizes, key=lambda pid: -sizes[pid])]))
