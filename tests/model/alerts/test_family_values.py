"""Values of alerts about families, and which process did it."""

import pytest
from factories import cgroup_memory, mappings_of, tick_of, timeline_of
from model.family.readings import SECOND_NS, reading_of

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.alerts.family_values import family_cause_of, unread_at
from smapstop.model.alerts.states import AlertWatch
from smapstop.model.alerts.values import values_at
from smapstop.model.family.family_log import FamilyLog
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
    assert values_at(parse_alert(text), timeline(5), 4, family(5)) == values


def test_nothing_is_known_without_a_reading_and_what_was_there_before_it_did_not_grow() -> None:
    alert = parse_alert("family rate>1")
    assert values_at(alert, timeline(5), 4, None) == (None,)
    assert values_at(alert, timeline(5), 4, FamilyLog()) == (None,)
    assert values_at(parse_alert("family processes<5"), timeline(5), 4, FamilyLog()) == (None,)
    late = FamilyLog()
    late.append(reading_of(4, {10: {"pss": 900}}, new=(10,)))
    assert values_at(alert, timeline(5), 4, late) == (None,)
    assert values_at(parse_alert("family pss>1"), timeline(5), 4, late) == (900,)
    assert values_at(parse_alert("family processes<5"), timeline(5), 2, late) == (None,)


def test_a_sum_that_lacks_a_process_is_at_least_that_and_never_less() -> None:
    log = FamilyLog()
    log.append(reading_of(1, {10: {"pss": 900}, 20: {}}, new=(10, 20)))
    assert values_at(parse_alert("family pss>1"), timeline(1), 0, log) == (900,)
    assert values_at(parse_alert("family pss<1000"), timeline(1), 0, log) == (None,)
    assert unread_at(parse_alert("family pss>1"), log, SECOND_NS) == (1, 2)


def test_an_alert_is_raised_once_and_again_when_it_was_cleared() -> None:
    log = FamilyLog()
    for second, pss in enumerate((90, 101, 99, 101, 90, 101), 1):
        log.append(reading_of(second, {10: {"pss": pss}}, new=(10,) if second == 1 else ()))
    watch = AlertWatch([parse_alert("family pss>100")], timeline(6), log)
    assert [state.raised for _, state in watch.update()] == [1, 5]


@pytest.mark.parametrize(
    ("text", "pid", "kb", "total"),
    [("family pss>1", 20, 400, 440), ("member rss>450", 10, 0, 0), ("family 30 pss>1", 30, 40, 40)],
)
def test_who_did_it(text: str, pid: int, kb: int, total: int) -> None:
    cause = family_cause_of(parse_alert(text), family(5), timeline(5), 0, 4)
    assert cause is not None
    assert (cause.member.member.pid, cause.kb, cause.since) == (pid, kb, 0)
    assert cause.total_kb == total or text.startswith("member")
