"""Anonymous memory that was inherited by fork, and whose own its pages are."""

from collections.abc import Callable
from pathlib import Path

from stepped_program import SteppedProgram

from smapstop.report.pages.cow_family import cow_of_family, find_inherited
from smapstop.report.pages.inherited import AnonymousPages, Lineage, inherited_mappings


def test_pages_that_the_parent_writes_are_the_own_of_both(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("two_children")) as parent:

        def shares() -> list[tuple[int, int]]:
            found = find_inherited(cow_of_family(parent.pid))
            (mapping,) = (each for each in found if each.start == parent.address)
            assert next(iter(mapping.parts)) == parent.pid, "parents first"
            return [(part.pages, part.own_pages) for part in mapping.parts.values()]

        assert find_inherited(cow_of_family(parent.pid)) == [], "nobody has forked"
        parent.go()
        assert shares() == [(40, 0)] * 3
        parent.go()  # the first child has ended
        parent.go()  # the parent has written 12 pages
        assert shares() == [(40, 12)] * 2


def pages(count: int, own: int) -> AnonymousPages:
    return AnonymousPages("rw-p", 4 * count, count, own, 0)


def test_only_what_a_child_of_the_same_program_has_is_inherited() -> None:
    heap, other = (0x1000, "[heap]"), (0x9000, "")
    found = inherited_mappings(
        [
            Lineage(10, 1, 7, {heap: pages(8, 2), other: pages(4, 4)}),
            Lineage(20, 10, 7, {heap: pages(8, 3)}),
            Lineage(30, 10, 8, {heap: pages(8, 8), other: pages(4, 4)}),
            Lineage(40, 10, 0, {heap: pages(8, 8)}),
            Lineage(50, 20, 7, {heap: pages(0, 0), other: pages(1, 1)}),
        ]
    )
    (mapping,) = found
    assert (mapping.start, mapping.name, mapping.own_pages) == (0x1000, "[heap]", 5)
    assert mapping.parts == {10: pages(8, 2), 20: pages(8, 3), 50: pages(0, 0)}
    assert [part.own_share for part in mapping.parts.values()] == [0.25, 0.375, None]
