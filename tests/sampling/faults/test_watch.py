"""Page faults of real programs: by mapping and call stack, to the last one."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from stepped_program import SteppedProgram

from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.tick import Ids
from smapstop.proc.callstack import perf_events
from smapstop.proc.callstack.perf_events import THIN
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.demangler import Demangler
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.faults import watch as fault_watch
from smapstop.sampling.faults.watch import FaultWatch, watch_faults

OPTIMISED = ("-O2", "-fomit-frame-pointer")


def ids_of(mappings: Mappings) -> Ids:
    """Ids that stay: here no mapping moves."""
    return mappings.start.astype(np.int64)


class WatchedFaults:
    """A stepped program whose faults are watched; its mappings are read at each step."""

    def __init__(self, program: SteppedProgram, process: ProcDir, watch: FaultWatch) -> None:
        self.program, self.process, self.watch = program, process, watch
        self.address = program.address

    def next_step(self) -> PageFaults:
        """Let it go on, and settle its faults."""
        self.program.go()
        return self.settle()

    def settle(self) -> PageFaults:
        counters = self.process.counters()
        until_ns = time.monotonic_ns()
        self.mappings = parse_smaps(self.process.read_smaps())
        return self.watch.settle(counters, (self.mappings, ids_of(self.mappings)), until_ns)

    def callers_at(self, faults: PageFaults, address: int) -> dict[str, int]:
        """Faults in the mapping at an address, by the function that made them, not inlined, and its caller."""
        row = int(np.searchsorted(self.mappings.start, np.uint64(address), "right")) - 1
        found: Counter[str] = Counter()
        at = faults.of_mapping(int(ids_of(self.mappings)[row]))
        for stack, count in zip(at.stack.tolist(), at.faults.tolist(), strict=True):
            names = [frame.name or "?" for frame in faults.stacks.frames_of(stack) if not frame.inlined]
            found[" < ".join(names[:2])] += count
        return dict(found)


@contextmanager
def watched(path: Path, times: int = 1) -> Iterator[WatchedFaults]:
    """Watch the faults of a program from its first step on."""
    with (
        SteppedProgram(path, str(times)) as program,
        ProcDir(program.pid) as process,
        closing(FaultWatch(process, ElfCache(), 1.0)) as watch,
    ):
        yield WatchedFaults(program, process, watch)


def test_each_function_has_its_faults(program: Callable[..., Path]) -> None:
    with watched(program("faulting", *OPTIMISED)) as target:
        written, threads, copied = (target.next_step() for _ in range(3))

        assert target.callers_at(written, target.address) == {
            "leaf_touch < first_caller": 18,
            "leaf_touch < second_caller": 12,
        }
        assert target.callers_at(threads, target.address) == {"leaf_touch < in_thread": 20}
        assert target.callers_at(copied, target.address) == {"leaf_touch < copy_on_write": 20}
        for faults in (written, threads, copied):
            assert faults.counted - faults.in_system_calls == faults.seen == faults.faults.sum()
            assert faults.lost == 0
            assert faults.in_system_calls == 0 or "system calls" in target.watch.missing


def test_inlined_functions_have_their_faults_and_each_function_its_own_line(program: Callable[..., Path]) -> None:
    path = program("inlined", *OPTIMISED, "-g")
    lines = (Path(__file__).parents[2] / "programs" / "inlined.c").read_text().splitlines()
    with watched(path) as target:
        faults = target.next_step()
        assert list(target.callers_at(faults, target.address).values()) == [20]
        mapping = int(faults.mapping[np.argmax(faults.faults)])
        (stack,) = faults.of_mapping(mapping).stack.tolist()
        frames = faults.stacks.frames_of(stack)[:4]

    assert [((frame.name or "").partition(".")[0], frame.inlined) for frame in frames] == [
        ("fill", True),
        ("remember", True),
        ("serve", False),
        ("main", False),
    ]
    for frame, mark in zip(frames, ("touched", "filled", "remembered", "served"), strict=True):
        file, _, line = (frame.source or "").rpartition(":")
        assert file.endswith("inlined.c")
        assert f"/* {mark} */" in lines[int(line) - 1]


def test_what_a_system_call_touches_is_of_its_caller_or_hidden(program: Callable[..., Path]) -> None:
    with watched(program("faulting", *OPTIMISED)) as target:
        *_, called = (target.next_step() for _ in range(4))
        callers = target.callers_at(called, target.program.address)

        if callers:
            assert called.in_system_calls == 0
            assert list(callers.values()) == [25]
            assert next(iter(callers)).endswith("< main")
        else:
            assert called.in_system_calls >= 25
        assert called.counted == called.seen + called.in_system_calls


def test_without_samples_of_all_faults_their_number_is_right(
    program: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault_watch, "MAX_LIGHT", 40)
    monkeypatch.setattr(fault_watch, "_LEAST_LIGHT", 40)
    with watched(program("faulting", *OPTIMISED), 10) as target:
        written = target.next_step()
        threads = target.next_step()

        assert sum(target.callers_at(written, target.address).values()) == 300
        assert abs(sum(target.callers_at(threads, target.address).values()) - 200) <= 24
        assert threads.seen + threads.lost == threads.faults.sum()
        assert abs(threads.counted - threads.seen - threads.lost) <= 4


def test_callers_of_a_burst_are_known_from_few_samples(program: Callable[..., Path]) -> None:
    """The rings have room for 126 stacks at most, and nobody reads them meanwhile."""
    with watched(program("faulting", *OPTIMISED), 16) as target:
        target.settle()
        callers = target.callers_at(target.next_step(), target.address)

        assert sum(callers.values()) == 16 * 30
        assert abs(callers["leaf_touch < first_caller"] - 16 * 18) <= 2 * THIN
        assert abs(callers["leaf_touch < second_caller"] - 16 * 12) <= 2 * THIN


def test_burst_that_fills_the_rings_is_lost_and_not_in_system_calls(
    program: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perf_events, "_LIGHT_PAGES", (1,))
    """The kernel says that something was lost when there is room again: after the tick."""
    with watched(program("faulting", *OPTIMISED), 16) as target:
        if "system calls" in target.watch.missing:
            pytest.skip("not allowed to see the faults in system calls")
        target.settle()
        burst, later = target.next_step(), target.settle()

        assert burst.in_system_calls == later.in_system_calls == 0
        assert burst.lost >= 16 * 30 - 2 * 4096 // 40 > 0 == later.lost
        assert burst.seen + burst.lost == burst.counted


def test_last_faults_are_reported_after_the_end(program: Callable[..., Path]) -> None:
    with watched(program("faulting", *OPTIMISED)) as target:
        target.next_step()
        mappings = target.mappings
        target.program.go()
        target.program.kill()
        target.program.wait()

        faults = target.watch.settle(None, (mappings, ids_of(mappings)), time.monotonic_ns())

        assert target.callers_at(faults, target.address) == {"leaf_touch < in_thread": 20}
        assert faults.counted == faults.seen


def test_names_of_a_tick_are_demangled_together(
    program: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    demangle = Mock(side_effect=lambda names: {name: name for name in names})
    monkeypatch.setattr(Demangler, "demangle", demangle)
    with watched(program("faulting", *OPTIMISED)) as target:
        assert target.next_step().faults.sum() >= 30
    demangle.assert_called_once()


def test_what_may_not_be_seen_is_said(monkeypatch: pytest.MonkeyPatch, program: Callable[..., Path]) -> None:
    monkeypatch.setattr("smapstop.proc.callstack.perf_events.native_architecture", lambda: None)
    with SteppedProgram(program("faulting", *OPTIMISED)) as running, ProcDir(running.pid) as process:
        watch, why = watch_faults(process, ElfCache(), 0.05)

        assert watch is None
        assert why == "call stacks cannot be read on this machine: they can on x86-64 and aarch64"
