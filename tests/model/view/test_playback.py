"""The past goes on as fast as it was asked to; times are invented here, nobody waits."""

import pytest
from factories import SECOND_NS, mappings_of, tick_of, timeline_of

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.playback import Playback


def ticks_at(*seconds: float) -> Timeline:
    rows = mappings_of((0, 4))
    return timeline_of(
        *(tick_of(n, rows, [0], monotonic_ns=int(at * SECOND_NS), keyframe=True) for n, at in enumerate(seconds))
    )


@pytest.mark.parametrize(
    ("speed", "now", "number"),
    [(1, 100.5, 0), (1, 101.0, 1), (1, 102.9, 2), (10, 100.25, 2), (60, 100.1, 5), (60, 999.0, 5)],
)
def test_a_tick_is_due_as_long_after_the_first_as_it_was(speed: int, now: float, number: int) -> None:
    assert Playback(0, 100.0).advance(ticks_at(0, 1, 2, 3, 4, 5), speed, now).number == number


def test_it_does_not_drift_however_often_it_is_asked() -> None:
    timeline, playing = ticks_at(*range(20)), Playback(0, 0.0)
    for hundredths in range(1, 1001):
        playing = playing.advance(timeline, 1, hundredths / 100)
    assert playing == Playback(10, 10.0)


def test_a_gap_is_not_waited_for_in_full() -> None:
    timeline = ticks_at(0, 1, 3601, 3602)
    assert [Playback(1, 0.0).advance(timeline, 1, now).number for now in (4.9, 5.0, 6.0)] == [1, 2, 3]


def test_at_the_newest_tick_it_waits_for_more() -> None:
    playing = Playback(0, 0.0).advance(ticks_at(0, 1), 1, 50.0)
    assert playing == Playback(1, 50.0)
    assert playing.advance(ticks_at(0, 1, 2), 1, 50.5).number == 1
    assert playing.advance(ticks_at(0, 1, 2), 1, 51.0).number == 2
