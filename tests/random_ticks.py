"""Random streams of ticks: all that a sampler may tell, and more; and when two ticks are the same."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from address_space import AddressSpace, operations
from factories import COUNTERS, SECOND_NS, mappings_of, tick_of
from hypothesis import strategies as st

from smapstop.model.callers.call_stacks import CallStacks
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import MECHANISMS, Events
from smapstop.model.identity import NO_ROW, match_readings, number_first_reading
from smapstop.model.mapping_rows import rows_differ
from smapstop.model.tick import ExitStatus, Ids, OomKill, OomLimit, ThreadStack, Tick
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.columns import ABSENT, Mappings, StringTable

BIG = (1 << 63) - 1
VSYSCALL = (0xFFFFFFFFFF600, 0xFFFFFFFFFF601, "--xp", "[vsyscall]")

steps = st.fixed_dictionaries(
    {
        "done": st.lists(operations, max_size=3),
        "what": st.sampled_from(["read"] * 8 + ["keyframe"] * 3 + ["exec", "unread", "denied", "torn"]),
        "swap": st.sampled_from([None, None, 0, 4, 1 << 31, BIG, ABSENT]),
        "totals": st.dictionaries(st.sampled_from(["rss", "pss", "uss"]), st.sampled_from([0, 12, BIG]), max_size=3),
        "counters": st.fixed_dictionaries(
            {
                "name": st.sampled_from(["program", "other"]),
                "minor_faults": st.integers(0, BIG),
                "image": st.sampled_from([0, 0x7FFF0000, (1 << 64) - 1]),
                "exit_code": st.sampled_from([None, 0, 9]),
                "vm_hwm": st.sampled_from([None, 5]),
            }
        ),
        "event": st.sampled_from([None, "first-touch", "copy-on-write", "swap-out"]),
        "pages": st.integers(1, 1 << 50),
        "late": st.integers(0, 10 * SECOND_NS),
        "faulted": st.none()
        | st.lists(st.tuples(st.integers(-1, 9), st.lists(st.sampled_from("abc"), max_size=3), st.integers(1, BIG))),
    }
)
tick_streams = st.tuples(st.lists(steps, min_size=1, max_size=24), st.booleans())
"""What happened before each reading, and how it went; and whether the process ended."""


def ticks_of_stream(stream: Any) -> Iterator[Tick]:
    """The ticks of a stream."""
    sampled, (steps, ends) = _SampledProcess(), stream
    for step in steps:
        yield sampled.tick(step)
    if ends:
        yield sampled.end()


class _SampledProcess:
    """A process that is sampled."""

    def __init__(self) -> None:
        self._space, self._texts, self._stacks = AddressSpace(), StringTable(), CallStacks()
        self._known: tuple[Mappings, Ids] | None = None
        self._number = self._next_id = self._at_ns = 0

    def tick(self, step: dict[str, Any]) -> Tick:
        """The tick after a step."""
        for operation in step["done"]:
            self._space.apply(*operation)
        what = step["what"] if self._number else "keyframe"
        self._at_ns += SECOND_NS + step["late"]
        told = self._times() | {"totals": step["totals"], "counters": replace(COUNTERS, **step["counters"])}
        if what in ("unread", "denied"):
            nothing = mappings_of(texts=self._texts)
            tier, missing = ("counters", "") if what == "unread" else ("smaps", "not permitted")
            return tick_of(told.pop("number"), nothing, [], tier=tier, missing=missing, **told)
        return self._read(step, what, told)

    def _times(self) -> dict[str, Any]:
        self._number += 1
        wall_ns = (1_700_000_000 << 30) + self._at_ns
        return {"number": self._number - 1, "monotonic_ns": self._at_ns, "wall_ns": wall_ns}

    def _read(self, step: dict[str, Any], what: str, told: dict[str, Any]) -> Tick:
        """A tick that read the mappings."""
        rows = self._mappings(step["swap"])
        if what == "exec":
            self._known = None
        found = (
            match_readings(*self._known, rows, self._next_id)
            if self._known
            else number_first_reading(rows, self._next_id)
        )
        changed = np.ones(len(rows), bool)
        if self._known:
            old = np.flatnonzero(found.previous_rows != NO_ROW)
            changed[old] = rows_differ(self._known[0], found.previous_rows[old], rows, old)
        self._known, self._next_id = (rows, found.ids), found.next_id
        keyframe, moved = what in ("keyframe", "exec"), found.ids[changed]
        carried = np.flatnonzero(changed | keyframe)
        return tick_of(
            told.pop("number"),
            rows.take(carried),
            found.ids[carried].tolist(),
            gone=found.gone.tolist(),
            lineage=found.lineage,
            keyframe=keyframe,
            executed=what == "exec",
            torn=what == "torn",
            events=_events(step, moved),
            faults=self._faults(step.get("faulted")),
            stacks=tuple(ThreadStack(mapping, 7, "io", threads=1 + mapping % 3) for mapping in moved.tolist()[1:2]),
            **told,
        )

    def _faults(self, rows: list[tuple[int, list[str], int]] | None) -> PageFaults | None:
        """Page faults in mappings, by the names of functions."""
        if rows is None:
            return None
        stack = [self._stacks.intern(Frame(name, "/lib", ord(name)) for name in names) for _, names, _ in rows]
        mapping, faults = (np.array([row[at] for row in rows], np.int64) for at in (0, 2))
        return PageFaults(len(rows), 1, 2, 3, 4, mapping, np.array(stack, np.int32), faults, self._stacks)

    def _mappings(self, swap: int | None) -> Mappings:
        """The map as it is read, with a field that is not always printed."""
        rows = self._space.mappings(self._texts, VSYSCALL)
        if swap is None:
            return rows
        column = np.full((1, len(rows)), swap)
        column[:, 1::2] = 0
        return replace(rows, fields=(*rows.fields, "swap"), amounts=np.concatenate([rows.amounts, column]))

    def end(self) -> Tick:
        """The last tick."""
        self._at_ns += SECOND_NS
        told = self._times()
        ending = ExitStatus(signal=9, zombie=True, oom=OomKill(sure=True, limit=OomLimit(1 << 26, "/group")))
        return tick_of(told.pop("number"), mappings_of(texts=self._texts), [], ending=ending, **told)


def _events(step: dict[str, Any], moved: Ids) -> Events:
    """The same event for each row that moved."""
    n = len(moved) if step["event"] else 0
    what = np.full(n, MECHANISMS.index(step["event"] or "first-touch"), np.int8)
    events = Events(moved[:n], what, np.full(n, 4 * step["pages"]), np.arange(n) % 2 == 0)
    return events.with_names(dict.fromkeys(moved.tolist()[1:3], ("page1", "page2")))


def assert_same(expected: object, found: object, path: str = "") -> None:
    """The same in all parts, with the types of columns, and in the same order."""
    assert type(expected) is type(found), path
    if isinstance(expected, np.ndarray) and isinstance(found, np.ndarray):
        assert (expected.dtype, expected.shape) == (found.dtype, found.shape), path
        assert expected.tolist() == found.tolist(), path
    elif isinstance(expected, (StringTable, CallStacks)):
        assert expected is found, path
    elif isinstance(expected, tuple) and isinstance(found, tuple):
        assert len(expected) == len(found), path
        for at, (a, b) in enumerate(zip(expected, found, strict=True)):
            assert_same(a, b, f"{path}[{at}]")
    elif isinstance(expected, dict) and isinstance(found, dict):
        assert list(expected.items()) == list(found.items()), path
    elif is_dataclass(expected):
        for field in fields(expected):
            assert_same(getattr(expected, field.name), getattr(found, field.name), f"{path}.{field.name}")
    else:
        assert expected == found, path
