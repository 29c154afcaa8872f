"""How often in a row the same thing happened to a mapping."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events
from smapstop.model.history.amount_runs import RUN_TICKS
from smapstop.model.history.repeats import MAX_REPEATS, repeat_counter
from smapstop.model.tick import LifecycleEvent, Tick

ROWS = mappings_of((0x1000, 0x2000, "rw-p", "[heap]", 8), (0x3000, 0x4000, "rw-p", "", 8))


def happened(number: int, *what: tuple[int, str, int]) -> Tick:
    """A tick with mechanisms: mapping, name, kB."""
    if not what:
        return tick_of(number, ROWS, [7, 8], keyframe=True, events=NO_EVENTS)
    mappings, names, kb = zip(*what, strict=True)
    codes = np.array([MECHANISMS.index(name) for name in names], np.int8)
    events = Events(np.array(mappings), codes, np.array(kb), np.ones(len(kb), bool))
    return tick_of(number, ROWS, [7, 8], keyframe=True, events=events)


def test_the_same_mechanism_is_counted_also_over_quiet_ticks_and_those_of_others() -> None:
    touched = (7, "first-touch", 4)
    ticks = [happened(0), happened(1, touched), happened(2), happened(3, (8, "swap-out", 4)), happened(4, touched)]
    ticks.append(happened(5, (7, "reclaim", 400), touched))
    repeats = repeat_counter(timeline_of(*ticks))
    assert [repeats(7, number) for number in range(6)] == [1, 1, 1, 1, 2, 3], "of two, the costlier counts"


def test_another_mechanism_or_a_long_pause_ends_it() -> None:
    touched, other = (7, "first-touch", 4), (7, "swap-out", 4)
    ticks = [happened(0, touched), happened(1, other), happened(2, touched), *map(happened, range(3, 3 + RUN_TICKS))]
    ticks.append(happened(3 + RUN_TICKS, touched))
    repeats = repeat_counter(timeline_of(*ticks))
    assert repeats(7, 2) == 1
    assert repeats(7, 3 + RUN_TICKS) == 1


def test_lifecycle_events_count_where_no_mechanism_did() -> None:
    grown = [tick_of(n, ROWS, [7, 8], keyframe=True, lineage=(LifecycleEvent("grow", 7),)) for n in range(3)]
    assert repeat_counter(timeline_of(*grown))(7, 2) == 3


def test_it_counts_so_far_and_no_further() -> None:
    ticks = [happened(number, (7, "first-touch", 4)) for number in range(MAX_REPEATS + 5)]
    repeats = repeat_counter(timeline_of(*ticks))
    assert [repeats(7, number) for number in (1, MAX_REPEATS - 1, MAX_REPEATS + 4)] == [2, MAX_REPEATS, MAX_REPEATS]


def test_an_outlier_is_no_repeat_and_ends_the_run() -> None:
    amounts = (1200, 1200, 1200, 51_200, 1200, 1300)
    ticks = [happened(number, (7, "first-touch", kb)) for number, kb in enumerate(amounts)]
    repeats = repeat_counter(timeline_of(*ticks))
    assert [repeats(7, number) for number in range(6)] == [1, 2, 3, 1, 1, 2]
    small = [happened(number, (7, "first-touch", kb)) for number, kb in enumerate((4, 64, 4))]
    assert repeat_counter(timeline_of(*small))(7, 2) == 3
