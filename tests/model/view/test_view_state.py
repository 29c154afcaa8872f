"""Every step of the user's gives another lens."""

from smapstop.model.view.view_state import ViewState


def test_pause_holds_what_is_shown_and_again_follows() -> None:
    held = ViewState().held(7)
    assert (held.at, held.held(7).at) == (7, None)


def test_steps_end_at_the_start_and_are_live_at_the_newest() -> None:
    assert [ViewState().stepped(now, 9, ticks).at for now, ticks in ((9, -1), (3, -10), (3, 2), (8, 1), (9, 1))] == [
        8,
        0,
        5,
        None,
        None,
    ]


def test_without_a_mark_only_the_previous_tick_and_the_start_are_compared_with() -> None:
    start = ViewState().compared_otherwise()
    assert (start.compared, start.compared_otherwise().compared) == ("start", "previous")


def test_a_mark_is_compared_with_at_once_and_can_be_chosen_again() -> None:
    lens = ViewState().marked(4)
    seen = [lens.compared]
    for _ in range(3):
        lens = lens.compared_otherwise()
        seen.append(lens.compared)
    assert (lens.mark, seen) == (4, ["mark", "start", "previous", "mark"])


def test_groups_come_round() -> None:
    lens, seen = ViewState(), []
    for _ in range(4):
        lens = lens.grouped_otherwise()
        seen.append(lens.grouping)
    assert seen == ["name", "kind", "file", "none"]


def test_back_drops_the_filter_then_the_groups_then_the_past() -> None:
    lens = ViewState(at=3, grouping="kind", filter="libc")
    steps = [lens := lens.back() for _ in range(3)]
    assert steps == [ViewState(at=3, grouping="kind"), ViewState(at=3), ViewState()]


def test_playing_begins_where_it_stands_and_again_is_faster() -> None:
    lens = ViewState(at=3).played(3, 9)
    assert (lens.at, lens.speed) == (3, 1)
    assert [lens := lens.played(4, 9), lens := lens.played(5, 9), lens.played(6, 9)] == [
        ViewState(at=3, speed=10),
        ViewState(at=3, speed=60),
        ViewState(at=3, speed=1),
    ]


def test_playing_from_the_newest_begins_anew() -> None:
    assert ViewState().played(9, 9) == ViewState(at=0, speed=1)


def test_whatever_else_goes_through_time_stands_still() -> None:
    playing = ViewState(at=3, speed=10)
    assert playing.held(5) == ViewState(at=5)
    assert playing.stepped(5, 9, -1) == ViewState(at=4)
    assert playing.gone_to(7) == ViewState(at=7)


def test_an_earlier_run_is_compared_with_after_the_start_while_there_is_one() -> None:
    lens = ViewState(mark=3)
    seen = []
    for _ in range(5):
        lens = lens.compared_otherwise(earlier=True)
        seen.append(lens.compared)
    assert seen == ["mark", "start", "run", "previous", "mark"]
    assert ViewState(compared="run").compared_otherwise().compared == "previous"


def test_another_run_is_compared_with_the_one_before_it_and_has_no_mark() -> None:
    lens = ViewState(at=7, speed=10, compared="mark", mark=3, grouping="name", filter="libc")
    assert lens.of_run(None, earlier=True) == ViewState(compared="run", grouping="name", filter="libc")
    assert lens.of_run(9, earlier=False) == ViewState(at=9, grouping="name", filter="libc")
    assert ViewState(compared="start").of_run(9, earlier=False).compared == "start"
    assert ViewState(compared="run").of_run(9, earlier=False).compared == "previous"
