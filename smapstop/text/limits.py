"""Text of the limits of a process: how much is used, and when the memory limit will be reached."""

from smapstop.lazy_dataclass import dataclass
from smapstop.model.limit_use import (
    FULL_SHARE,
    HIGH_SHARE,
    LimitUse,
    approach_of,
    count_mappings,
    limit_uses,
    most_mappings,
)
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.units import UnitFormat, process_format

_GROWTH_TICKS = 12
"""Ticks over which a growth has to be steady to be shown."""
_FAR_SECONDS = 86_400.0
"""A limit that is reached later than this is not shown: no growth is that steady."""


@dataclass(frozen=True, slots=True)
class LimitText:
    """A limit in words."""

    label: str
    text: str
    level: int
    """0, or 1 from 80 % on, or 2 from 95 % on."""


def limit_texts(view: View, timeline: Timeline) -> list[LimitText]:
    """Limits of the process at the tick shown: that of its memory if it has one, others if they are near.

    A memory limit that cannot be read may be one: that is said.
    """
    tick = view.snapshot.tick
    uses = limit_uses(tick, count_mappings(view.snapshot.mappings))
    unread = [LimitText("limit", "not readable", 0)] if tick.limits.cgroup_missing else []
    unit = process_format(view)
    return unread + [
        _limit_text(use, view, timeline, unit)
        for use in uses
        if use.name == "memory" or (use.share >= HIGH_SHARE and use.name != "mappings")
    ]


def mapping_count_text(view: View) -> str:
    """Number of mappings that the table has; near the limit, of those that it counts, and what most of them are."""
    mappings, limit = view.snapshot.mappings, view.snapshot.tick.limits.max_map_count
    count = count_mappings(mappings)
    if limit is None or count < HIGH_SHARE * limit:
        return str(len(mappings))
    most = most_mappings(mappings)
    what = "" if most is None else f", {most.count} of them {fmt.printable(most.name) or 'anonymous'}"
    if count > limit:  # the kernel compares before it adds one, and the limit may be lowered later
        return f"{count}, more than the limit of {limit}: mmap fails{what}"
    return f"{count} of at most {limit}{what}"


def memory_limit_kb(view: View) -> float | None:
    """Memory limit of the control group at the tick shown, kB; None without one."""
    group = view.snapshot.tick.limits.cgroup
    return None if group is None or group.max_bytes is None else group.max_bytes / 1024


def _limit_text(use: LimitUse, view: View, timeline: Timeline, unit: UnitFormat) -> LimitText:
    """Words for one limit."""
    level = (use.share >= HIGH_SHARE) + (use.share >= FULL_SHARE)
    share = f"{fmt.percent(use.share)} of {unit.text(use.limit / 1024)}"
    if use.name != "memory":
        return LimitText(use.name, share, level)
    number, has_ended = view.snapshot.tick.number, view.snapshot.tick.ending is not None
    first = max(timeline.oldest, number - _GROWTH_TICKS + 1)
    approach = approach_of([timeline.header(each) for each in range(first, number + 1)])
    if approach is None or approach.seconds > _FAR_SECONDS or has_ended:
        return LimitText("limit", share, level)
    rate = unit.rate(approach.bytes_per_second / 1024)
    when = "within 1 s" if approach.seconds < 1 else f"in {fmt.age(approach.seconds)}"
    return LimitText("limit", f"{share}, full {when} at {rate}", max(level, 1))
