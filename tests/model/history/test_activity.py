"""How much happened when, over all time, and where it differs."""

import numpy as np
from factories import SECOND_NS, mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.history.activity import Activity
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.model.timeline.timeline import Timeline


def ten_ticks() -> Timeline:
    """At 2 a mapping grows, at 3 four are protected, at 9 the process ends."""
    rows = mappings_of((0, 4))
    lineage = {3: tuple(LifecycleEvent("protect", n) for n in range(4)), 2: (LifecycleEvent("grow", 0),)}
    return timeline_of(
        *(
            tick_of(n, rows, [0], keyframe=True, lineage=lineage.get(n, ()), ending=ExitStatus(0) if n == 9 else None)
            for n in range(10)
        )
    )


def touched(number: int, *kb: int, first: int = 0) -> Tick:
    """A tick in which mappings are touched, each by so much."""
    count = len(kb)
    code = MECHANISMS.index("first-touch")
    mappings = np.arange(first, first + count)
    events = Events(mappings, np.full(count, code, np.int8), np.array(kb, np.int64), np.ones(count, bool))
    return tick_of(number, mappings_of((0, 4)), [0], keyframe=True, events=events)


def followed(timeline: Timeline) -> Activity:
    activity = Activity(timeline)
    activity.update()
    return activity


def standing_out(activity: Activity) -> list[int]:
    """All ticks that stand out."""
    found, number = [], -1
    while (nearest := activity.nearest_standing_out(number, 1)) is not None:
        found.append(number := nearest)
    return found


def test_every_stretch_says_how_much_happened_in_it() -> None:
    activity = followed(ten_ticks())

    assert activity.binned_amounts(9).tolist() == [0, 0, 1, 4, 0, 0, 0, 0, 1]
    assert activity.binned_amounts(3).tolist() == [1, 4, 1]
    assert activity.bins_standing_out(3).tolist() == [True, True, True]


def test_a_stretch_is_as_high_as_the_most_in_one_tick() -> None:
    activity = followed(timeline_of(touched(0), *(touched(n, 8, 50 if n == 5 else 4) for n in range(1, 10))))

    assert activity.binned_amounts(3).tolist() == [12, 58, 12]


def test_a_stretch_and_a_tick_find_each_other() -> None:
    activity = followed(ten_ticks())

    assert [activity.bin_of(number, 9) for number in (0, 4, 8, 9)] == [0, 4, 8, 8]
    assert [activity.tick_in_bin(stretch, 3) for stretch in range(3)] == [2, 3, 9]
    assert activity.tick_in_bin(50, 90) == 5


def test_the_next_and_the_last_event_are_found() -> None:
    activity = followed(ten_ticks())

    assert [activity.nearest_standing_out(number, 1) for number in (0, 2, 3, 9)] == [2, 3, 9, None]
    assert [activity.nearest_standing_out(number, -1) for number in (9, 3, 2)] == [3, 2, None]


def test_in_steady_growth_only_its_beginning_and_jumps_stand_out() -> None:
    ticks = [touched(n, 51_200 if n == 20 else 1200) for n in range(1, 40)]
    assert standing_out(followed(timeline_of(touched(0), *ticks))) == [1, 20]


def test_a_jump_of_one_mapping_stands_out_among_others_that_change_more() -> None:
    ticks = [touched(n, 90_000, 400 if n == 9 else 4) for n in range(1, 20)]
    assert standing_out(followed(timeline_of(touched(0), *ticks))) == [1, 9]


def test_of_very_many_mappings_the_sum_counts() -> None:
    ticks = [touched(n, *[40 if n == 9 else 4] * 300, first=300 * n) for n in range(1, 20)]
    assert standing_out(followed(timeline_of(touched(0), *ticks))) == [1, 9]


def test_a_jump_in_size_stands_out() -> None:
    pages = 100
    ticks = [tick_of(0, mappings_of((0, pages)), [0])]
    for n in range(1, 20):
        pages += 2000 if n == 9 else 30
        ticks.append(tick_of(n, mappings_of((0, pages)), [0], lineage=(LifecycleEvent("grow", 0),)))
    assert standing_out(followed(timeline_of(*ticks))) == [1, 9]


def test_one_huge_mapping_among_new_ones_stands_out() -> None:
    ticks = [tick_of(0, mappings_of((0, 4)), [0])]
    for n in range(1, 20):
        rows = mappings_of((1000, 1200 if n != 9 else 9000))
        ticks.append(tick_of(n, rows, [n], gone=[n - 1], lineage=(LifecycleEvent("map", n),)))
    assert standing_out(followed(timeline_of(*ticks))) == [1, 9]


def test_it_follows_a_timeline_that_grows() -> None:
    timeline = timeline_of(tick_of(0, mappings_of((0, 4)), [0]))
    activity = followed(timeline)
    assert activity.binned_amounts(4).tolist() == [0, 0, 0, 0]

    for number in range(1, 600):
        grew = (LifecycleEvent("grow", 0),) if number == 300 else ()
        timeline.append(tick_of(number, mappings_of((0, 4)), [0], lineage=grew))
    activity.update()

    assert activity.nearest_standing_out(0, 1) == 300
    assert activity.bin_of(300, 599) == 300


def test_ticks_at_one_time_are_one_stretch() -> None:
    rows = mappings_of((0, 4))
    activity = followed(timeline_of(*(tick_of(n, rows, [0], keyframe=True, monotonic_ns=SECOND_NS) for n in (0, 1))))

    assert activity.binned_amounts(5).tolist() == [0, 0, 0, 0, 0]
    assert activity.tick_in_bin(3, 5) == 1
