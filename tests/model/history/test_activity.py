"""Where something happened, over all time."""

from factories import SECOND_NS, mappings_of, tick_of, timeline_of

from smapstop.model.history.activity import Activity
from smapstop.model.tick import ExitStatus, LifecycleEvent
from smapstop.model.timeline.timeline import Timeline

HAPPENED = {2: 1, 3: 4, 9: 1}
"""How much happened at which of ten ticks; at the last the process ends."""


def ten_ticks() -> Timeline:
    rows = mappings_of((0, 4))
    lineage = {3: tuple(LifecycleEvent("protect", 0) for _ in range(4)), 2: (LifecycleEvent("grow", 0),)}
    return timeline_of(
        *(
            tick_of(n, rows, [0], keyframe=True, lineage=lineage.get(n, ()), ending=ExitStatus(0) if n == 9 else None)
            for n in range(10)
        )
    )


def followed(timeline: Timeline) -> Activity:
    activity = Activity(timeline)
    activity.update()
    return activity


def test_every_stretch_says_how_much_happened_in_it() -> None:
    activity = followed(ten_ticks())

    assert activity.binned_counts(9).tolist() == [0, 0, 1, 4, 0, 0, 0, 0, 1]
    assert activity.binned_counts(3).tolist() == [1, 4, 1]


def test_a_stretch_and_a_tick_find_each_other() -> None:
    activity = followed(ten_ticks())

    assert [activity.bin_of(number, 9) for number in (0, 4, 8, 9)] == [0, 4, 8, 8]
    assert [activity.tick_in_bin(stretch, 3) for stretch in range(3)] == [0, 3, 6]
    assert activity.tick_in_bin(50, 90) == 5


def test_the_next_and_the_last_event_are_found() -> None:
    activity = followed(ten_ticks())

    assert [activity.nearest_active(number, 1) for number in (0, 2, 3, 9)] == [2, 3, 9, None]
    assert [activity.nearest_active(number, -1) for number in (9, 3, 2)] == [3, 2, None]


def test_it_follows_a_timeline_that_grows() -> None:
    timeline = timeline_of(tick_of(0, mappings_of((0, 4)), [0]))
    activity = followed(timeline)
    assert activity.binned_counts(4).tolist() == [0, 0, 0, 0]

    for number in range(1, 600):
        grew = (LifecycleEvent("grow", 0),) if number == 300 else ()
        timeline.append(tick_of(number, mappings_of((0, 4)), [0], lineage=grew))
    activity.update()

    assert activity.nearest_active(0, 1) == 300
    assert activity.bin_of(300, 599) == 300


def test_ticks_at_one_time_are_one_stretch() -> None:
    rows = mappings_of((0, 4))
    activity = followed(timeline_of(*(tick_of(n, rows, [0], keyframe=True, monotonic_ns=SECOND_NS) for n in (0, 1))))

    assert activity.binned_counts(5).tolist() == [0, 0, 0, 0, 0]
    assert activity.tick_in_bin(3, 5) == 1
