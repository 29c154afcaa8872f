"""Every step of the user's gives another lens."""

from smapstop.model.lens import Lens


def test_pause_holds_what_is_shown_and_again_follows() -> None:
    held = Lens().held(7)
    assert (held.at, held.held(7).at) == (7, None)


def test_steps_end_at_the_start_and_are_live_at_the_newest() -> None:
    assert [Lens().stepped(now, 9, ticks).at for now, ticks in ((9, -1), (3, -10), (3, 2), (8, 1), (9, 1))] == [
        8,
        0,
        5,
        None,
        None,
    ]


def test_without_a_mark_only_the_previous_tick_and_the_start_are_compared_with() -> None:
    start = Lens().compared_otherwise()
    assert (start.compared, start.compared_otherwise().compared) == ("start", "previous")


def test_a_mark_is_compared_with_at_once_and_can_be_chosen_again() -> None:
    lens = Lens().marked(4)
    seen = [lens.compared]
    for _ in range(3):
        lens = lens.compared_otherwise()
        seen.append(lens.compared)
    assert (lens.mark, seen) == (4, ["mark", "start", "previous", "mark"])


def test_groups_come_round() -> None:
    lens, seen = Lens(), []
    for _ in range(4):
        lens = lens.grouped_otherwise()
        seen.append(lens.grouping)
    assert seen == ["name", "kind", "file", "none"]


def test_back_drops_the_filter_then_the_groups_then_the_past() -> None:
    lens = Lens(at=3, grouping="kind", filter="libc")
    steps = [lens := lens.back() for _ in range(3)]
    assert steps == [Lens(at=3, grouping="kind"), Lens(at=3), Lens()]
