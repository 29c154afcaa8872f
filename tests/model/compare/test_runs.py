"""The runs of a program: which are kept, and which one is compared with which."""

from factories import mappings_of, tick_of
from list_source import target

from smapstop.model.compare.runs import Run, Runs


def begun(runs: Runs, rss: int = 4) -> Run:
    """The next run, with a tick."""
    run = runs.begin(target())
    run.timeline.append(tick_of(0, mappings_of((1, 9, "rw-p", "[heap]", rss)), [0]))
    return run


def test_runs_are_counted_and_the_newest_is_the_last_one() -> None:
    runs = Runs()
    assert runs.newest is None
    first, second = begun(runs), begun(runs)
    assert [run.number for run in runs.stored] == [1, 2]
    assert runs.newest is second
    assert first.timeline is not second.timeline


def test_a_run_is_compared_with_the_one_before_it() -> None:
    runs = Runs()
    first, second, third = begun(runs), begun(runs), begun(runs)
    assert runs.previous_run(first) is None
    earlier = runs.previous_run(third)
    assert earlier is not None
    assert (earlier.number, earlier.timeline) == (2, second.timeline)
    assert runs.previous_run(third) is earlier  # it knows which mapping is which
    other = runs.previous_run(second)
    assert other is not None
    assert (other.number, other.timeline) == (1, first.timeline)


def test_a_run_of_which_nothing_is_known_is_nothing_to_compare_with() -> None:
    runs = Runs()
    runs.begin(target())
    assert runs.previous_run(begun(runs)) is None


def test_the_oldest_are_forgotten_and_the_others_keep_their_numbers() -> None:
    runs = Runs(kept=3)
    made = [begun(runs) for _ in range(5)]
    assert [run.number for run in runs.stored] == [3, 4, 5]
    assert runs.previous_run(made[2]) is None
    assert runs.run_before(made[3]) is made[2]


def test_when_they_take_too_much_they_are_forgotten_before_that() -> None:
    runs = Runs(kept_bytes=1)
    for _ in range(4):
        run = begun(runs)
        for number in range(1, 300):
            run.timeline.append(tick_of(number, mappings_of((1, 9, "rw-p", "[heap]", number)), [0]))
    assert run.timeline.nbytes > 1
    assert [run.number for run in runs.stored] == [3, 4]
