"""What memory without a name is for: inferred from shapes, by the kernel's names, and by whose stack it is."""

import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.history.mapping_history import label_at
from smapstop.model.labels import labels_of, purpose_label
from smapstop.model.purposes import Purpose
from smapstop.model.tick import ThreadStack


def texts(*rows: tuple[object, ...], stacks: dict[int, ThreadStack] | None = None) -> list[str]:
    """The labels of a map; a guess with a question mark."""
    return [str(label or "") for label in labels_of(mappings_of(*rows), stacks or {})]


def test_names_that_a_program_gave_are_no_guesses() -> None:
    rows = [
        (1, 2, "rw-p", "[anon: glibc: malloc arena]"),
        (3, 4, "rw-s", "[anon_shmem:ring]"),
        (5, 6, "rw-p", "[heap]"),
    ]
    assert texts(*rows) == ["glibc: malloc arena", "ring", ""]


@pytest.mark.parametrize(
    ("purpose", "stack", "proven", "text"),
    [
        (Purpose.UNKNOWN, None, False, "None"),
        (Purpose.STACK, None, False, "stack of a thread?"),
        (Purpose.STACK, ThreadStack(1, 7, "io"), True, "stack of io 7"),
        (Purpose.STACK, ThreadStack(1, 7, "io"), False, "stack of io 7?"),
        (Purpose.STACK, ThreadStack(1, 7, "io", threads=3), True, "stacks of 3 threads"),
        (Purpose.ARENA, ThreadStack(1, 7, "io"), False, "malloc arena?"),
        (Purpose.GO_HEAP, ThreadStack(1, 7, "io", threads=3), True, "Go heap"),
        (Purpose.JIT_CODE, None, False, "JIT code?"),
        (Purpose.JEMALLOC, None, False, "jemalloc?"),
        (Purpose.V8_HEAP, None, False, "V8 heap?"),
        (Purpose.JVM_HEAP, None, True, "JVM heap"),
        (Purpose.PYTHON_HEAP, None, True, "Python heap"),
        (Purpose.ARENA, None, True, "malloc arena"),
        (Purpose.MALLOC_BLOCK, None, False, "malloc block?"),
        (Purpose.BSS, None, True, "libc.so.6 .bss"),
    ],
)
def test_a_label_says_whose_memory_it_is_and_whether_that_is_proven(
    purpose: Purpose, stack: ThreadStack | None, proven: bool, text: str
) -> None:
    owner = "/usr/lib/libc.so.6" if purpose is Purpose.BSS else ""
    assert str(purpose_label(purpose, owner, stack, proven=proven)) == text


def test_an_empty_map_has_no_labels() -> None:
    assert texts() == []


def test_labels_of_a_timeline_are_those_of_the_moment() -> None:
    rows = mappings_of((99, 100, "---p"), (100, 2148, "rw-p"), (3000, 3001, "rw-p", "[heap]"))
    timeline = timeline_of(
        tick_of(0, rows, [1, 2, 3]),
        tick_of(1, rows.take(slice(0)), [], stacks=(ThreadStack(2, 7, "io"),)),
        tick_of(2, rows.take(slice(0)), [], stacks=(ThreadStack(2, 0, ""),)),
        tick_of(3, rows.take(slice(0)), [], gone=[1]),
    )

    def label(number: int, mapping: int) -> str:
        return str(label_at(timeline, number, mapping) or "")

    assert [label(number, 2) for number in range(4)] == ["stack of io 7"] * 2 + ["", ""], "its thread has ended"
    assert [label(0, 1), label(0, 3), label(0, 99), label(3, 1)] == ["guard of a stack", "", "", ""]
