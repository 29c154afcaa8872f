"""Whatever is packed comes back, whatever is forgotten says so: compared with a log that keeps everything."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from address_space import AddressSpace, operations
from building import COUNTERS, SECOND, mappings_of, tick_of
from hypothesis import given, settings
from hypothesis import strategies as st

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.identity import NONE, first_match, match
from smapstop.model.moment import Moment, apply
from smapstop.model.rows import differing
from smapstop.model.tick import Copied, Ending, Tick
from smapstop.model.timeline import Timeline
from smapstop.proc.columns import ABSENT, Mappings, Texts

# streams of ticks

BIG = (1 << 63) - 1
amounts = st.sampled_from([0, 4, 8, 4096, 1 << 31, 1 << 40, BIG, ABSENT])
steps = st.fixed_dictionaries(
    {
        "done": st.lists(operations, max_size=3),
        "what": st.sampled_from(["read"] * 8 + ["keyframe", "keyframe", "exec", "unread", "denied", "torn"]),
        "swap": st.one_of(st.none(), amounts),
        "totals": st.dictionaries(st.sampled_from(["rss", "pss", "uss"]), st.sampled_from([0, 12, BIG]), max_size=3),
        "counters": st.fixed_dictionaries(
            {
                "minor_faults": st.integers(0, BIG),
                "image": st.sampled_from([0, 0x7FFF0000, (1 << 64) - 1]),
                "exit_code": st.sampled_from([None, 0, 9]),
                "vm_hwm": st.sampled_from([None, 5]),
            }
        ),
        "event": st.sampled_from([None, "first-touch", "copy-on-write", "swap-out"]),
        "pages": st.integers(1, 1 << 50),
        "late": st.integers(0, 10 * SECOND),
    }
)
streams = st.tuples(st.lists(steps, min_size=1, max_size=24), st.booleans())
VSYSCALL = (0xFFFFFFFFFF600, 0xFFFFFFFFFF601, "--xp", "[vsyscall]")


class Stream:
    """A process that is sampled: makes ticks of the steps of `streams`."""

    def __init__(self) -> None:
        self.space = AddressSpace()
        self.texts = Texts()
        self.known: tuple[Mappings, Any] | None = None
        self.next_id = 0
        self.at_ns = 0

    def tick(self, number: int, step: dict[str, Any]) -> Tick:
        """The next tick."""
        for operation in step["done"]:
            self.space.do(*operation)
        self.at_ns += SECOND + step["late"]
        told = {
            "counters": replace(COUNTERS, **step["counters"]),
            "totals": step["totals"],
            "monotonic_ns": self.at_ns,
            "wall_ns": (1_700_000_000 << 30) + self.at_ns,
        }
        what = "read" if number == 0 else step["what"]
        if what in ("unread", "denied"):
            return tick_of(
                number,
                mappings_of(texts=self.texts).take(slice(0)),
                [],
                tier="counters" if what == "unread" else "smaps",
                missing="not permitted" if what == "denied" else "",
                **told,
            )
        rows = self._mappings(step["swap"])
        if what == "exec":
            self.known = None
        if self.known is None:
            found, changed = first_match(rows, self.next_id), np.ones(len(rows), bool)
        else:
            found, changed = match(*self.known, rows, self.next_id), np.ones(len(rows), bool)
            old = np.flatnonzero(found.before != NONE)
            changed[old] = differing(self.known[0], found.before[old], rows, old)
        self.known, self.next_id = (rows, found.ids), found.next_id
        keyframe = what in ("keyframe", "exec") or number == 0
        moved = found.ids[changed]
        carried = np.ones(len(rows), bool) if keyframe else changed
        return tick_of(
            number,
            rows.take(carried),
            found.ids[carried].tolist(),
            gone=found.gone.tolist(),
            lineage=found.lineage,
            keyframe=keyframe,
            executed=what == "exec",
            torn=what == "torn",
            events=self._events(step, moved),
            copied=tuple(Copied(mapping, ("page1", "page2")) for mapping in moved.tolist()[:1]),
            **told,
        )

    def _mappings(self, swap: int | None) -> Mappings:
        """The map as it is read; a field that is not always printed."""
        rows = self.space.mappings(self.texts, VSYSCALL)
        if swap is None:
            return rows
        column = np.full((1, len(rows)), swap)
        column[:, 1::2] = 0
        return replace(rows, fields=(*rows.fields, "swap"), amounts=np.concatenate([rows.amounts, column]))

    def _events(self, step: dict[str, Any], moved: Any) -> Events:
        n = len(moved) if step["event"] else 0
        what = MECHANISMS.index(step["event"] or "first-touch")
        return Events(
            moved[:n], np.full(n, what, np.int8), np.full(n, 4 * step["pages"]), np.arange(n) % 2 == 0, page_kb=4
        )


def ticks_of(stream: Any) -> Iterator[Tick]:
    """The ticks of a stream."""
    steps, ends = stream
    sampled = Stream()
    number = 0
    for number, step in enumerate(steps):
        yield sampled.tick(number, step)
    if ends:
        nothing = mappings_of(texts=sampled.texts)
        at = number + 1
        yield tick_of(at, nothing, [], monotonic_ns=sampled.at_ns + SECOND, ending=Ending(signal=9, zombie=True))


# a log that keeps everything


class Everything:
    """Every tick, and every moment."""

    def __init__(self, stream: Any) -> None:
        self.ticks = list(ticks_of(stream))
        self.moments: list[Moment] = []
        for tick in self.ticks:
            self.moments.append(apply(self.moments[-1] if self.moments else None, tick))


def packed(ticks: list[Tick], **how: int) -> Timeline:
    timeline = Timeline(**how)
    for tick in ticks:
        timeline.append(tick)
    timeline._moments.clear()
    return timeline


def assert_same(expected: object, found: object, *, path: str = "") -> None:
    """The same in all parts, with the types of columns."""
    assert type(expected) is type(found), path
    if isinstance(expected, np.ndarray):
        assert isinstance(found, np.ndarray)
        assert (expected.dtype, expected.shape) == (found.dtype, found.shape), path
        assert expected.tolist() == found.tolist(), path
    elif isinstance(expected, Texts):
        assert expected is found, path
    elif isinstance(expected, tuple):
        assert isinstance(found, tuple)
        assert len(expected) == len(found), path
        for at, (a, b) in enumerate(zip(expected, found, strict=True)):
            assert_same(a, b, path=f"{path}[{at}]")
    elif is_dataclass(expected):
        for field in fields(expected):
            assert_same(getattr(expected, field.name), getattr(found, field.name), path=f"{path}.{field.name}")
    else:
        assert expected == found, path
        if isinstance(expected, dict):
            assert isinstance(found, dict)
            assert list(expected) == list(found), path


runs = st.integers(1, 5)


@settings(max_examples=500, deadline=None)
@given(streams, runs)
def test_every_tick_comes_back_as_it_was(stream: Any, run_ticks: int) -> None:
    kept = Everything(stream)
    timeline = packed(kept.ticks, run_ticks=run_ticks)

    for number in reversed(range(len(kept.ticks))):
        assert_same(kept.ticks[number], timeline.ticks[number], path=f"tick {number}")


@settings(max_examples=500, deadline=None)
@given(streams, runs, st.randoms())
def test_moments(stream: Any, run_ticks: int, random: Any) -> None:
    kept = Everything(stream)
    timeline = packed(kept.ticks, run_ticks=run_ticks)
    numbers = list(range(len(kept.ticks)))
    random.shuffle(numbers)
    for number in numbers:
        expected, found = kept.moments[number], timeline.at(number)
        assert_same(expected.tick, found.tick)
        assert expected.read.number == found.read.number
        for name in ("ids", "moved", "mappings"):
            assert_same(getattr(expected, name), getattr(found, name), path=name)
