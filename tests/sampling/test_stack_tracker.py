"""Whose stack is where, as ticks tell it of real threads."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from stepped_program import SteppedProgram, stepped_python, wait_until

from smapstop.model.protocol import Pace
from smapstop.model.tick import ThreadStack
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import list_other_threads, read_stack_pointers
from smapstop.sampling import stack_tracker
from smapstop.sampling.sampler import Sampler

THREADS = """
import threading
gates = []
def begin():
    gate, up = threading.Lock(), threading.Event()
    gate.acquire()
    def run():
        up.set()
        gate.acquire()
    thread = threading.Thread(target=run)
    thread.start()
    up.wait()
    gates.append((gate, thread))
def end():
    gate, thread = gates.pop()
    gate.release()
    thread.join()
"""


def asleep(process: ProcDir, threads: int) -> None:
    """Wait until the kernel shows the stack pointers of so many threads."""
    wait_until(lambda: len(read_stack_pointers(process)) == threads)


def test_the_stacks_of_threads_are_reported_once(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("threads")) as target, ProcDir(target.pid) as process:
        asleep(process, 2)
        sampler = Sampler(process, Pace(budget=1.0))
        told = sampler.sample()
        assert [(stack.tid, stack.name) for stack in told.stacks] == [
            (tid, name) for tid, name in zip(list_other_threads(process), ("worker one", "worker two"), strict=True)
        ]
        pointers = {pointer.tid: pointer.address for pointer in read_stack_pointers(process)}
        for stack in told.stacks:
            row = told.ids.tolist().index(stack.mapping)
            assert told.rows.start[row] <= pointers[stack.tid] < told.rows.end[row]
        assert sampler.sample().stacks == ()


def test_a_thread_that_ends_leaves_its_stack_to_nobody_and_a_new_one_is_reported() -> None:
    code = THREADS + "begin()\nstep()\nend()\nstep()\nbegin()\nstep()"
    with stepped_python(code) as target, ProcDir(target.pid) as process:
        asleep(process, 1)
        sampler = Sampler(process, Pace(budget=1.0))
        (first,) = sampler.sample().stacks
        target.go()
        wait_until(lambda: not list_other_threads(process))
        assert sampler.sample().stacks == (ThreadStack(first.mapping, 0, ""),)
        target.go()
        asleep(process, 1)
        (second,) = sampler.sample().stacks
        assert second.tid == list_other_threads(process)[0] != first.tid


def test_a_few_threads_are_looked_at_in_a_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_tracker, "MAX_NEW_PER_TICK", 2)
    with stepped_python(THREADS + "for _ in range(5): begin()\nstep()") as target, ProcDir(target.pid) as process:
        asleep(process, 5)
        sampler = Sampler(process, Pace(budget=1.0))
        found = [[stack.tid for stack in sampler.sample().stacks] for _ in range(4)]
        tids = list_other_threads(process)
        assert found == [tids[:2], tids[2:4], tids[4:], []]


def test_a_process_of_one_thread_has_none() -> None:
    with stepped_python("step()") as target, ProcDir(target.pid) as process:
        assert Sampler(process, Pace(budget=1.0)).sample().stacks == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_who_may_not_trace_a_process_learns_no_stacks() -> None:
    with stepped_python(THREADS + "begin()\nstep()") as target, ProcDir(target.pid) as process:
        asleep(process, 1)
        os.seteuid(65534)
        try:
            assert read_stack_pointers(process) == []
        finally:
            os.seteuid(0)
