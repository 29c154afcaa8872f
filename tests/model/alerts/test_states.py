"""When alerts are raised and cleared."""

from dataclasses import replace

import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.alerts.states import AlertWatch
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline

ROWS = mappings_of((1, 2, "rw-p", "", 4))


def ticks(*rss: int | None) -> list[Tick]:
    """A tick a second with that Rss; None where it is unknown."""
    totals = [{} if kb is None else {"rss": kb} for kb in rss]
    return [tick_of(number, ROWS, [1], keyframe=True, totals=each) for number, each in enumerate(totals)]


def raised_at(text: str, *rss: int | None) -> list[int | None]:
    watch = AlertWatch([parse_alert(text)], timeline_of(*ticks(*rss)))
    return [state.raised for _, state in watch.update()]


@pytest.mark.parametrize(
    ("text", "rss", "raised"),
    [
        pytest.param("rss>100", (99, 100, 101, 200), [2], id="once"),
        pytest.param("rss>100", (101, 99, 101, 96, 120), [0], id="not again near the threshold"),
        pytest.param("rss>100", (101, 95, 99, 101), [0, 3], id="again when it was cleared"),
        pytest.param("rss>100", (101, None, None, 101), [0], id="unknown does not clear"),
        pytest.param("rss>100 for 2s", (101, 101, 101, 101), [2], id="held"),
        pytest.param("rss>100 for 2s", (101, 101, 99, 101, 101), [], id="not held long enough"),
        pytest.param("rss>100 for 2s", (101, None, 101), [2], id="unknown does not interrupt"),
        pytest.param("rss>100 for 2s", (101, 101, None), [], id="unknown does not raise"),
        pytest.param("rss>100 for 0s", (99, 101), [1], id="no time"),
        pytest.param("rss>100 rss<200", (300, 150, 300), [1], id="all terms"),
        pytest.param("rss>100 rss<200", (150, 300, 150), [0, 2], id="any term clears"),
        pytest.param("rss>100 pss>1", (150, 300), [], id="an unknown term never raises"),
    ],
)
def test_an_alert_is_raised(text: str, rss: tuple[int | None, ...], raised: list[int]) -> None:
    assert raised_at(text, *rss) == raised


def test_growth_counts_since_the_start_or_since_it_was_cleared() -> None:
    watch = AlertWatch([parse_alert("rss>100 for 1s")], timeline_of(*ticks(0, 101, 101, 10, 101, 101)))
    assert [(state.begun, state.held_since, state.raised) for _, state in watch.update()] == [(0, 1, 2), (3, 4, 5)]


def test_what_was_in_a_gap_is_not_known_so_the_time_begins_again() -> None:
    before, *after = ticks(101, 101, 101, 101)
    after = [replace(tick, monotonic_ns=tick.monotonic_ns + 3600 * 10**9) for tick in after]
    watch = AlertWatch([parse_alert("rss>100 for 2s")], timeline_of(before, *after))
    assert [(state.held_since, state.raised) for _, state in watch.update()] == [(1, 3)]


def test_ticks_are_looked_at_once_each() -> None:
    timeline, seen = Timeline(), []
    low, high = parse_alert("rss>10"), parse_alert("rss>100")
    watch = AlertWatch([low, high], timeline)
    for tick in ticks(5, 50, 500, 500):
        timeline.append(tick)
        seen.append([alert for alert, _ in watch.update()])
    assert seen == [[], [low], [high], []]
    assert [alert for alert, _ in watch.raised] == [low, high]
