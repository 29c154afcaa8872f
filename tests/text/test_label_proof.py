"""What proves the labels of memory without a name."""

from dataclasses import replace
from typing import Any

import pytest
from factories import COUNTERS, mappings_of, tick_of, timeline_of

from smapstop.model.history.mapping_history import label_at
from smapstop.model.tick import ThreadStack
from smapstop.proc.columns import ABSENT
from smapstop.text.label_proof import label_proof

ARENA = 0x7F0000000
"""First page of memory that is aligned to 64 MiB."""
GUESSED = (
    "an inaccessible guard lies below it, and no more memory looks so than there are threads whose stack is unknown"
)
PROGRAM = ("rw-p", "/bin/program")


def proof(
    at: int, *rows: tuple[Any, ...], stacks: tuple[ThreadStack, ...] = (), threads: int = 2, **amounts: Any
) -> str:
    """Label and proof of a mapping; the ids of mappings are their positions."""
    tick = tick_of(
        0,
        mappings_of(*rows, **amounts),
        list(range(len(rows))),
        stacks=stacks,
        counters=replace(COUNTERS, threads=threads),
    )
    timeline = timeline_of(tick)
    return f"{label_at(timeline, 0, at)}: {label_proof(timeline, 0, at)}"


def test_bss_is_proven_by_the_size_in_the_file_or_guessed() -> None:
    rows = ((0x1000, 0x1001, *PROGRAM), (0x1001, 0x1009), (0x2000, 0x2010, "r-xp", "/bin/program"))
    assert proof(1, *rows, file_bss=[ABSENT, 32, ABSENT]) == (
        "program .bss: follows program, whose segments have 32 K of zeroed data here"
    )
    assert proof(1, *rows) == (
        "program .bss?: follows program with the same permissions; the file could not be read, which would prove it"
    )


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (
            ThreadStack(1, 4711, "io"),
            "stack of io 4711: the stack pointer of the thread is in it, and an inaccessible guard lies below it",
        ),
        (
            ThreadStack(1, 4711, "io", 3),
            "stacks of 3 threads: the stack pointers of 3 threads are in it, and an inaccessible guard lies below it",
        ),
        (
            None,
            "stack of a thread?: " + GUESSED,
        ),
    ],
)
def test_a_stack_is_proven_by_its_thread_and_its_guard(stack: ThreadStack | None, expected: str) -> None:
    rows = ((0x1FFF, 0x2000, "---p"), (0x2000, 0x2800))
    threads = 4 if stack and stack.threads > 1 else 2
    assert proof(1, *rows, stacks=(stack,) if stack else (), threads=threads) == expected


def test_a_stack_without_a_guard_is_a_guess_unless_guard_regions_are_inside() -> None:
    stacks = (ThreadStack(0, 4711, "io"),)
    assert proof(0, (0x2000, 0x2800), stacks=stacks) == (
        "stack of io 4711?: the stack pointer of the thread is in it, but there is no guard below it"
    )
    assert proof(0, (0x2000, 0x2800, "rw-p", "", 0, 0, "rd wr gu"), stacks=stacks) == (
        "stack of io 4711: the stack pointer of the thread is in it, and there are guard regions inside"
    )


def test_guards_arenas_and_go() -> None:
    stack = ((0x1FFF, 0x2000, "---p"), (0x2000, 0x2800))
    assert proof(0, *stack, stacks=(ThreadStack(1, 4711, "io"),)) == (
        "guard of a stack: inaccessible, below what is the stack of a thread"
    )
    arena = ((0x1000, 0x1010, "r-xp", "/lib/libc.so.6"), (ARENA, ARENA + 33), (ARENA + 33, ARENA + 0x4000, "---p"))
    assert proof(1, *arena).startswith("malloc arena?: aligned as a heap of a glibc arena")
    assert proof(2, *arena).startswith("malloc reserve?: inaccessible, the rest of the 64 MiB")
    assert proof(0, (0x2000, 0x2800), go_heap=[1]).startswith("Go heap: a program built by Go")
    jemalloc = (0x10, 0x20, "r-xp", "/usr/lib/libjemalloc.so.2")
    assert proof(1, jemalloc, (0x2000, 0x2800, "rw-p", "", 0, 0, "rd wr nr")).startswith("jemalloc?: mapped without")
    assert proof(0, (0x2000, 0x2800, "rwxp")).startswith("JIT code?: executable, and of no file")
    node = (0x10, 0x20, "r-xp", "/usr/bin/node")
    assert proof(1, node, (0x2000, 0x2800, "rw-p", "", 0, 0, "rd wr dc nr")).startswith("V8 heap?: aligned and kept")
    assert proof(0, (0x2000, 0x2800), jvm_heap=[1]).startswith("JVM heap: the JVM has its heap here")
    heap = "malloc arena: begins with the header of a heap"
    assert proof(1, *arena, malloc_heap=[-1, 1, -1]).startswith(heap)
    assert proof(2, *arena, malloc_heap=[-1, 1, -1]).startswith("malloc reserve: inaccessible, the rest")
    assert proof(0, (0x2000, 0x2800), malloc_blocks=[1]).startswith("malloc block: large blocks of glibc's malloc")
    assert proof(0, (0x2000, 0x2800), malloc_blocks=[0]).startswith("malloc block?: large blocks")
    assert proof(0, (0x2000, 0x2800), python_heap=[1]).startswith("Python heap: mostly pools of Python's allocator")


def test_a_name_that_the_program_gave_needs_no_other_proof() -> None:
    assert proof(0, (0x2000, 0x2800, "rw-p", "[anon:cache]")).endswith("(PR_SET_VMA_ANON_NAME)")
    assert proof(0, (0x2000, 0x2800, "rw-p", "[heap]")) == "None: "
    assert proof(0, (0x2000, 0x2800)) == "None: "
