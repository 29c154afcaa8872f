"""A family over time: members come, are read in turn, and go."""

import pytest
from model.family.readings import SECOND_NS, reading_of

from smapstop.model.family import family_log
from smapstop.model.family.family_log import FamilyLog, MemberHistory


def member_of(log: FamilyLog, pid: int) -> MemberHistory:
    member = log.member(pid)
    assert member is not None
    return member


def test_only_memory_that_was_read_is_a_point() -> None:
    log = FamilyLog()
    log.append(reading_of(1, {10: {"rss": 100}, 20: {}}, new=(10, 20), read={20: 0}))
    log.append(reading_of(2, {10: {"rss": 100}, 20: {"rss": 50}}, read={10: 1}))
    log.append(reading_of(3, {10: {"rss": 120}, 20: {"rss": 50}}, read={20: 2}))
    assert (member_of(log, 10).times_ns // SECOND_NS).tolist() == [1, 3]
    assert member_of(log, 10).series("rss").tolist() == [100, 120]
    assert (member_of(log, 20).times_ns // SECOND_NS).tolist() == [2]
    values = [member_of(log, 20).value_at("rss", second * SECOND_NS) for second in (1, 2, 9)]
    assert values == [None, 50, 50]
    assert member_of(log, 20).value_at("pss", 9 * SECOND_NS) is None


def test_members_that_end_and_a_pid_that_is_used_again() -> None:
    log = FamilyLog()
    log.append(reading_of(1, {10: {}, 20: {}}, new=(10, 20)))
    log.append(reading_of(2, {10: {}}))
    ended = member_of(log, 20)
    assert (ended.gone_ns, ended.is_alive_at(SECOND_NS), ended.is_alive_at(2 * SECOND_NS)) == (
        2 * SECOND_NS,
        True,
        False,
    )
    assert not member_of(log, 10).is_alive_at(0)
    assert log.member(99) is None


def test_histories_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family_log, "_MAX_POINTS", 200)
    monkeypatch.setattr(family_log, "_MAX_GONE", 3)
    log = FamilyLog()
    for second in range(1, 1000):
        pids = (10, 1000 + second)
        new = pids if second == 1 else pids[1:]
        log.append(reading_of(second, {pid: {"rss": second} for pid in pids}, new=new))
    history = member_of(log, 10)
    assert 90 <= len(history.times_ns) <= 121
    assert history.series("rss").tolist() == list(range(1000 - len(history.times_ns), 1000))
    assert len(log.members) == 2 + 3


def test_a_member_that_set_its_title_has_it() -> None:
    log = FamilyLog()
    log.append(reading_of(1, {10: {}}, new=(10,)))
    log.append(reading_of(2, {10: {}}))
    assert member_of(log, 10).member.name == "p10"
    assert log.last is not None
    assert log.last.monotonic_ns == 2 * SECOND_NS
