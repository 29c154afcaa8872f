"""The function that made most of the page faults of a mapping."""

import numpy as np
import pytest
from factories import faults_of

from smapstop.model.callers.call_stacks import CallStacks
from smapstop.model.callers.culprit import TopFunction, function_faults
from smapstop.model.callers.page_faults import PageFaults
from smapstop.proc.callstack.frames import Frame


def top_function(faults: PageFaults, *mappings: int) -> TopFunction | None:
    return function_faults(faults, mappings).top


def test_it_is_the_function_that_asked_not_the_allocator_below_it() -> None:
    faults = faults_of(
        (1, "libc.so.6:memset < libc.so.6:calloc < dictExpand < main", 6),
        (1, "libc.so.6:malloc < dictExpand < main", 2),
        (1, "main", 1),
        (2, "other < main", 100),
    )
    top = top_function(faults, 1)
    assert top is not None
    assert (top.frame.name, top.faults, function_faults(faults, (1,)).seen) == ("dictExpand", 8, 9)


def test_the_same_function_may_have_its_line_only_later() -> None:
    top = top_function(faults_of((1, "f < main", 5), (1, "f@f.c:7 < main", 5), (1, "g < main", 6)), 1)
    assert top is not None
    assert (top.frame.name, top.frame.source, top.faults) == ("f", None, 10)
    top = top_function(faults_of((1, "f@f.c:7 < main", 5), (1, "f@f.c:7 < g < main", 5)), 1)
    assert top is not None
    assert top.frame.source == "f.c:7"


def test_two_places_on_one_line_are_one_line() -> None:
    stacks, lines = CallStacks(), [Frame("f", "/program", offset, "f.c:7") for offset in (16, 40)]
    rows = [stacks.intern((frame,)) for frame in lines]
    faults = PageFaults(10, 0, 10, 0, 0, np.array([1, 1]), np.array(rows, np.int32), np.array([4, 6]), stacks)
    top = top_function(faults, 1)
    assert top is not None
    assert (top.frame.source, top.faults) == ("f.c:7", 10)


@pytest.mark.parametrize("rows", [(), ((2, "f", 3),), ((1, "", 3),), ((1, "…", 3),), ((1, "[system call] < …", 3),)])
def test_it_is_not_known_without_faults_or_stacks(rows: tuple[tuple[int, str, int], ...]) -> None:
    assert top_function(faults_of(*rows), 1) is None


def test_of_a_script_it_is_its_own_function_not_one_of_the_interpreter() -> None:
    calls = "py::remember:/srv/leak.py < libpython3.12.so.1.0:_PyEval_EvalFrameDefault < py::main:/srv/leak.py"
    inside = "libpython3.12.so.1.0:new_keys_object < libpython3.12.so.1.0:dictresize"
    top = top_function(faults_of((1, f"{inside} < {calls}", 3)), 1)
    assert top is not None
    assert top.frame.name == "py::remember:/srv/leak.py"


def test_what_the_kernel_filled_is_of_who_asked_it_to() -> None:
    top = top_function(faults_of((1, "libc.so.6:__GI___libc_read < fill_buffer < main", 3)), 1)
    assert top is not None
    assert top.frame.name == "fill_buffer"
