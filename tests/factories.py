"""Small maps and ticks for tests, written as short tuples; addresses are in pages."""

from typing import Any, NamedTuple

import numpy as np

from smapstop.model.callers.call_stacks import BEYOND, IN_SYSTEM_CALL, CallStacks
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.table_data import TableData
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.columns import ABSENT, Counters, Mappings, StringTable
from smapstop.proc.limits import CgroupMemory

PAGE = 4096
TEXTS = StringTable()
"""Interned by every map that is built without another."""


class Row(NamedTuple):
    """A mapping from page `first` up to page `stop`; a file when its name begins with a slash."""

    first: int
    stop: int
    perms: str = "rw-p"
    name: str = ""
    rss: int = 0
    offset: int = 0
    """In pages."""
    flags: str = ""


def mappings_of(*rows: tuple[Any, ...], texts: StringTable = TEXTS, **amounts: list[int]) -> Mappings:
    """A map with the fields size, rss, and those given, from tuples as of `Row`."""
    of = [Row(*row) for row in rows]
    fields = {"size": [4 * (row.stop - row.first) for row in of], "rss": [row.rss for row in of]} | amounts

    def column(values: list[Any], dtype: type[np.generic]) -> Any:
        return np.array(values, dtype)

    return Mappings(
        start=column([PAGE * row.first for row in of], np.uint64),
        end=column([PAGE * row.stop for row in of], np.uint64),
        offset=column([PAGE * row.offset for row in of], np.uint64),
        inode=column([1000 + texts.intern(row.name) if row.name.startswith("/") else 0 for row in of], np.uint64),
        perms=column([texts.intern(row.perms) for row in of], np.int32),
        device=column([texts.intern("08:01" if row.name.startswith("/") else "00:00") for row in of], np.int32),
        name=column([texts.intern(row.name) for row in of], np.int32),
        flags=column([texts.intern(row.flags) for row in of], np.int32),
        fields=tuple(fields),
        amounts=column(list(fields.values()), np.int64).reshape(len(fields), len(of)),
        strings=texts,
    )


def mapping_dicts(mappings: Mappings) -> list[dict[str, Any]]:
    """Every mapping with all that is known of it, without what is `ABSENT`, for comparing maps of any layout."""
    heads = ("start", "end", "offset", "inode")
    codes = ("perms", "device", "name", "flags")
    return [
        {name: int(getattr(mappings, name)[row]) for name in heads}
        | {name: mappings.string_at(getattr(mappings, name), row) for name in codes}
        | {
            name: int(amount)
            for name, amount in zip(mappings.fields, mappings.amounts[:, row], strict=True)
            if amount != ABSENT
        }
        for row in range(len(mappings))
    ]


COUNTERS = Counters(
    pid=4711,
    name="program",
    state="S",
    ppid=1,
    threads=1,
    start_time=100,
    image=0x7FFF0000,
    minor_faults=0,
    major_faults=0,
    user_ticks=0,
    system_ticks=0,
    exit_code=None,
    rss=None,
)
SECOND_NS = 1_000_000_000


def tick_of(number: int, rows: Mappings, ids: list[int], **other: Any) -> Tick:
    """A tick a second after the one before; a keyframe when it is the first."""
    usual: dict[str, Any] = {
        "number": number,
        "monotonic_ns": number * SECOND_NS,
        "wall_ns": (1_700_000_000 + number) * SECOND_NS,
        "read_ns": 1_000_000,
        "cpu_ns": 1_000_000,
        "interval_ns": SECOND_NS,
        "smaps_interval_ns": SECOND_NS,
        "counters": COUNTERS,
        "tier": "smaps",
        "totals": {},
        "keyframe": number == 0,
        "ids": np.array(ids, np.int64),
        "rows": rows,
        "gone": np.zeros(0, np.int64),
    }
    if "gone" in other:
        other["gone"] = np.array(other["gone"], np.int64)
    return Tick(**(usual | other))


def cgroup_memory(**other: Any) -> CgroupMemory:
    """Memory of a control group of version 2: half of its 64 MiB used, an eighth of them page cache."""
    usual: dict[str, Any] = {
        "version": 2,
        "path": "/app",
        "current_bytes": 36 << 20,
        "cache_bytes": 4 << 20,
        "max_bytes": 64 << 20,
        "high_bytes": None,
        "swap_bytes": 0,
        "swap_max_bytes": None,
        "oom_kills": 0,
        "pressure_percent": 0.0,
    }
    return CgroupMemory(**(usual | other))


def timeline_of(*ticks: Tick) -> Timeline:
    """A timeline with these ticks."""
    timeline = Timeline()
    for tick in ticks:
        timeline.append(tick)
    return timeline


def change_of(table: TableData) -> list[int]:
    """Changes of the rows of a table against its baseline, kB."""
    assert table.change is not None
    changes: list[int] = table.change.tolist()
    return changes


def recent_change_of(table: TableData) -> list[int]:
    """Changes of the rows of a table over the last ticks, kB."""
    assert table.recent_change is not None
    changes: list[int] = table.recent_change.tolist()
    return changes


CALLS = CallStacks()
"""Table of the call stacks of `faults_of`."""


def faults_of(*rows: tuple[int, str, int], **other: int) -> PageFaults:
    """Page faults from tuples: the mapping, the functions such as "leaf < caller < main", and how many.

    A function is in the file /usr/bin/program, or in the one that it has in front: "libc.so.6:memset", and may have a
    line behind it: "leaf@leaf.c:7".
    """
    stacks = [CALLS.intern([_frame(text) for text in names.split(" < ") if text]) for _, names, _ in rows]
    counts = [count for _, _, count in rows]
    totals = {"minor": sum(counts), "major": 0, "seen": sum(counts), "lost": 0, "in_system_calls": 0} | other
    mapping, faults = (np.array(column, np.int64) for column in ([row[0] for row in rows], counts))
    return PageFaults(**totals, mapping=mapping, stack=np.array(stacks, np.int32), faults=faults, stacks=CALLS)


def _frame(text: str) -> Frame:
    """A frame of `faults_of`."""
    if text == "…":
        return BEYOND
    if text == IN_SYSTEM_CALL.name:
        return IN_SYSTEM_CALL
    if text.startswith("py::"):
        return Frame(text, "", 16)
    text, _, source = text.partition("@")
    file, _, name = text.rpartition(":")
    return Frame(name, file or "/usr/bin/program", 16, source or None)
