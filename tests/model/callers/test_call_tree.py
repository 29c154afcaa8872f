"""Call trees in both directions, with shares that sum up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.callers.call_stacks import BEYOND, NO_STACK, CallStacks
from smapstop.model.callers.call_tree import CallNode, call_tree, counted_stacks
from smapstop.model.callers.page_faults import PageFaults, sum_faults
from smapstop.proc.callstack.frames import Frame

names = st.lists(st.sampled_from("abcd"), min_size=1, max_size=5)
stacks = st.lists(st.tuples(names, st.integers(1, 100)), max_size=20)


def frame(name: str, line: int = 1) -> Frame:
    return Frame(name, "/bin/x", line, f"x.c:{line}")


def faults_of(table: CallStacks, *rows: tuple[int, int, int]) -> PageFaults:
    """Faults: mapping, stack, number."""
    mapping, stack, count = (np.array([row[at] for row in rows], np.int64) for at in range(3))
    return PageFaults(len(rows), 0, len(rows), 0, 0, mapping, stack.astype(np.int32), count, table)


def drawn(node: CallNode) -> list[str]:
    return [
        f"{'  ' * depth}{each.frame.name if each.frame else '*'} {each.faults} {each.own}"
        for depth, each in node.walk()
    ]


def test_tree_goes_inwards_or_outwards() -> None:
    counted = [
        ((frame("leaf"), frame("one"), frame("main")), 3),
        ((frame("leaf"), frame("main")), 2),
        ((frame("main"),), 1),
    ]

    assert drawn(call_tree(counted)) == ["* 6 0", "  main 6 1", "    one 3 0", "      leaf 3 3", "    leaf 2 2"]
    assert drawn(call_tree(counted, callers_first=False)) == [
        *("* 6 0", "  leaf 5 0", "    one 3 0", "      main 3 3", "    main 2 2", "  main 1 1"),
    ]


def test_function_is_one_node_with_its_line_if_that_is_one() -> None:
    tree = call_tree([((frame("f", 1), frame("main", 5)), 1), ((frame("f", 2), frame("main", 5)), 1)])
    main = tree.children[0]

    assert main.frame == frame("main", 5)
    assert [(child.frame and child.frame.source, child.faults) for child in main.children] == [(None, 2)]


@given(stacks)
def test_shares_sum_up_in_both_directions(paths: list[tuple[list[str], int]]) -> None:
    counted = [(tuple(map(frame, path)), count) for path, count in paths]
    for callers_first in (True, False):
        tree = call_tree(counted, callers_first=callers_first)

        assert tree.faults == sum(count for _, count in counted)
        assert sum(node.own for _, node in tree.walk()) == tree.faults
        for _, node in tree.walk():
            assert node.faults == node.own + sum(child.faults for child in node.children)
            assert [child.faults for child in node.children] == sorted(
                (c.faults for c in node.children), reverse=True
            )


def test_stacks_are_counted_over_all_mappings_and_folded() -> None:
    table = CallStacks()
    asked = table.intern([Frame("malloc", "/lib/libc.so.6", 1), frame("f")])
    filled = table.intern([Frame("__memset_avx2", "/lib/libc.so.6", 1), frame("f")])
    faults = faults_of(table, (1, asked, 3), (2, asked, 4), (1, filled, 5), (1, NO_STACK, 1))

    assert counted_stacks(faults) == [((frame("f"),), 12), ((BEYOND,), 1)]
    assert len(counted_stacks(faults, folded=False)) == 3


def test_faults_of_ticks_sum_up_even_with_other_tables_of_stacks() -> None:
    first, second = CallStacks(), CallStacks()
    second.intern([frame("other")])
    one = faults_of(first, (1, first.intern([frame("f")]), 3), (2, first.intern([frame("g")]), 1))
    two = faults_of(second, (1, second.intern([frame("f")]), 4))

    total = sum_faults([one, one, two])

    assert total is not None
    assert total.counted == 5
    rows = zip(
        total.mapping.tolist(), map(total.stacks.frames_of, total.stack.tolist()), total.faults.tolist(), strict=True
    )
    assert list(rows) == [(1, (frame("f"),), 10), (2, (frame("g"),), 2)]
    assert sum_faults([]) is None
