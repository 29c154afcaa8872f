"""Lines of a call tree: what is open, what is indented, and that the number of lines is bounded."""

from factories import faults_of

from smapstop.model.callers.call_tree import CallNode, call_tree, counted_stacks
from smapstop.ui.callers.call_rows import MAX_ROWS, hottest_chain, node_at, rows_of


def tree(*rows: tuple[int, str, int], callers_first: bool = False) -> CallNode:
    return call_tree(counted_stacks(faults_of(*rows)), callers_first=callers_first)


def outline(root: CallNode, toggled: dict[str, bool] | None = None) -> list[str]:
    """The lines; paths in `toggled` are written "f < g"."""
    paths = {row.path: row for row in rows_of(root, {})}
    named = {" < ".join(str(step[0]) for step in path): path for path in paths}
    rows = rows_of(root, {named[name]: opens for name, opens in (toggled or {}).items()})
    return [
        f"{'  ' * row.indent}{row.node.frame.name if row.node.frame else None} {row.node.faults} {row.fold}"
        for row in rows
    ]


ROWS = ((1, "f < a < main", 60), (1, "f < b < main", 20), (1, "g < c < main", 20))


def test_the_largest_is_open_where_its_callers_part() -> None:
    assert outline(tree(*ROWS)) == ["f 80 open", "  a 60 closed", "  b 20 closed", "g 20 closed"]
    assert outline(tree(*ROWS, callers_first=True)) == [
        "main 100 open",
        "  a 60 closed",
        "  b 20 closed",
        "  c 20 closed",
    ]


def test_an_only_child_is_not_indented() -> None:
    assert outline(tree((1, "f < a < b < main", 5)), {"f": True})[:2] == ["f 5 open", "a 5 closed"]


def test_what_the_user_opens_or_closes_stays_so() -> None:
    assert outline(tree(*ROWS), {"f": False, "g": True}) == ["f 80 closed", "g 20 open", "c 20 closed"]


def test_nodes_are_found_by_their_path() -> None:
    root = tree(*ROWS)
    for row in rows_of(root, {}):
        assert node_at(root, row.path) is row.node
    assert node_at(root, (("no such function", "", 0),)) is None
    assert [frame.name for frame in hottest_chain(root)] == ["f", "a", "main"]


def test_the_number_of_lines_is_bounded() -> None:
    root = tree(*((1, f"f{at} < main", 1) for at in range(MAX_ROWS + 100)))
    assert len(rows_of(root, {})) == MAX_ROWS
