"""Runs of like amounts, and what differs from them."""

from dataclasses import dataclass

import pytest

from smapstop.model.history.amount_runs import RUN_TICKS, RunTracker, run_of, usual_kb


@dataclass(frozen=True)
class Amounts:
    """A run: how many amounts, and their sum."""

    count: int
    kb: int


STEADY, ONE, FEW = Amounts(8, 8 * 1200), Amounts(1, 1200), Amounts(2, 8)


@pytest.mark.parametrize(
    ("run", "kb", "continues"),
    [
        (STEADY, 11_999, True),
        (STEADY, 12_000, False),
        (STEADY, 4, True),
        (ONE, 11_999, True),
        (ONE, 12_000, False),
        (ONE, 4, False),
        (FEW, 600, True),
        (FEW, 640, False),
        (Amounts(5, 0), 0, True),
    ],
)
def test_ten_times_the_usual_is_an_outlier_and_little_is_none_unless_the_run_is_short(
    run: Amounts, kb: int, continues: bool
) -> None:
    assert (run_of(kb, [run]) is run) == continues


def test_of_several_runs_the_nearest_goes_on() -> None:
    small, large = Amounts(9, 9 * 8), Amounts(3, 3 * 4000)
    assert run_of(16, [large, small]) is small
    assert run_of(3000, [small, large]) is large
    assert run_of(100_000, [small, large]) is None


def test_the_usual_is_that_of_the_longest_run() -> None:
    assert usual_kb(51_200, [Amounts(3, 300), STEADY, ONE]) == 1200
    assert usual_kb(51_200, [ONE]) == 0


def test_a_tracker_reports_where_runs_begin() -> None:
    tracker = RunTracker()
    amounts = [4, 4, 4, 4, 400, 4, *[0] * RUN_TICKS, 4, 4]
    begun = [n for n, kb in enumerate(amounts) if kb and tracker.begins_run(n, "heap", kb)]
    assert begun == [0, 4, 6 + RUN_TICKS]
    assert tracker.begins_run(20, "other", 4)


def test_a_tracker_forgets_what_ended() -> None:
    tracker = RunTracker()
    for number in range(1000):
        tracker.begins_run(number, number, 4)
    assert len(tracker._runs) <= 11 * RUN_TICKS
