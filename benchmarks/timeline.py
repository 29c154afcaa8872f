"""Cost of the timeline: bytes per tick, and times of appending and of queries, on a fixed synthetic stream.

    python -m benchmarks.timeline [MAPPINGS CHANGES TICKS]

One mapping changes in every tick, all others are equally likely to change, and every change modifies six fields,
which is a harder case than a real process. Bytes are those that Python and numpy allocate for the timeline
(tracemalloc), and those that its segments count.
"""

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.history.event_log import EventLog
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.totals import totals_of
from smapstop.proc.columns import Counters, Mappings, StringTable
from smapstop.proc.fields import FIELDS

FIELD_NAMES = tuple(field.name for field in FIELDS if field.name not in ("pss_anon", "pss_file", "pss_shmem"))
CHANGING_FIELDS = ("rss", "pss", "pss_dirty", "private_dirty", "referenced", "anonymous")
KEYFRAME_EVERY = 120
BUSY_ID = 7
"""Id of the mapping that changes in every tick."""
SECOND_NS = 1_000_000_000
PAGE = 4096


def ticks(mappings: int, changes: int, count: int) -> Iterator[Tick]:
    """Generate the ticks of a process of which `changes` mappings change per tick; every tenth replaces a mapping."""
    rng = np.random.default_rng(4)
    rows, next_id = _initial_map(mappings, rng), mappings
    ids = np.arange(mappings)
    changing = np.array([FIELD_NAMES.index(name) for name in CHANGING_FIELDS])
    counters = Counters(4711, "bench", "S", 1, 4, 100, 1 << 46, 0, 0, 0, 0, None, 0, 1, 1, 1, 0, 0)
    faults = user_ticks = system_ticks = 0
    for number in range(count):
        changed = np.sort(rng.choice(len(ids), changes, replace=False))
        changed[np.searchsorted(changed, BUSY_ID).clip(0, changes - 1)] = BUSY_ID
        pages = rng.integers(1, 17, changes)
        amounts = rows.amounts.copy()
        amounts[np.ix_(changing, changed)] += 4 * pages
        amounts[FIELD_NAMES.index("pss"), changed] -= rng.integers(0, 4, changes)
        rows = replace(rows, amounts=amounts)
        gone, lineage = np.zeros(0, np.int64), tuple[LifecycleEvent, ...]()
        if number % 10 == 5:
            rows, ids, changed, gone = _replace_mapping(rows, ids, changed, next_id)
            lineage = (LifecycleEvent("map", next_id), LifecycleEvent("unmap", int(gone[0])))
            next_id += 1
        keyframe = number % KEYFRAME_EVERY == 0
        sent = slice(None) if keyframe else changed
        faults += int(pages.sum())
        user_ticks += int(rng.integers(0, 30))
        system_ticks += int(rng.integers(0, 9))
        counters = replace(
            counters,
            minor_faults=faults,
            user_ticks=user_ticks,
            system_ticks=system_ticks,
            rss=int(amounts[FIELD_NAMES.index("rss")].sum()),
        )
        yield Tick(
            number=number,
            monotonic_ns=number * SECOND_NS + int(rng.integers(0, 1_000_000)),
            wall_ns=1_700_000_000 * SECOND_NS + number * SECOND_NS + int(rng.integers(0, 1_000_000)),
            read_ns=int(rng.integers(1_000_000, 2_000_000)),
            cpu_ns=int(rng.integers(1_000_000, 3_000_000)),
            interval_ns=SECOND_NS,
            smaps_interval_ns=SECOND_NS,
            counters=counters,
            tier="smaps",
            totals=totals_of(counters, rows, {}),
            keyframe=keyframe,
            ids=ids[sent],
            rows=rows.take(sent),
            gone=gone,
            lineage=lineage,
            events=Events(
                mapping=ids[changed],
                what=np.full(changes, MECHANISMS.index("first-touch"), np.int8),
                kb=4 * pages,
                sure=pages > 1,
            )
            if number
            else Events(gone[:0], gone[:0].astype(np.int8), gone[:0], gone[:0] > 0),
        )


def _initial_map(count: int, rng: np.random.Generator) -> Mappings:
    """Build a map in which every third mapping is of a file."""
    texts = StringTable()
    pages = rng.integers(64, 4096, count)
    start = ((1 << 34) + np.cumsum(pages + rng.integers(0, 64, count))) * PAGE
    file = np.arange(count) % 3 == 0
    names = np.array(
        [texts.intern(f"/usr/lib/lib{at // 12}.so" if at % 3 == 0 else "") for at in range(count)], np.int32
    )
    amounts = np.zeros((len(FIELD_NAMES), count), np.int64)
    amounts[FIELD_NAMES.index("size")] = 4 * pages
    for name in ("kernel_page_size", "mmu_page_size"):
        amounts[FIELD_NAMES.index(name)] = 4
    for name in (*CHANGING_FIELDS, "shared_clean", "private_clean"):
        amounts[FIELD_NAMES.index(name)] = 4 * rng.integers(0, 64, count)
    return Mappings(
        start=start.astype(np.uint64),
        end=(start + pages * PAGE).astype(np.uint64),
        offset=np.where(file, 4096 * (np.arange(count) % 12), 0).astype(np.uint64),
        inode=np.where(file, 260_000 + np.arange(count) // 12, 0).astype(np.uint64),
        perms=np.array([texts.intern("r-xp"), texts.intern("rw-p")], np.int32)[(~file).astype(int)],
        device=np.array([texts.intern("08:01"), texts.intern("00:00")], np.int32)[(~file).astype(int)],
        name=names,
        flags=np.full(count, texts.intern("rd wr mr mw me ac sd"), np.int32),
        fields=FIELD_NAMES,
        amounts=amounts,
        strings=texts,
    )


def _replace_mapping(
    rows: Mappings, ids: np.ndarray, changed: np.ndarray, next_id: int
) -> tuple[Mappings, np.ndarray, np.ndarray, np.ndarray]:
    """Unmap the last of the changed mappings, and map another one a page higher."""
    at = changed[-1]
    start, gone, ids = rows.start.copy(), ids[at : at + 1], ids.copy()
    start[at] += np.uint64(PAGE)
    ids[at] = next_id
    return replace(rows, start=start), ids, changed, gone


def print_median(what: str, ask: Callable[[], object], repeat: int = 5) -> None:
    """Print the median and the maximum time of some runs."""
    spent = []
    for _ in range(repeat):
        begun = time.perf_counter()
        ask()
        spent.append(time.perf_counter() - begun)
    print(f"  {what:<46} {1e3 * float(np.median(spent)):9.2f} ms   max {1e3 * max(spent):9.2f} ms")


def measure(mappings: int, changes: int, count: int) -> None:
    """Append ticks and run queries; print bytes and times."""
    print(f"{mappings} mappings, {changes} changes a tick, {count} ticks")
    timeline = Timeline()
    spent = []
    tracemalloc.start()
    sizes = []
    for tick in ticks(mappings, changes, count):
        if tick.number % (count // 4) == 0:
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        timeline.append(tick)
    del tick
    gc.collect()
    sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    each = np.diff(sizes[1:]) / (count // 4)
    print("  bytes a tick, by quarter after the first        " + "  ".join(f"{size:9.0f}" for size in each))
    if hasattr(timeline, "nbytes"):
        print(f"  bytes a tick that segments count              {timeline.nbytes / count:9.0f}")
        print(f"  oldest tick in the timeline                   {timeline.oldest:9}")

    timed_timeline = Timeline()
    for tick in ticks(mappings, changes, min(count, 1000)):
        begun = time.perf_counter()
        timed_timeline.append(tick)
        spent.append(1e3 * (time.perf_counter() - begun))
    for share in (50, 99, 100):
        print(f"  append, {share} % take at most {'':22} {np.percentile(spent, share):9.2f} ms")
    first, newest = getattr(timeline, "oldest", 0), count - 1
    picked = np.random.default_rng(1).integers(first, count, 20).tolist()
    asked = iter(picked * 2)
    print_median("at(any tick)", lambda: timeline.at(next(asked)), 20)
    visible, queries = np.arange(48), timeline.queries
    print_median(
        "series, 48 rows over the last 120 ticks", lambda: queries.series(visible, "rss", count - 120, count)
    )
    print_median(
        "series, 48 rows over 120 ticks long ago", lambda: queries.series(visible, "rss", first + 100, first + 220)
    )
    print_median("totals over everything", lambda: queries.totals("rss", 0, count))
    print_median("history of a mapping that always changes", lambda: MappingHistory(timeline, BUSY_ID), 3)
    print_median("history of one that changes in every tenth tick", lambda: MappingHistory(timeline, 8), 3)
    print_median("history of an unknown id", lambda: MappingHistory(timeline, 10**9), 3)
    print_median("change at the newest tick", lambda: queries.change(int(timeline.ticks[newest].ids[0]), newest))
    print_median("event log of all mappings, from scratch", lambda: EventLog(timeline).at(newest), 1)
    print_median("event log of one mapping, from scratch", lambda: EventLog(timeline, BUSY_ID).at(newest), 1)
    back = EventLog(timeline)
    back.at(newest)
    print_median("slice of 100 ticks", lambda: timeline.ticks[newest - 300 : newest - 200], 3)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        measure(*map(int, sys.argv[1:]))
    else:
        measure(500, 50, 3600)
        measure(60_000, 3_000, 400)
