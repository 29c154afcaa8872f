"""How much happened when, over all time, and where it differs."""

from dataclasses import replace

import numpy as np
from factories import SECOND_NS, mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, Events, Mechanism
from smapstop.model.history.activity import Activity, Highlight
from smapstop.model.history.time_window import window_until
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.text.events import highlight_text, tick_text


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


def happened(number: int, what: Mechanism) -> Tick:
    """A tick in which a page of a mapping met a mechanism."""
    code = np.array([MECHANISMS.index(what)], np.int8)
    events = Events(np.array([0]), code, np.array([4]), np.ones(1, bool))
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


def amounts(activity: Activity, width: int) -> list[int]:
    """Most that happened in one tick, in each cell of a window over everything, whatever it was."""
    window = window_until(activity.times_ns, activity.oldest, None)
    highest: list[int] = activity.binned_amounts(window, width).max(axis=0).tolist()
    return highest


def test_it_knows_which_ticks_read_the_mappings() -> None:
    activity = followed(ten_ticks())
    assert activity.is_reading.tolist() == [*[True] * 9, False], "at its end it is not read"


def test_every_cell_says_how_much_happened_in_it() -> None:
    activity = followed(ten_ticks())
    window = window_until(activity.times_ns, 0, None)

    assert amounts(activity, 9) == [0, 0, 1, 4, 0, 0, 0, 0, 1]
    assert amounts(activity, 3) == [1, 4, 1]
    assert activity.cells_standing_out(window, 3).tolist() == [True, True, True]


def test_a_cell_is_as_high_as_the_most_in_one_tick() -> None:
    activity = followed(timeline_of(touched(0), *(touched(n, 8, 50 if n == 5 else 4) for n in range(1, 10))))

    assert amounts(activity, 3) == [12, 58, 12]


def test_between_ticks_is_what_happened_until_the_next_one() -> None:
    activity = followed(timeline_of(touched(0), touched(1), touched(2, 8)))

    assert amounts(activity, 8) == [0, 0, 0, 0, 0, 8, 8, 8]


def test_memory_that_comes_that_goes_and_the_rest_are_lanes_of_their_own() -> None:
    ticks = [happened(1, "first-touch"), happened(2, "unmapped"), happened(3, "shared-by-fork")]
    activity = followed(timeline_of(touched(0), *ticks))

    window = window_until(activity.times_ns, 0, None)
    assert activity.binned_amounts(window, 3)[:, 1:].tolist() == [[4, 0], [0, 4], [0, 4]]
    assert activity.outliers(window, 9) == [1, 2, 3]


def test_the_memory_of_a_cell_is_that_at_its_peak() -> None:
    totals = [(10, 1), (1, 50), (2, 3), (4, 4)]
    rows = mappings_of((0, 4))
    ticks = [
        tick_of(n, rows, [0], totals={"rss_file": file, "rss_anon": anon}) for n, (file, anon) in enumerate(totals)
    ]
    activity = followed(timeline_of(*ticks, tick_of(4, rows, [0])))

    window = window_until(activity.times_ns, 0, None)
    assert activity.binned_backings(window, 2)[[0, 2]].tolist() == [[1, 4], [50, 4]]
    assert np.isnan(activity.binned_backings(window, 4)[:, -1]).tolist() == [False] * 4, "the last cell has two ticks"
    assert np.isnan(activity.binned_backings(window, 5)[:, -1]).all()


def test_a_cell_goes_to_what_stands_out_in_it() -> None:
    activity = followed(ten_ticks())

    assert [activity.tick_in(ticks) for ticks in (range(3), range(3, 6), range(4, 9))] == [2, 3, 8]


def test_the_next_and_the_last_tick_with_events_are_found() -> None:
    activity = followed(timeline_of(touched(0), *(touched(n, 4) for n in (1, 2, 3)), touched(4), touched(5, 4)))

    assert [activity.nearest_with_events(number, 1) for number in (0, 1, 3, 5)] == [1, 2, 5, None]
    assert [activity.nearest_with_events(number, -1) for number in (5, 3, 1)] == [3, 2, None]


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
    assert amounts(activity, 4) == [0, 0, 0, 0]

    for number in range(1, 600):
        grew = (LifecycleEvent("grow", 0),) if number == 300 else ()
        timeline.append(tick_of(number, mappings_of((0, 4)), [0], lineage=grew))
    activity.update()

    assert activity.nearest_standing_out(0, 1) == 300
    assert np.flatnonzero(amounts(activity, 599)).tolist() == [300]


def test_ticks_at_one_time_are_one_cell() -> None:
    rows = mappings_of((0, 4))
    activity = followed(timeline_of(*(tick_of(n, rows, [0], keyframe=True, monotonic_ns=SECOND_NS) for n in (0, 1))))

    assert amounts(activity, 5) == [0, 0, 0, 0, 0]


def test_what_made_a_tick_stand_out_is_named_not_what_there_was_most_of() -> None:
    """A page copied for the first time, amid steady growth that is more."""
    grown = [touched(number, 2_000) for number in range(1, 6)]
    codes = np.array([MECHANISMS.index("first-touch"), MECHANISMS.index("copy-on-write-after-fork")], np.int8)
    events = Events(np.array([0, 1]), codes, np.array([2_000, 4]), np.array([True, False]))
    both = tick_of(6, mappings_of((0, 4)), [0], keyframe=True, events=events)
    activity = followed(timeline_of(touched(0, 2_000), *grown, both))
    highlight = activity.highlight_of(6)
    assert highlight == Highlight(MECHANISMS.index("copy-on-write-after-fork"), 4, sure=False, mapping=1)
    assert highlight_text(both, highlight) == ("+4 K", "copy-on-write after fork?")
    assert tick_text(both) == ("+1.95 M", "first touch")
    assert activity.highlight_of(5) is None


def test_much_memory_that_was_given_back_is_named_not_a_page_that_was_touched_meanwhile() -> None:
    """Of all the mappings where it began: three arenas that are trimmed at once are one fall."""
    codes = [MECHANISMS.index(what) for what in ("discard", "discard", "discard", "first-touch")]
    amounts_kb, sure = np.array([1800, 1800, 1800, 4]), np.ones(4, bool)
    events = Events(np.array([0, 1, 2, 3]), np.array(codes, np.int8), amounts_kb, sure)
    trimmed = tick_of(1, mappings_of((0, 4)), [0], events=events)
    activity = followed(timeline_of(tick_of(0, mappings_of((0, 4)), [0]), trimmed))
    assert activity.highlight_of(1) == Highlight(codes[0], 5400, sure=True, mapping=0)


def test_where_no_tick_was_taken_for_long_the_memory_is_unknown() -> None:
    def at(number: int, seconds: int) -> Tick:
        totals = {"rss_file": 4, "rss_anon": 4}
        return replace(tick_of(number, mappings_of((0, 4)), [0], totals=totals), monotonic_ns=seconds * SECOND_NS)

    activity = followed(timeline_of(at(0, 0), at(1, 1), at(2, 2), at(3, 20), at(4, 26)))
    window = window_until(activity.times_ns, 0, None)
    known = ~np.isnan(activity.binned_backings(window, 26)).all(axis=0)

    assert known.tolist() == [True, True, True, *[False] * 17, True, *[True] * 5]


def test_memory_between_two_readings_is_that_of_the_last_one() -> None:
    totals = {"rss_file": 8, "rss_shmem": 0, "rss_anon": 4, "swap": 0}
    rows, nothing = mappings_of((0, 4)), mappings_of()
    activity = followed(
        timeline_of(
            tick_of(0, rows, [0], totals=totals),
            tick_of(1, nothing, [], tier="counters", totals={"rss": 12}),
            tick_of(2, nothing, [], missing="not permitted", totals={}),
        )
    )
    window = window_until(activity.times_ns, 0, None)
    known = activity.binned_backings(window, 3).T.tolist()
    assert known[:2] == [[8, 0, 4, 0]] * 2
    assert np.isnan(known[2]).all()


def test_the_mapping_of_a_tick_is_that_of_what_stands_out_or_of_the_most_that_happened() -> None:
    timeline = timeline_of(
        tick_of(0, mappings_of((0, 4)), [0], keyframe=True),
        touched(1, 40, 400),
        touched(2, 40, 400),
        happened(3, "copy-on-write"),
        tick_of(4, mappings_of((0, 4)), [0], keyframe=True, lineage=(LifecycleEvent("protect", 5),)),
        tick_of(5, mappings_of((0, 4)), [0], keyframe=True),
    )
    activity = followed(timeline)
    assert [activity.main_mapping(number) for number in range(6)] == [None, 1, 1, 0, 5, None]


def test_a_mapping_that_begins_is_named_not_another_one_that_goes_on_with_more() -> None:
    grown = [touched(number, 2_000) for number in range(6)]
    codes = np.full(2, MECHANISMS.index("first-touch"), np.int8)
    events = Events(np.array([0, 1]), codes, np.array([2_000, 4]), np.array([True, True]))
    activity = followed(timeline_of(*grown, tick_of(6, mappings_of((0, 4)), [0], keyframe=True, events=events)))
    assert activity.highlight_of(6) == Highlight(int(codes[0]), 4, sure=True, mapping=1)
    assert activity.main_mapping(6) == 1


def test_of_new_mappings_the_largest_is_named() -> None:
    codes = np.full(3, MECHANISMS.index("first-touch"), np.int8)
    events = Events(np.array([0, 1, 2]), codes, np.array([2_000, 4, 400]), np.array([True, True, True]))
    born = (LifecycleEvent("map", 1), LifecycleEvent("map", 2))
    last = tick_of(6, mappings_of((0, 4)), [0], keyframe=True, events=events, lineage=born)
    activity = followed(timeline_of(*(touched(number, 2_000) for number in range(6)), last))
    assert activity.main_mapping(6) == 2
