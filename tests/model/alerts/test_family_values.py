"""Values of alerts about families, and which process did it."""

from dataclasses import replace

import pytest
from factories import cgroup_memory, mappings_of, tick_of, timeline_of
from model.family.readings import SECOND_NS, reading_of

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.alerts.family_values import family_cause_of, unread_at
from smapstop.model.alerts.states import AlertWatch
from smapstop.model.alerts.ticks import AlertTicks
from smapstop.model.alerts.values import values_at
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.tick import ExitStatus
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.limits import Limits

LIMITS = Limits(cgroup=cgroup_memory(max_bytes=1000 << 10, current_bytes=0, cache_bytes=0))


def timeline(seconds: int) -> Timeline:
    """A tick a second, from the first on."""
    rows = mappings_of((1, 9, "rw-p", "", 32))
    return timeline_of(
        *(
            tick_of(number, rows, [0], keyframe=True, monotonic_ns=(number + 1) * SECOND_NS, limits=LIMITS)
            for number in range(seconds)
        )
    )


def family(seconds: int) -> FamilyLog:
    """A parent; a worker that grows by 100 kB a second; another from the fourth second on."""
    log = FamilyLog()
    for now in range(1, seconds + 1):
        members = {
            10: {"rss": 500, "pss": 200, "private_clean": 0, "private_dirty": 50, "swap_pss": 0},
            20: {"rss": 400, "pss": 100 * now, "private_clean": 0, "private_dirty": 100 * now, "swap_pss": 0},
        }
        if now > 3:
            members[30] = {"rss": 90, "pss": 40, "private_clean": 0, "private_dirty": 30, "swap_pss": 0}
        log.append(reading_of(now, members, new=(10, 20) if now == 1 else (30,) if now == 4 else ()))
    return log


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("family pss>1", (740,)),
        ("family uss>1", (580,)),
        ("family uss>1%limit", (0.58,)),
        ("family processes>1", (3,)),
        ("family p20 pss>1", (500,)),
        ("family 30 pss>1", (40,)),
        ("family nobody pss>1", (None,)),
        ("family rate>1", (pytest.approx((300 + 40) / 3),)),
        ("member uss>1", (500,)),
        ("member rss>1 uss<100", (500, 50)),
        ("member uss<1", (30,)),
        ("member rate(uss)>1", (100,)),
    ],
)
def test_values(text: str, values: tuple[float | None, ...]) -> None:
    assert values_at(parse_alert(text), AlertTicks(timeline(5)), 4, family(5)) == values


def test_nothing_is_known_without_a_reading_and_what_was_there_before_it_did_not_grow() -> None:
    alert = parse_alert("family rate>1")
    assert values_at(alert, AlertTicks(timeline(5)), 4, None) == (None,)
    assert values_at(alert, AlertTicks(timeline(5)), 4, FamilyLog()) == (None,)
    assert values_at(parse_alert("family processes<5"), AlertTicks(timeline(5)), 4, FamilyLog()) == (None,)
    late = FamilyLog()
    late.append(reading_of(4, {10: {"pss": 900}}, new=(10,)))
    assert values_at(alert, AlertTicks(timeline(5)), 4, late) == (None,)
    assert values_at(parse_alert("family pss>1"), AlertTicks(timeline(5)), 4, late) == (900,)
    assert values_at(parse_alert("family processes<5"), AlertTicks(timeline(5)), 2, late) == (None,)


def test_a_sum_that_lacks_a_process_is_at_least_that_and_never_less() -> None:
    log = FamilyLog()
    log.append(reading_of(1, {10: {"pss": 900}, 20: {}}, new=(10, 20)))
    assert values_at(parse_alert("family pss>1"), AlertTicks(timeline(1)), 0, log) == (900,)
    assert values_at(parse_alert("family pss<1000"), AlertTicks(timeline(1)), 0, log) == (None,)
    assert unread_at(parse_alert("family pss>1"), log, SECOND_NS) == (1, 2)


def test_an_alert_is_raised_once_and_again_when_it_was_cleared() -> None:
    log = FamilyLog()
    for second, pss in enumerate((90, 101, 99, 101, 90, 101), 1):
        log.append(reading_of(second, {10: {"pss": pss}}, new=(10,) if second == 1 else ()))
    watch = AlertWatch([parse_alert("family pss>100")], timeline(6), log)
    assert [state.raised for _, state in watch.update()] == [1, 5]


def ended(at_second: int, log: FamilyLog, *texts: str) -> AlertWatch:
    """A process that ended at a second, when its family was read last, watched for alerts."""
    ticks = timeline(at_second)
    last = ticks.header(at_second - 1)
    ticks.append(replace(last, number=at_second, monotonic_ns=last.monotonic_ns + 1, ending=ExitStatus(0)))
    return AlertWatch([parse_alert(text) for text in texts], ticks, log)


def read_on(watch: AlertWatch, log: FamilyLog, second: int, **worker: int) -> list[tuple[str, int | None]]:
    """What the next reading, which has the worker alone, raises."""
    reading = reading_of(second, {20: worker}, new=(20,) if log.last is None else ())
    log.append(reading)
    watch.append_reading(reading)
    return [(alert.text, state.raised) for alert, state in watch.update()]


def test_after_the_end_alerts_go_on_for_those_that_live_but_not_those_about_the_process() -> None:
    log = FamilyLog()
    watch = ended(1, log, "rss>1", "family pss>100", "member uss>50")
    assert [alert.text for alert, _ in watch.update()] == []
    assert read_on(watch, log, 3, pss=90, private_clean=0, private_dirty=40) == []
    raised = read_on(watch, log, 4, pss=120, private_clean=0, private_dirty=60)
    assert raised == [("family pss>100", 3), ("member uss>50", 3)]
    assert read_on(watch, log, 5, pss=90, private_clean=0, private_dirty=60) == [], "one is cleared"
    assert read_on(watch, log, 6, pss=120, private_clean=0, private_dirty=60) == [("family pss>100", 5)]
    assert watch.ticks.header(5).wall_ns == log.last.wall_ns if log.last else False
    cause = family_cause_of(parse_alert("family uss>50"), log, watch.ticks, 0, 5)
    assert cause is not None
    assert (cause.member.member.pid, cause.kb) == (20, 20)


def test_rates_and_durations_after_the_end_are_those_of_the_readings() -> None:
    log = FamilyLog()
    watch = ended(1, log, "member rate(uss)>9 for 5s")
    raised = [
        read_on(watch, log, second, pss=1, private_clean=0, private_dirty=10 * second) for second in range(2, 12)
    ]
    numbers = [number for each in raised for _, number in each]
    assert len(numbers) == 1
    held, at = watch.states[parse_alert("member rate(uss)>9 for 5s")].held_since, numbers[0]
    assert held is not None
    assert at is not None
    assert watch.ticks.header(at).monotonic_ns - watch.ticks.header(held).monotonic_ns == 5 * SECOND_NS


def test_readings_before_the_end_are_no_ticks_and_old_ones_after_it_are_forgotten() -> None:
    log = FamilyLog()
    watch = AlertWatch([parse_alert("family pss>100")], timeline(1), log)
    read_on(watch, log, 2, pss=1)
    assert len(watch.ticks) == 1
    watch = ended(1, log := FamilyLog(), "family pss>100")
    for second in range(2, 102):
        read_on(watch, log, second, pss=200)
    assert len(watch.ticks) == 102
    assert watch.states[parse_alert("family pss>100")].raised == 2
    assert watch.ticks.header(2).monotonic_ns == 2 * SECOND_NS, "it is still referred to"
    assert watch.ticks.header(50).monotonic_ns > 90 * SECOND_NS, "others are not"


@pytest.mark.parametrize(
    ("text", "pid", "kb", "total"),
    [("family pss>1", 20, 400, 440), ("member rss>450", 10, 0, 0), ("family 30 pss>1", 30, 40, 40)],
)
def test_who_did_it(text: str, pid: int, kb: int, total: int) -> None:
    cause = family_cause_of(parse_alert(text), family(5), AlertTicks(timeline(5)), 0, 4)
    assert cause is not None
    assert (cause.member.member.pid, cause.kb, cause.since) == (pid, kb, 0)
    assert cause.total_kb == total or text.startswith("member")
