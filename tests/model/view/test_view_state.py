"""Every step of the user's gives another lens."""

from smapstop.model.view.view_state import ViewState


def test_pause_holds_what_is_shown_and_again_follows() -> None:
    held = ViewState().toggle_pause(7)
    assert (held.at, held.toggle_pause(7).at) == (7, None)


def test_steps_end_at_the_start_and_are_live_at_the_newest() -> None:
    assert [ViewState().step(now, 9, ticks).at for now, ticks in ((9, -1), (3, -10), (3, 2), (8, 1), (9, 1))] == [
        8,
        0,
        5,
        None,
        None,
    ]


def test_without_a_mark_only_the_previous_tick_and_the_start_are_compared_with() -> None:
    start = ViewState().cycle_baseline()
    assert (start.baseline, start.cycle_baseline().baseline) == ("start", "previous")


def test_a_mark_is_compared_with_at_once_and_can_be_chosen_again() -> None:
    state = ViewState().compare_with_mark(4)
    seen = [state.baseline]
    for _ in range(3):
        state = state.cycle_baseline()
        seen.append(state.baseline)
    assert (state.mark, seen) == (4, ["mark", "start", "previous", "mark"])


def test_groups_come_round() -> None:
    state, seen = ViewState(), []
    for _ in range(5):
        state = state.cycle_grouping()
        seen.append(state.grouping)
    assert seen == ["name", "kind", "file", "purpose", "none"]


def test_back_drops_the_filter_then_the_groups_then_the_past() -> None:
    state = ViewState(at=3, grouping="kind", filter="libc")
    steps = [state := state.go_back() for _ in range(3)]
    assert steps == [ViewState(at=3, grouping="kind"), ViewState(at=3), ViewState()]


def test_playing_begins_where_it_stands_and_again_is_faster() -> None:
    state = ViewState(at=3).play(3, 9)
    assert (state.at, state.speed) == (3, 1)
    assert [state := state.play(4, 9), state := state.play(5, 9), state.play(6, 9)] == [
        ViewState(at=3, speed=10),
        ViewState(at=3, speed=60),
        ViewState(at=3, speed=1),
    ]


def test_playing_from_the_newest_starts_over() -> None:
    assert ViewState().play(9, 9) == ViewState(at=0, speed=1)


def test_whatever_else_goes_through_time_stands_still() -> None:
    playing = ViewState(at=3, speed=10)
    assert playing.toggle_pause(5) == ViewState(at=5)
    assert playing.step(5, 9, -1) == ViewState(at=4)
    assert playing.seek(7) == ViewState(at=7)


def test_an_earlier_run_is_compared_with_after_the_start_while_there_is_one() -> None:
    state = ViewState(mark=3)
    seen = []
    for _ in range(5):
        state = state.cycle_baseline(earlier=True)
        seen.append(state.baseline)
    assert seen == ["mark", "start", "run", "previous", "mark"]
    assert ViewState(baseline="run").cycle_baseline().baseline == "previous"


def test_another_run_is_compared_with_the_one_before_it_and_has_no_mark() -> None:
    state = ViewState(at=7, speed=10, baseline="mark", mark=3, grouping="name", filter="libc")
    assert state.switch_run(None, earlier=True) == ViewState(baseline="run", grouping="name", filter="libc")
    assert state.switch_run(9, earlier=False) == ViewState(at=9, grouping="name", filter="libc")
    assert ViewState(baseline="start").switch_run(9, earlier=False).baseline == "start"
    assert ViewState(baseline="run").switch_run(9, earlier=False).baseline == "previous"
