"""Match the mappings of two readings of one process by address, and compare them one by one."""

from dataclasses import replace

import numpy as np

from smapstop.model.compare.group_comparison import GroupComparison, MappingChange, names_of, sum_groups
from smapstop.model.identity import match_readings
from smapstop.model.same_process import is_same_process
from smapstop.model.tick import LifecycleKind
from smapstop.proc.columns import Mappings, StringTable

_TEXT_COLUMNS = ("perms", "device", "name", "flags")


def compare_addresses(before: Mappings, after: Mappings) -> GroupComparison | None:
    """Match mappings as sampling does; each is a group of its own, in the order of addresses.

    Returns:
        None if the readings are of two processes.
    """
    before, after = _with_common_strings(before, after)
    count = len(before)
    match = match_readings(before, np.arange(count), after, count)
    if not is_same_process(before, after, match.previous_rows):
        return None
    ids = np.concatenate([np.arange(count), match.ids])
    start = np.zeros(match.next_id, np.uint64)
    start[ids] = np.concatenate([before.start, after.start])
    order = np.argsort(start, kind="stable")
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    what: dict[int, list[LifecycleKind]] = {}
    for event in match.lineage:
        what.setdefault(event.mapping, []).append(event.what)
    sides = [dict(zip(numbers, range(len(numbers)), strict=True)) for numbers in (range(count), match.ids.tolist())]
    rows = [(sides[0].get(mapping), sides[1].get(mapping)) for mapping in order.tolist()]
    shown = [(after, new) if new is not None else (before, old or 0) for old, new in rows]
    names = {id(mappings): names_of(mappings, "name") for mappings in (before, after)}
    keys = [(texts := names[id(mappings)])[0][texts[1][row]] for mappings, row in shown]
    return GroupComparison(
        names=tuple(name for name, _ in keys),
        kinds=tuple(kind for _, kind in keys),
        perms=tuple(mappings.perms_of(row) for mappings, row in shown),
        offsets=tuple(int(mappings.offset[row]) for mappings, row in shown),
        before=sum_groups(before, place[:count], len(order)),
        after=sum_groups(after, place[match.ids], len(order)),
        mappings=tuple(
            MappingChange(_range(before, old), _range(after, new), tuple(what.get(mapping, ())))
            for mapping, (old, new) in zip(order.tolist(), rows, strict=True)
        ),
    )


def _range(mappings: Mappings, row: int | None) -> tuple[int, int] | None:
    """Addresses of a mapping."""
    return None if row is None else (int(mappings.start[row]), int(mappings.end[row]))


def _with_common_strings(before: Mappings, after: Mappings) -> tuple[Mappings, Mappings]:
    """Both maps with ids of one string table."""
    strings = StringTable(before.strings.additions_since(0))
    codes = np.array([strings.intern(text) for text in after.strings.additions_since(0)], np.int32)
    columns = {name: codes[getattr(after, name)] for name in _TEXT_COLUMNS}
    return replace(before, strings=strings), replace(after, strings=strings, **columns)
