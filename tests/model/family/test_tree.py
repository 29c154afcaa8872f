"""Places in the tree of a family."""

from smapstop.model.family.tree import Place, place_members


def test_members_stand_after_their_parents_siblings_by_age() -> None:
    pids, ppids, started = [30, 10, 20, 21, 40], [20, 1, 10, 10, 10], [5, 1, 3, 2, 4]
    places = place_members(pids, ppids, started)
    assert [(pids[place.row], place.depth, place.is_last) for place in places] == [
        (10, 0, ()),
        (21, 1, (False,)),
        (20, 1, (False,)),
        (30, 2, (False, True)),
        (40, 1, (True,)),
    ]


def test_orphans_and_processes_that_are_their_own_parents_stand_at_the_top() -> None:
    assert place_members([7, 8], [7, 99], [2, 1]) == [Place(1, 0, ()), Place(0, 0, ())]
    assert place_members([], [], []) == []
