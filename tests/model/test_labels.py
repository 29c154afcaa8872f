"""What memory without a name is for: told by shapes, by the kernel's names, and by whose stack it is."""

import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.history.mapping_history import label_at
from smapstop.model.labels import labels_of
from smapstop.model.tick import ThreadStack

ARENA = (64 << 20) // 4096
AT = 8 * ARENA


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


def test_an_arena_begins_at_64_mib_and_reserves_as_much() -> None:
    arena, reserve = "malloc arena?", "malloc reserve?"
    assert texts((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p")) == [arena, reserve]
    assert texts((AT, AT + ARENA, "rw-p")) == [arena], "it is full"
    assert texts((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA - 1, "---p")) == ["", ""], "it reserves less"
    assert texts((AT + 1, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p")) == ["", ""], "it begins elsewhere"
    assert texts((AT, AT + 33, "rw-p"), (AT + 34, AT + ARENA, "---p")) == ["", ""], "there is a hole"
    assert texts((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p", "/x")) == ["", ""], "that is a file"


def test_the_reserve_of_an_arena_may_also_guard_a_stack() -> None:
    stop = AT + ARENA
    rows = [(AT, stop - 16, "rw-p"), (stop - 16, stop, "---p"), (stop, stop + 8, "rw-p")]
    assert texts(*rows) == ["malloc arena?", "malloc reserve?", "stack of a thread?"]


def test_a_stack_lies_behind_a_small_guard() -> None:
    guard, stack = "guard of a stack?", "stack of a thread?"
    assert texts((99, 100, "---p"), (100, 2148, "rw-p")) == [guard, stack]
    assert texts((50, 100, "---p"), (100, 2148, "rw-p")) == ["", ""], "too large for a guard"
    assert texts((99, 100, "---p"), (100, 103, "rw-p")) == ["", ""], "too small for a stack"
    assert texts((98, 99, "---p"), (100, 2148, "rw-p")) == ["", ""], "there is a hole"


def test_it_may_be_known_whose_stack_it_is() -> None:
    rows = [(99, 100, "---p"), (100, 2148, "rw-p"), (5000, 5100, "rw-p"), (6000, 6001, "rw-p", "/x")]
    stacks = {1: ThreadStack(1, 7, "io"), 2: ThreadStack(2, 8, "own"), 3: ThreadStack(3, 9, "x")}
    assert texts(*rows, stacks=stacks) == ["guard of a stack?", "stack of io 7", "stack of own 8", ""]


def test_zeroed_data_follows_the_data_of_its_file() -> None:
    code = (0, 1, "r-xp", "/lib/c.so")
    assert texts(code, (1, 2, "rw-p", "/lib/c.so"), (2, 9, "rw-p")) == ["", "", "c.so .bss?"]
    assert texts(code, (1, 2, "r--p", "/lib/c.so"), (2, 9, "rw-p")) == ["", "", ""]
    assert texts(code, (1, 2, "rw-p", "/lib/c.so"), (3, 9, "rw-p")) == ["", "", ""]


@pytest.mark.parametrize("name", ["/anon_hugepage (deleted)", "/dev/zero", "/var/cache/table"])
def test_what_has_no_code_has_no_zeroed_data(name: str) -> None:
    assert texts((0, 1, "r-xp", "/lib/c.so"), (1, 2, "rw-p", name), (2, 9, "rw-p")) == ["", "", ""]


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

    assert [label(number, 2) for number in range(4)] == ["stack of io 7"] * 2 + ["stack of a thread?", ""]
    assert [label(0, 1), label(0, 3), label(0, 99), label(3, 1)] == ["guard of a stack?", "", "", ""]
