"""What memory without a name is for: told by shapes, by the kernel's names, and by real threads."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from building import mappings_of
from stepping import Stepping, until

from smapstop.proc.naming import Label, StackPointer, labelled, labels_of, stack_pointers
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps import parse_smaps

ARENA = (64 << 20) // 4096
AT = 8 * ARENA


def texts(*rows: tuple[object, ...], pointers: list[StackPointer] | None = None) -> list[str]:
    """The labels of a map; a guess with a question mark."""
    labels = labelled(mappings_of(*rows), pointers or [])
    return ["" if label is None else label.text + "?" * label.guess for label in labels]


def test_names_that_a_program_gave_are_no_guesses() -> None:
    rows = [
        (1, 2, "rw-p", "[anon: glibc: malloc arena]"),
        (3, 4, "rw-s", "[anon_shmem:ring]"),
        (5, 6, "rw-p", "[heap]"),
    ]
    assert texts(*rows) == ["glibc: malloc arena", "ring", ""]


def test_an_arena_begins_at_64_mib_and_reserves_as_much() -> None:
    arena, reserve = "malloc arena (glibc)?", "reserve of a malloc arena (glibc)?"
    assert texts((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p")) == [arena, reserve]
    assert texts((AT, AT + ARENA, "rw-p")) == [arena], "it is full"
    assert texts((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA - 1, "---p")) == ["", ""], "it reserves less"
    assert texts((AT + 1, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p")) == ["", ""], "it begins elsewhere"
    assert texts((AT, AT + 33, "rw-p"), (AT + 34, AT + ARENA, "---p")) == ["", ""], "there is a hole"
    assert texts((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p", "/x")) == ["", ""], "that is a file"


def test_a_stack_lies_behind_a_small_guard() -> None:
    guard, stack = "guard of a stack?", "stack of a thread?"
    assert texts((99, 100, "---p"), (100, 2148, "rw-p")) == [guard, stack]
    assert texts((50, 100, "---p"), (100, 2148, "rw-p")) == ["", ""], "too large for a guard"
    assert texts((99, 100, "---p"), (100, 103, "rw-p")) == ["", ""], "too small for a stack"
    assert texts((98, 99, "---p"), (100, 2148, "rw-p")) == ["", ""], "there is a hole"


def test_a_stack_pointer_shows_whose_stack_it_is() -> None:
    rows = [(99, 100, "---p"), (100, 2148, "rw-p"), (5000, 5100, "rw-p"), (6000, 6001, "rw-p", "/x")]
    at = [StackPointer(7, "io", 2000 * 4096), StackPointer(8, "own", 5000 * 4096), StackPointer(9, "x", 6000 * 4096)]
    assert texts(*rows, pointers=at) == ["guard of a stack?", "stack of thread 7 io", "stack of thread 8 own", ""]
    assert texts(*rows, pointers=[StackPointer(7, "lost", 4096)])[1] == "stack of a thread?"


def test_zeroed_data_follows_the_data_of_its_file() -> None:
    bss = "zeroed data (.bss) of c.so?"
    assert texts((1, 2, "rw-p", "/lib/c.so"), (2, 9, "rw-p")) == ["", bss]
    assert texts((1, 2, "r--p", "/lib/c.so"), (2, 9, "rw-p")) == ["", ""]
    assert texts((1, 2, "rw-p", "/lib/c.so"), (3, 9, "rw-p")) == ["", ""]


def test_an_empty_map_has_no_labels() -> None:
    assert texts() == []


@pytest.mark.skipif("glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""), reason="another libc has other arenas")
def test_threads_arenas_and_zeroed_data_of_a_real_program(program: Callable[[str], Path]) -> None:
    with Stepping(program("threads")) as target, ProcDir(target.pid) as process:
        until(lambda: len(stack_pointers(process)) == 2)
        mappings = parse_smaps(process.read_maps())
        labels = labels_of(process, mappings)
        found = {label for label in labels if label}
        tids = sorted(int(tid) for tid in os.listdir(f"/proc/{target.pid}/task") if int(tid) != target.pid)
        assert Label(f"stack of thread {tids[0]} worker one", guess=False) in found
        assert Label(f"stack of thread {tids[1]} worker two", guess=False) in found
        arenas = [label for label in labels if label == Label("malloc arena (glibc)", guess=True)]
        assert len(arenas) == 2
        row = int(mappings.start.searchsorted(target.address, "right")) - 1
        bss = row if mappings.name_of(row) == "" else row + 1  # it may begin on the last page of .data
        assert labels[bss] == Label("zeroed data (.bss) of threads", guess=True)
