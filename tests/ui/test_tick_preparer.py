"""Ticks that are applied before the app gets them."""

from typing import Any

from factories import mappings_of, tick_of
from hypothesis import given
from list_source import target
from random_ticks import assert_same, tick_streams, ticks_of_stream

from smapstop.model.timeline.timeline import Timeline
from smapstop.ui.messages import SourceMessageReceived
from smapstop.ui.tick_preparer import TickPreparer


@given(tick_streams)
def test_a_prepared_tick_is_appended_as_if_the_timeline_had_applied_it(stream: Any) -> None:
    preparer, timeline, expected = TickPreparer(recorded=False), Timeline(), Timeline()
    assert preparer.prepare(target()) is None
    for tick in ticks_of_stream(stream):
        message = SourceMessageReceived(tick, preparer.prepare(tick))
        snapshot = message.snapshot_after(timeline.last)
        assert snapshot is not None
        assert timeline.append(tick, snapshot) is snapshot
        assert_same(snapshot, expected.append(tick))


def test_a_tick_of_another_run_does_not_fit() -> None:
    preparer, other = TickPreparer(recorded=False), Timeline()
    first, second = (tick_of(number, mappings_of((16, 32)), [0]) for number in (0, 1))
    other.append(first)
    preparer.prepare(first)

    assert SourceMessageReceived(second, preparer.prepare(second)).snapshot_after(other.last) is None
    preparer.prepare(target())
    assert preparer.prepare(second) is None, "the map before it is not known"


def test_ticks_of_a_recording_are_not_prepared() -> None:
    assert TickPreparer(recorded=True).prepare(tick_of(0, mappings_of((16, 32)), [0])) is None
