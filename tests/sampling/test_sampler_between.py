"""Between two readings of a dear process: which of its mappings have page faults, and by whom."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from export_helpers import export_jsonl, record_ticks
from factories import timeline_of
from stepped_program import SteppedProgram

from smapstop.model.callers.page_faults import NO_LONGER_MAPPED
from smapstop.model.history.culprits import culprit_of
from smapstop.model.history.inferred_growth import InferredGrowth, infer_growth
from smapstop.model.protocol import Pace
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.callstack import perf_events
from smapstop.proc.process import ProcDir
from smapstop.recording.reader import Recording
from smapstop.sampling.sampler import Sampler

SMALL, FEW, NEW = 5120, 1024, 2048
"""Pages, as in the program."""
DEAR_NS = 10**15
"""Cost of a reading after which smaps is not read again for long."""


class Watched:
    """A program that stands still, sampled with its page faults; smaps is read when the test says so."""

    def __init__(self, program: SteppedProgram, sampler: Sampler) -> None:
        self.program, self.sampler, self.timeline = program, sampler, Timeline()

    def go(self) -> None:
        """Let the program go on to its next step, and take the samples meanwhile."""
        with ThreadPoolExecutor(1) as other:
            step = other.submit(self.program.go)
            while not step.done():
                self.sampler.drain_faults()
                wait((step,), 0.001)

    def read(self) -> Tick:
        """Read smaps."""
        self.sampler.pacer.drop_debt(0)
        return self._sample("smaps")

    def sample_between(self) -> Tick:
        """Sample while smaps is too dear."""
        self.sampler.pacer.book_request(DEAR_NS)
        return self._sample("rollup", "counters")

    def _sample(self, *tiers: str) -> Tick:
        tick = self.sampler.sample()
        assert tick.tier in tiers
        self.timeline.append(tick)
        return tick

    def mapping_at(self, address: int) -> int:
        """Id of the mapping at an address."""
        assert self.timeline.last is not None
        mappings = self.timeline.last.mappings
        return int(self.timeline.last.ids[np.searchsorted(mappings.start, np.uint64(address), "right") - 1])

    def inferred(self) -> InferredGrowth:
        """What is inferred of the growth since smaps was read."""
        assert self.timeline.last is not None
        growth = infer_growth(self.timeline.last, self.timeline.faults.since_reading(len(self.timeline) - 1))
        assert growth is not None
        return growth

    def inferred_kb(self, mapping: int) -> int:
        """Growth that is inferred of a mapping, kB."""
        growth = self.inferred()
        return int(growth.kb[np.searchsorted(growth.ids, mapping)])

    def faults_in(self, tick: Tick, mapping: int) -> dict[str, int]:
        """Faults of a tick in a mapping, by the function that made them."""
        assert tick.faults is not None
        rows, counts = tick.faults.of_mapping(mapping), Counter[str]()
        for stack, count in zip(rows.stack.tolist(), rows.faults.tolist(), strict=True):
            counts[next(frame.name or "?" for frame in rows.stacks.frames_of(stack) if frame.name != "put")] += count
        return dict(counts)


@pytest.fixture
def watched(program: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A program that is about to grow, whose mappings have been read."""
    # all faults of a step have room: a busy machine may leave no time to take them meanwhile
    monkeypatch.setattr(perf_events, "_LIGHT_PAGES", (64, *perf_events._LIGHT_PAGES))
    path = program("between", "-O2", "-fomit-frame-pointer")
    with (
        SteppedProgram(path) as stepping,
        ProcDir(stepping.pid) as process,
        closing(Sampler(process, Pace(budget=1.0), callers=True)) as sampler,
    ):
        if sampler.faults is None:
            pytest.skip(sampler.missing_callers)
        target = Watched(stepping, sampler)
        target.read()
        yield target


def test_tick_without_a_reading_has_the_faults_of_known_mappings(watched: Watched) -> None:
    watched.go()
    mapping, between = watched.mapping_at(watched.program.address), watched.sample_between()

    assert watched.faults_in(between, mapping) == {"fill": SMALL}
    assert len(between.ids) == len(between.events) == 0


def test_next_reading_explains_the_growth_by_all_faults_since_the_last_one(watched: Watched) -> None:
    watched.go()
    watched.sample_between()
    watched.go()
    watched.sample_between()
    mapping, read = watched.mapping_at(watched.program.address), watched.read()

    (event,) = read.events.of_mapping(mapping)
    assert (event.what, event.pages) == ("first-touch", SMALL + FEW)
    assert watched.faults_in(read, mapping) == {}, "they were in the ticks before"
    culprit = culprit_of(watched.timeline.faults.since_reading(read.number), mapping, [event])
    assert culprit is not None
    assert (culprit.frame.name, culprit.is_alone, culprit.sure) == ("fill", True, True)


def test_faults_in_memory_mapped_since_the_last_reading_are_placed_by_the_next(watched: Watched) -> None:
    for _ in range(3):
        watched.go()
    between = watched.sample_between()

    assert between.faults is not None
    assert between.faults.seen + between.faults.lost - int(between.faults.faults.sum()) >= NEW
    assert NO_LONGER_MAPPED not in between.faults.mapping.tolist()

    read = watched.read()
    new = watched.mapping_at(watched.program.address)
    assert watched.faults_in(read, new) == {"fill": NEW}
    (event,) = read.events.of_mapping(new)
    assert (event.what, event.pages) == ("first-touch", NEW)


def test_growth_between_two_readings_is_inferred_where_the_faults_are(watched: Watched) -> None:
    watched.go()
    mapping, between = watched.mapping_at(watched.program.address), watched.sample_between()

    assert watched.inferred().grown_kb["rss_anon"] == pytest.approx(SMALL * 4, rel=0.05)
    assert watched.inferred_kb(mapping) == pytest.approx(SMALL * 4, rel=0.05)

    read = watched.read()
    assert watched.timeline.last is not None
    assert infer_growth(watched.timeline.last, watched.timeline.faults.since_reading(read.number)) is None
    assert between.number < read.number


def test_a_recording_has_the_same_to_infer_and_nothing_of_it_as_a_change(watched: Watched, tmp_path: Path) -> None:
    watched.go()
    watched.sample_between()
    path = record_ticks(tmp_path / "run.smaps", *watched.timeline.ticks)
    with closing(Recording(path)) as recording:
        replayed = timeline_of(*recording.ticks())
    assert replayed.last is not None
    again, growth = infer_growth(replayed.last, replayed.faults.since_reading(1)), watched.inferred()

    assert again is not None
    assert again.kb.tolist() == growth.kb.tolist()
    assert again.counts.tolist() == growth.counts.tolist()
    assert again.kb.max() >= SMALL * 4 * 0.95
    assert {change["tick"] for change in export_jsonl(path, "changes")} == {0}
    assert export_jsonl(path, "events") == []


def test_nothing_is_claimed_to_have_grown_while_more_is_given_up(watched: Watched) -> None:
    watched.go()
    watched.read()
    watched.go()
    mapping, between = watched.mapping_at(watched.program.address), watched.sample_between()

    assert watched.faults_in(between, mapping) == {"fill": FEW}
    assert watched.inferred().grown_kb["rss_anon"] < 0
    assert watched.inferred_kb(mapping) == 0


def test_growth_of_memory_mapped_since_is_claimed_of_no_other(watched: Watched) -> None:
    for _ in range(2):
        watched.go()
    watched.read()
    watched.go()
    watched.sample_between()

    growth = watched.inferred()
    assert growth.grown_kb["rss_anon"] >= NEW * 4 * 0.95
    assert growth.unplaced >= NEW
    assert growth.kb.sum() <= 4 * growth.counts.sum()
    assert growth.counts.sum() < NEW / 10


def test_a_heap_that_grows_beyond_what_was_mapped_is_known(watched: Watched) -> None:
    for _ in range(2):
        watched.go()
    watched.read()
    for _ in range(2):  # other memory is mapped, too
        watched.go()
    between = watched.sample_between()
    heap = watched.mapping_at(watched.program.address - 1)

    assert watched.timeline.last is not None
    mappings = watched.timeline.last.mappings
    row = watched.timeline.last.row_of(heap)
    assert row is not None
    assert mappings.name_of(row) == "[heap]"
    assert mappings.end[row] <= np.uint64(watched.program.address), "it was read before it grew"
    assert watched.faults_in(between, heap) == {"fill": NEW}
    assert watched.inferred_kb(heap) == pytest.approx(NEW * 4, rel=0.05)
    assert watched.inferred().unplaced >= NEW


@pytest.mark.skipif("[never]" in Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text(), reason="no THP")
def test_a_huge_page_counts_by_its_size_not_by_its_fault(watched: Watched) -> None:
    for _ in range(4):
        watched.go()
    watched.read()
    watched.go()
    mapping, between = watched.mapping_at(watched.program.address), watched.sample_between()

    if watched.inferred().grown_kb["rss_anon"] < 2048:
        pytest.skip("no huge page was free")
    assert sum(watched.faults_in(between, mapping).values()) < 600
    assert watched.inferred_kb(mapping) == pytest.approx(watched.inferred().grown_kb["rss_anon"], rel=0.05)
