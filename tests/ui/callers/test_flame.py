"""Layout of a flame graph: widths are shares, boxes do not overlap, and steps lead to neighbours."""

from itertools import pairwise

import pytest
from factories import faults_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.callers.call_tree import call_tree, counted_stacks
from smapstop.ui.callers.flame import Flame, box_at, find_box, lay_out_flame, neighbour_of

STACKS = st.lists(
    st.tuples(
        st.just(1), st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(" < ".join), st.integers(1, 500)
    ),
    min_size=1,
    max_size=12,
)


def flame(*rows: tuple[int, str, int], width: int = 100, zoom: tuple[str, ...] = ()) -> Flame:
    root = call_tree(counted_stacks(faults_of(*rows)))
    return lay_out_flame(root, tuple((name, "/usr/bin/program", 0) for name in zoom), width)


def drawn(graph: Flame) -> list[list[tuple[str, int, int]]]:
    """Name, first cell and width of each box."""
    return [
        [(str(box.node.frame.name) if box.node.frame else "all", box.x, box.width) for box in boxes]
        for boxes in graph
    ]


ROWS = ((1, "f < a < main", 60), (1, "f < b < main", 30), (1, "main", 10))


def test_each_function_is_as_wide_as_its_share() -> None:
    assert drawn(flame(*ROWS)) == [
        [("all", 0, 100)],
        [("main", 0, 100)],
        [("a", 0, 60), ("b", 60, 30)],
        [("f", 0, 60), ("f", 60, 30)],
    ]


def test_what_is_zoomed_is_as_wide_as_all_below_the_way_to_it() -> None:
    assert drawn(flame(*ROWS, zoom=("main", "b"))) == [
        [("all", 0, 100)],
        [("main", 0, 100)],
        [("b", 0, 100)],
        [("f", 0, 100)],
    ]


@given(STACKS, st.integers(1, 80))
def test_boxes_lie_in_those_above_them_and_do_not_overlap(rows: list[tuple[int, str, int]], width: int) -> None:
    graph = flame(*rows, width=width)
    assert [(box.x, box.width) for box in graph[0]] == [(0, width)]
    for above, boxes in pairwise(graph):
        cells = [cell for box in boxes for cell in range(box.x, box.x + box.width)]
        assert len(set(cells)) == len(cells)
        assert all(box.width > 0 for box in boxes)
        for box in boxes:
            (parent,) = [each for each in above if each.path == box.path[:-1]]
            assert parent.x <= box.x
            assert box.x + box.width <= parent.x + parent.width


@pytest.mark.parametrize(
    ("begin", "across", "down", "end"),
    [
        ((), 0, 1, ("main",)),
        (("main",), 0, 1, ("main", "a")),
        (("main", "a"), 1, 0, ("main", "b")),
        (("main", "b"), 1, 0, None),
        (("main", "b"), -1, 0, ("main", "a")),
        (("main", "b"), 0, 9, ("main", "b", "f")),
        (("main", "b", "f"), 0, -1, ("main", "b")),
        (("main", "b", "f"), 0, -9, ()),
    ],
)
def test_steps_lead_to_neighbours(
    begin: tuple[str, ...], across: int, down: int, end: tuple[str, ...] | None
) -> None:
    path = tuple((name, "/usr/bin/program", 0) for name in begin)
    box = neighbour_of(flame(*ROWS), path, across, down)
    assert (None if box is None else tuple(step[0] for step in box.path)) == end


def test_boxes_are_found_by_cell_and_by_path() -> None:
    graph = flame(*ROWS)
    box = box_at(graph, 65, 2)
    assert box is not None
    assert find_box(graph, box.path) == (2, box)
    assert box_at(graph, 95, 2) is None
    assert box_at(graph, 5, 9) is None
