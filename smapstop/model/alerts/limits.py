"""The limit that a term of an alert is about."""

from smapstop.model.alerts.expression import AlertTerm
from smapstop.model.tick import Tick


def limit_of(term: AlertTerm, tick: Tick) -> float | None:
    """The limit that a term is about, in the unit of its quantity, for `limit` kB; None if there is none.

    It is the memory limit of the control group; for `swap` its swap limit, for `mappings` vm.max_map_count.
    """
    if term.quantity == "mappings":
        return tick.limits.max_map_count
    group = tick.limits.cgroup
    limit = None if group is None else group.swap_max_bytes if term.field == "swap" else group.max_bytes
    return limit / 1024 if limit else None
