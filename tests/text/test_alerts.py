"""Alerts in words."""

from dataclasses import replace

import pytest
from factories import cgroup_memory, mappings_of, tick_of, timeline_of
from model.family.readings import SECOND_NS, reading_of

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.alerts.states import AlertWatch
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.tick import Tick
from smapstop.proc.limits import NO_LIMITS, Limits
from smapstop.text.alerts import alert_line, unknown_text

LIMITS = Limits(max_map_count=4, cgroup=cgroup_memory(max_bytes=1 << 20, current_bytes=900 << 10, cache_bytes=0))


def tick(number: int, heap: int) -> Tick:
    rows = mappings_of(
        (1, 500, "rw-p", "[heap]", heap),
        (600, 700, "r-xp", "/lib/libfoo.so", 40 + number),
        (701, 702, "rw-p", "/lib/libfoo.so"),
        private_dirty=[heap, 0, 0],
    )
    totals = {"rss": heap + 40 + number, "uss": heap}
    return tick_of(number, rows, [1, 2, 3], keyframe=True, totals=totals, limits=LIMITS)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rss>600", "Rss 645 K; most in [heap]: +500 K of +505 K since 22:13:20"),
        ("kind:heap rss>600", "Rss 700 K; most in [heap]: +600 K since 22:13:20"),
        ("libfoo perm:x rss>45", "Rss 46 K; most in libfoo.so .text: +6 K since 22:13:20"),
        ("uss>60%limit", "Uss 700 K, 68 % of 1 M; most in [heap]: +600 K since 22:13:20"),
        ("limit>80%", "memory limit 88 % of 1 M used"),
        ("rate>90/s", "Rss +101 K/s; most in [heap]: +300 K of +303 K since 22:13:20"),
        ("mappings>=3", "3 mappings; 2 of them libfoo.so"),
        ("mappings>10%limit", "3 mappings, 75 % of 4; 2 of them libfoo.so"),
    ],
)
def test_the_line_says_the_value_and_the_mapping(text: str, line: str) -> None:
    watch = AlertWatch([parse_alert(text)], timeline_of(*(tick(number, 100 + 100 * number) for number in range(9))))
    ((alert, state),) = watch.update()
    assert alert_line(alert, state, watch.ticks) == f"{text}: {line}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rss>5 mappings>80%limit", ""),
        ("rss>80%limit", "the process has no memory limit now"),
        ("mappings>80%limit", "the process has no limit of mappings now"),
        ("swap>80%limit", "the process has no swap limit now"),
        ("limit>80%", "the process has no memory limit now"),
        ("pss>5", "Pss is not printed here"),
        ("libfoo pss>5", "Pss is not printed here"),
    ],
)
def test_why_an_alert_cannot_be_raised(text: str, why: str) -> None:
    limits = LIMITS if not why else NO_LIMITS
    reported = unknown_text(parse_alert(text), timeline_of(replace(tick(0, 100), limits=limits)))
    assert reported == (why and f"alert {text} cannot be raised: {why}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("family pss>150", "Σ Pss 160 K; most in p20 20: +60 K since 22:13:21"),
        ("family processes>1", "2 processes"),
        ("member uss>60", "Uss 100 K; p20 20: +60 K since 22:13:21"),
        ("family 10 uss>5", "Σ Uss 10 K"),
    ],
)
def test_the_line_of_a_family_says_which_process(text: str, line: str) -> None:
    log = FamilyLog()
    for second, kb in ((1, 40), (2, 100)):
        members = {10: {"pss": 60, "private_clean": 0, "private_dirty": 10}}
        members[20] = {"pss": kb, "private_clean": 0, "private_dirty": kb}
        log.append(reading_of(second, members, new=(10, 20) if second == 1 else ()))
    watch = AlertWatch([parse_alert(text)], timeline_of(*(seconds_later(number) for number in range(2))), log)
    ((alert, state),) = watch.update()
    assert alert_line(alert, state, watch.ticks, log) == f"{text}: {line}"


def test_a_limit_that_cannot_be_read_is_not_one_that_is_not_there() -> None:
    timeline = timeline_of(replace(tick(0, 100), limits=Limits(cgroup_missing="the files cannot be read")))
    reported = unknown_text(parse_alert("limit>80%"), timeline)
    assert reported == "alert limit>80% cannot be raised: the files cannot be read"


def seconds_later(number: int) -> Tick:
    """A tick at the time of the reading with that number."""
    at_ns = (number + 1) * SECOND_NS
    return replace(tick(number, 100), monotonic_ns=at_ns, wall_ns=tick(0, 0).wall_ns + at_ns)


def test_what_a_sum_lacks_is_said() -> None:
    log = FamilyLog()
    log.append(reading_of(1, {10: {"pss": 60}, 20: {}}, new=(10, 20)))
    watch = AlertWatch([parse_alert("family pss>5")], timeline_of(seconds_later(0)), log)
    ((alert, state),) = watch.update()
    assert alert_line(alert, state, watch.ticks, log) == "family pss>5: Σ Pss 60 K (1 of 2 processes not read)"
