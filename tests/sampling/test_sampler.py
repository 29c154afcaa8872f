"""Ticks of real processes, and of files that say what real ones say too rarely."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from factories import SECOND_NS, mapping_dicts
from stepped_program import SteppedProgram, wait_until

from smapstop.model.protocol import Pace
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.model.timeline.map_diff import diff_maps
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.added_fields import ADDED_PROPERTIES
from smapstop.proc.process import ProcDir
from smapstop.proc.read_buffer import ReadBuffer
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling import transition as module
from smapstop.sampling.process_reader import ProcessReader
from smapstop.sampling.sampler import Sampler
from smapstop.sampling.transition import SamplerState, advance

Program = Callable[[str], Path]
PAGE = os.sysconf("SC_PAGE_SIZE")


class Watched:
    """A process that stands still, its sampler, and the timeline of what that told."""

    def __init__(self, process: ProcDir, stepping: SteppedProgram) -> None:
        self.process, self.stepping = process, stepping
        self.sampler = Sampler(process, Pace(budget=1.0))
        self.timeline = Timeline()

    def sample(self) -> Tick:
        tick = self.sampler.sample()
        self.timeline.append(tick)
        return tick

    def mapping_at(self, address: int) -> int:
        """The id of the mapping at an address."""
        moment = self.timeline.last
        assert moment is not None
        mappings = moment.mappings
        (row,) = np.flatnonzero((mappings.start <= np.uint64(address)) & (np.uint64(address) < mappings.end))
        return int(moment.ids[row])

    def agrees(self) -> bool:
        """Whether the timeline has the map as the kernel tells it, but for sharing, ageing and writing back."""
        assert self.timeline.last is not None
        mappings = parse_smaps(self.process.read_smaps())
        elsewhere = {"pss", "pss_dirty", "swap_pss", "locked", "referenced", *ADDED_PROPERTIES}
        elsewhere |= {"shared_clean", "private_clean", "shared_dirty", "private_dirty"}
        ours, kernels = (
            [{name: value for name, value in row.items() if name not in elsewhere} for row in mapping_dicts(of)]
            for of in (self.timeline.last.mappings, mappings)
        )
        return ours == kernels


@contextmanager
def watched(path: Path) -> Iterator[Watched]:
    with SteppedProgram(path) as stepping, ProcDir(stepping.pid) as process:
        yield Watched(process, stepping)


def test_first_tick_is_the_whole_map(program: Program) -> None:
    with watched(program("grow")) as target:
        tick = target.sample()

        assert tick.keyframe
        assert (tick.number, tick.tier, tick.lineage, tick.torn, tick.executed) == (0, "smaps", (), False, False)
        assert tick.ids.tolist() == list(range(len(tick.rows)))
        assert tick.totals["rss"] == int(tick.rows.amounts[tick.rows.fields.index("rss")].sum())
        assert tick.read_ns > 0
        assert tick.cpu_ns > 0
        assert target.agrees()


def test_tick_of_a_process_that_stands_still_is_small(program: Program) -> None:
    with watched(program("grow")) as target:
        first, second = target.sample(), target.sample()

        assert len(second.rows) < len(first.rows)
        assert (second.number, second.keyframe, second.lineage, second.gone.tolist()) == (1, False, (), [])
        assert target.agrees()


def test_heap_keeps_its_id_when_it_grows_and_shrinks(program: Program) -> None:
    with watched(program("grow")) as target:
        target.sample()
        heap = target.mapping_at(target.stepping.address)
        target.stepping.go()
        assert target.sample().lineage == (LifecycleEvent("grow", heap),)
        target.stepping.go()
        assert target.sample().lineage == (LifecycleEvent("shrink", heap),)

        changes = diff_maps(target.timeline.at(0), target.timeline.at(2))
        size = changes.delta("size")
        assert size is not None
        assert int(size.sum()) * 1024 == 48 * PAGE
        assert target.agrees()


def test_split_and_merge(program: Program) -> None:
    with watched(program("protect")) as target:
        start = target.stepping.address
        target.sample()
        whole = target.mapping_at(start)

        target.stepping.go()
        lineage = target.sample().lineage
        middle, last = target.mapping_at(start + 4 * PAGE), target.mapping_at(start + 8 * PAGE)
        assert target.mapping_at(start) == whole
        assert lineage == (
            LifecycleEvent("split", middle, whole),
            LifecycleEvent("split", last, whole),
            LifecycleEvent("shrink", whole),
        )
        assert target.agrees()

        target.stepping.go()
        lineage = target.sample().lineage
        assert {target.mapping_at(start + page * PAGE) for page in range(12)} == {whole}
        assert lineage == (
            LifecycleEvent("merge", middle, whole),
            LifecycleEvent("merge", last, whole),
            LifecycleEvent("grow", whole),
        )

        target.stepping.go()
        assert target.sample().lineage == (LifecycleEvent("protect", whole),)
        assert target.agrees()


def test_moved_mapping_keeps_its_id(program: Program) -> None:
    with watched(program("move")) as target:
        target.sample()
        before = target.stepping.address
        mapping = target.mapping_at(before)
        target.stepping.go()
        lineage = target.sample().lineage

        assert target.stepping.address != before
        assert target.mapping_at(target.stepping.address) == mapping
        assert lineage == (LifecycleEvent("move", mapping), LifecycleEvent("grow", mapping))
        assert target.agrees()


def test_hole_splits_and_what_is_unmapped_is_gone(program: Program) -> None:
    with watched(program("hole")) as target:
        start = target.stepping.address
        target.sample()
        whole = target.mapping_at(start)
        target.stepping.go()
        lineage = target.sample().lineage
        last = target.mapping_at(start + 8 * PAGE)
        assert lineage == (LifecycleEvent("split", last, whole), LifecycleEvent("shrink", whole))

        target.stepping.go()
        tick = target.sample()
        assert tick.lineage == (LifecycleEvent("unmap", whole), LifecycleEvent("unmap", last))
        assert tick.gone.tolist() == [whole, last]
        assert target.agrees()


def test_exec_starts_over_with_a_keyframe_and_other_ids(program: Program) -> None:
    with watched(program("again")) as target:
        target.sample()
        target.stepping.go()
        tick = target.sample()
        after = target.sample()

        assert tick.executed
        assert tick.keyframe
        assert (tick.lineage, tick.gone.tolist()) == ((), [])
        assert not set(tick.ids.tolist()) & set(target.timeline.ticks[0].ids.tolist())
        assert not after.executed
        assert not after.keyframe
        assert target.agrees()


def test_exec_is_read_at_once_whatever_the_budget(program: Program) -> None:
    with watched(program("again")) as target:
        target.sample()
        target.sampler.pacer.book_tick("smaps", 3600 * SECOND_NS, 0)
        assert target.sample().tier == "rollup"

        target.stepping.go()
        tick = target.sample()

        assert tick.executed
        assert tick.tier == "smaps"
        assert target.agrees()


def test_program_that_begins_while_it_is_being_read_is_never_mixed_with_the_one_before(program: Program) -> None:
    with watched(program("again")) as target:
        target.sample()
        read = target.process.read_smaps_into

        def slow_read(memory: ReadBuffer) -> memoryview:
            target.process.__dict__.pop("read_smaps_into")
            text = read(memory)
            target.stepping.go()
            return text[: len(text) // 2]

        # the program does not exec by itself at the worst moment
        target.process.__dict__["read_smaps_into"] = slow_read
        tick = target.sample()

        assert tick.executed
        assert tick.keyframe
        assert not target.sample().executed
        assert target.agrees()


def test_process_whose_main_thread_ends_goes_on(program: Program) -> None:
    with watched(program("main_ended")) as target:
        target.sample()
        target.stepping.go()
        wait_until(lambda: target.process.counters().state == "Z")
        ticks = [target.sample(), target.sample()]

        assert [tick.executed for tick in ticks] == [False, False]
        assert not set(ticks[0].gone.tolist()) >= set(target.timeline.ticks[0].ids.tolist())
        assert ticks[1].lineage == ()
        assert ticks[1].totals["rss"] > 0
        assert target.agrees()


def test_totals_and_counters_between_full_readings(program: Program) -> None:
    with watched(program("grow")) as target:
        target.sample()
        map_before = target.timeline.last
        target.sampler.pacer.book_tick("smaps", 3600 * SECOND_NS, 0)
        tick = target.sample()
        assert (tick.tier, len(tick.rows), tick.keyframe) == ("rollup", 0, False)
        assert {"rss", "pss", "uss", "anonymous"} <= tick.totals.keys()

        target.sampler.pacer.book_tick("rollup", 3600 * SECOND_NS, 0)
        tick = target.sample()
        assert (tick.tier, len(tick.rows), tick.keyframe) == ("counters", 0, False)
        assert "pss" not in tick.totals
        assert tick.totals["rss"] > 0
        assert tick.smaps_interval_ns > 60 * SECOND_NS
        assert tick.due_ns == target.sampler.pacer.due_ns

        assert map_before is not None
        assert target.timeline.last is not None
        assert target.timeline.last.mappings is map_before.mappings
        assert target.timeline.last.reading_tick is map_before.tick


def test_keyframes_come_now_and_then(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEYFRAME_EVERY", 3)
    with watched(program("grow")) as target:
        ticks = [target.sample() for _ in range(8)]

        assert [tick.keyframe for tick in ticks] == [True, False, False, True, False, False, True, False]
        assert {len(tick.rows) for tick in ticks if tick.keyframe} == {len(ticks[0].rows)}
        assert all(tick.ids.tolist() == ticks[0].ids.tolist() for tick in ticks if tick.keyframe)
        assert target.agrees()


def test_process_that_ended_cannot_be_sampled(program: Program) -> None:
    with watched(program("grow")) as target:
        target.sample()
        target.stepping.kill()
        wait_until(lambda: target.process.counters().state == "Z")
        with pytest.raises(ProcessLookupError):
            target.sampler.sample()
        target.stepping.wait()
        with pytest.raises((ProcessLookupError, FileNotFoundError)):
            target.sampler.sample()

        last = target.sampler.final_tick(ExitStatus(signal=9))
        assert last is not None
        moment = target.timeline.append(last)
        assert target.timeline.ending == ExitStatus(signal=9)
        assert moment.mappings is target.timeline.at(0).mappings
        assert moment.reading_tick is target.timeline.ticks[0]


def test_process_that_was_never_sampled_has_no_last_tick() -> None:
    with ProcDir(os.getpid()) as process:
        assert Sampler(process, Pace()).final_tick(ExitStatus(status=0)) is None


HEAD = "{}000-{}000 rw-p 00000000 00:00 0 \nRss:{:>12} kB\nVmFlags: rd wr \n"


class Files:
    """A process of files; without smaps_rollup, as before Linux 4.14."""

    def __init__(self, root: Path) -> None:
        self.directory = root / "4711"
        (self.directory / "task").mkdir(parents=True)
        self.process = ProcDir(4711, str(root))
        self.sampler = Sampler(self.process, Pace(SECOND_NS, 0.5))
        self.says("statm", "100 50 0 0 0 0 0\n")
        self.says("status", "Name:\tp\n")
        self.image(1)

    def says(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def image(self, address: int) -> None:
        self.says("stat", f"4711 (p) S {' '.join(['1'] * 44)} {address} 0 0 0 0\n")

    def maps(self, *rows: tuple[str, str, int]) -> None:
        self.says("smaps", "".join(HEAD.format(*row) for row in rows))


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    files = Files(tmp_path)
    with files.process:
        yield files


def test_mapping_that_grew_while_it_was_read_is_taken_once(files: Files) -> None:
    files.maps(("10", "20", 4), ("20", "30", 8))
    first = files.sampler.sample()
    files.maps(("10", "20", 4), ("10", "30", 12))
    tick = files.sampler.sample()

    assert tick.torn
    assert tick.rows.end.tolist() == [0x30000]
    assert tick.ids.tolist() == [0]
    assert tick.lineage == (LifecycleEvent("merge", 1, 0), LifecycleEvent("grow", 0))
    assert not first.torn


def test_ending_of_a_torn_tick_is_not_torn(files: Files) -> None:
    files.maps(("10", "20", 4), ("10", "30", 12))
    assert files.sampler.sample().torn

    last = files.sampler.final_tick(ExitStatus(status=0))

    assert last is not None
    assert not last.torn


def test_image_that_may_not_be_read_for_a_while_is_no_exec(files: Files) -> None:
    files.maps(("10", "20", 4))
    executed = []
    for image in (1, 0, 1, 0, 2, 2):
        files.image(image)
        executed.append(files.sampler.sample().executed)

    assert executed == [False, False, False, False, True, False]


def test_kernel_without_rollup_gives_counters(files: Files) -> None:
    files.maps(("10", "20", 4))
    files.sampler.sample()
    files.sampler.pacer.book_tick("smaps", 3600 * SECOND_NS, 0)
    tick = files.sampler.sample()

    assert tick.tier == "counters"
    assert tick.totals == {"rss": 50 * PAGE // 1024}


def test_the_same_reading_makes_the_same_of_the_same_state(files: Files) -> None:
    reader, began = ProcessReader(files.process), SamplerState()
    files.maps(("10", "20", 4), ("20", "30", 8))
    first = advance(began, reader.read("smaps"))
    files.maps(("10", "20", 4), ("20", "40", 12), ("50", "60", 4))
    reading = reader.read("smaps")
    once, again = advance(first.state, reading), advance(first.state, reading)

    assert (began.known, began.next_id, began.since_keyframe) == (None, 0, 0)
    assert (first.is_first, first.keyframe, first.state.next_id) == (True, True, 2)
    for step in (once, again):
        assert (step.is_first, step.keyframe, step.state.next_id, step.state.since_keyframe) == (False, False, 3, 1)
        assert step.matched.lineage == (LifecycleEvent("map", 2), LifecycleEvent("grow", 1))
        assert step.changed.tolist() == [1, 2]
        assert [(event.mapping, event.what, event.kb) for event in step.events] == [
            (1, "first-touch", 4),
            (2, "first-touch", 4),
        ]


def test_what_reads_no_mappings_leaves_what_is_known(files: Files) -> None:
    reader = ProcessReader(files.process)
    files.maps(("10", "20", 4))
    known = advance(SamplerState(), reader.read("smaps")).state
    step = advance(known, reader.read("counters"))

    assert step.state is known
    assert (step.is_first, step.keyframe, len(step.changed), step.matched.next_id) == (False, False, 0, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_map_that_may_not_be_read_any_more_is_said(files: Files) -> None:
    files.maps(("10", "20", 4))
    timeline = Timeline()
    timeline.append(files.sampler.sample())
    (files.directory / "smaps").chmod(0)
    os.seteuid(65534)
    try:
        tick = files.sampler.sample()
    finally:
        os.seteuid(0)
    (files.directory / "smaps").chmod(0o644)
    files.maps(("10", "20", 8))

    timeline.append(tick)
    assert tick.missing.startswith("not permitted to read the memory map of process 4711")
    assert (len(tick.rows), tick.keyframe, tick.gone.tolist()) == (0, False, [])
    assert timeline.at(1).mappings is timeline.at(0).mappings

    again = files.sampler.sample()
    assert (again.missing, again.ids.tolist(), again.lineage) == ("", [0], ())
