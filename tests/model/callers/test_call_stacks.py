"""Call stacks by id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.callers import call_stacks
from smapstop.model.callers.call_stacks import NO_STACK, CallStacks
from smapstop.proc.callstack.frames import Frame

frames = st.builds(Frame, st.sampled_from(["a", "b", None]), st.just("/lib"), st.integers(0, 2))
stacks = st.lists(st.lists(frames, max_size=6), max_size=20)


@given(stacks)
def test_stack_has_one_id_and_its_frames_back(interned: list[list[Frame]]) -> None:
    table = CallStacks()
    ids = [table.intern(each) for each in interned]

    assert [list(table.frames_of(stack)) for stack in ids] == interned
    assert [table.intern(each) for each in interned] == ids
    assert len({*map(tuple, interned)}) == len({*ids})


@given(stacks, stacks)
def test_a_table_extended_by_additions_has_the_same_ids(first: list[list[Frame]], second: list[list[Frame]]) -> None:
    table, copy = CallStacks(), CallStacks()
    for some in (first, second):
        for each in some:
            table.intern(each)
        copy.extend(*table.additions_since(len(copy), copy.frame_count))

    assert [copy.frames_of(stack) for stack in range(len(copy))] == [table.frames_of(s) for s in range(len(table))]
    assert all(copy.intern(each) == table.intern(each) for each in (*first, *second))


def test_callers_are_shared() -> None:
    table, main = CallStacks(), Frame("main", "/bin/x", 4)
    table.intern([Frame("one", "/bin/x", 1), main])
    table.intern([Frame("two", "/bin/x", 2), main])

    assert len(table) == 4, "none, main, and both that it called"


def test_full_table_adds_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_stacks, "MAX_STACKS", 2)
    table = CallStacks()
    known = table.intern([Frame("a", "", 0), Frame("b", "", 0)])

    assert table.intern([Frame("c", "", 0), Frame("b", "", 0)]) == NO_STACK
    assert table.intern([Frame("a", "", 0), Frame("b", "", 0)]) == known
    assert (len(table), table.frame_count) == (3, 2)


def test_rows_that_refer_to_nothing_are_refused() -> None:
    for rows in ([(1, 0)], [(0, 1)], [(-1, 0)], [(0, -1)]):
        with pytest.raises(ValueError, match="no stack"):
            CallStacks().extend(rows, [Frame("a", "", 0)])
