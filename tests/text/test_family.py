"""Words for a family."""

from dataclasses import replace

import numpy as np
from factories import mappings_of, tick_of, timeline_of
from model.family.readings import SECOND_NS, reading_of

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.family.family_table import family_table
from smapstop.model.metrics import Metric
from smapstop.model.timeline.timeline import Timeline
from smapstop.text.family import (
    FamilyMoment,
    MemberText,
    change_title,
    family_title,
    member_texts,
    reading_text,
    tree_lines,
)
from smapstop.text.units import UnitFormat


def members_at(second: int, metric: Metric = "uss", **timelines: Timeline) -> list[MemberText]:
    return member_texts(moment_at(second, metric, timelines), moment_at(second, metric, timelines).table.rows, 6)


def moment_at(second: int, metric: Metric, timelines: dict[str, Timeline]) -> FamilyMoment:
    """A parent, and a worker that copies 12 kB in each second from the third on, and is gone at the ninth."""
    log = FamilyLog()
    for now in range(1, second + 1):
        copied = 12 * max(0, now - 2)
        parent = {"rss": 100, "pss": 60, "private_clean": 0, "private_dirty": 10, "swap": 0, "swap_pss": 0}
        worker = {"rss": 90, "pss": 50, "private_clean": 0, "private_dirty": copied, "shared_dirty": 80 - copied}
        members = {10: parent, 20: worker} if now < 9 else {10: parent}
        log.append(reading_of(now, members, new=(10, 20) if now == 1 else ()))
    table = family_table(log, second * SECOND_NS, SECOND_NS, metric)
    by_pid = {int(name[1:]): timeline for name, timeline in timelines.items()}
    return FamilyMoment(table, second * SECOND_NS, SECOND_NS, metric, by_pid)


def test_a_member_reports_what_it_copied_and_since_when() -> None:
    parent, worker = members_at(5)
    assert (parent.tree, parent.title, parent.pid, parent.verdict, parent.history) == ("", "p10", "10", "", "")
    assert (worker.tree, worker.title, worker.uss, worker.change_text) == ("└─", "p20", "36 K", "+36 K")
    assert worker.verdict == "12 K copied, or no longer shared · now"
    assert worker.shares == (36, 44, 0)
    assert worker.history.strip()
    assert not worker.is_old


def test_other_changes_are_reported_as_they_are() -> None:
    log = FamilyLog()
    for second, rss, own in ((1, 100, 100), (2, 140, 140), (5, 140, 120)):
        amounts = {"rss": rss, "private_clean": 0, "private_dirty": own}
        log.append(reading_of(second, {10: amounts}, new=(10,) * (second == 1)))
    for second, verdict in ((4, "+40 K Rss, +40 K Uss · 2 s"), (7, "−20 K Uss · 2 s")):
        table = family_table(log, second * SECOND_NS, 0, "uss")
        (member,) = member_texts(FamilyMoment(table, second * SECOND_NS, 0, "uss", {}), table.rows, 0)
        assert member.verdict == verdict


def test_a_member_that_grew_copied_no_more_than_it_shares_less() -> None:
    log = FamilyLog()
    for second, rss, own, shared in ((1, 200, 100, 100), (2, 1600, 1504, 96), (5, 1620, 1600, 20)):
        amounts = {"rss": rss, "private_clean": 0, "private_dirty": own, "shared_dirty": shared}
        log.append(reading_of(second, {10: amounts}, new=(10,) * (second == 1)))
    for second, verdict in ((4, "+1.37 M Rss, +1.37 M Uss · 2 s"), (7, "76 K copied, or no longer shared · 2 s")):
        table = family_table(log, second * SECOND_NS, 0, "uss")
        (member,) = member_texts(FamilyMoment(table, second * SECOND_NS, 0, "uss", {}), table.rows, 0)
        assert member.verdict == verdict


def test_a_member_that_is_sampled_reports_the_mechanism() -> None:
    code = np.array([MECHANISMS.index("copy-on-write-after-fork")], np.int8)
    events = Events(np.array([0]), code, np.array([12]), np.zeros(1, bool))
    rows = mappings_of((1, 9, "rw-p", "", 32))
    timeline = timeline_of(
        tick_of(0, rows, [0]), tick_of(1, rows, [0], keyframe=True, events=events, monotonic_ns=4 * SECOND_NS)
    )
    assert members_at(5, p20=timeline)[1].verdict == "3 p CoW after fork? · 1 s"


def test_who_is_gone_says_so_and_what_is_old_is_marked() -> None:
    _, worker = members_at(10)
    assert (worker.verdict, worker.is_gone) == ("gone", True)
    log = FamilyLog()
    log.append(reading_of(1, {10: {"rss": 1}}, new=(10,)))
    log.append(reading_of(20, {10: {"rss": 1}}, read={10: 1}))
    table = family_table(log, 20 * SECOND_NS, 0, "rss")
    (member,) = member_texts(FamilyMoment(table, 20 * SECOND_NS, 0, "rss", {}), table.rows, 5)
    assert member.is_old


def test_the_title_has_sums_but_none_of_rss() -> None:
    title = family_title(moment_at(5, "uss", {}))
    assert title == "family of 2 processes   Σ Pss 110 K   Σ Uss 46 K"


def test_who_has_ended_and_is_not_reaped_lacks_nothing() -> None:
    log = FamilyLog()
    log.append(replace(reading_of(1, {10: {"pss": 60, "private_dirty": 10}, 20: {}}, new=(10, 20)), states="SZ"))
    table = family_table(log, 2 * SECOND_NS, 0, "uss")
    moment = FamilyMoment(table, 2 * SECOND_NS, 0, "uss", {})
    assert family_title(moment).startswith("family of 2 processes (1 ended)   Σ Pss 60 K")
    assert member_texts(moment, table.rows, 5)[1].verdict == "ended, not reaped by its parent"


def test_a_family_that_has_ended_says_so() -> None:
    log = FamilyLog()
    log.append(reading_of(1, {10: {"pss": 60}}, new=(10,)))
    log.append(reading_of(2, {}))
    table = family_table(log, 9 * SECOND_NS, 0, "uss")
    assert family_title(FamilyMoment(table, 9 * SECOND_NS, 0, "uss", {})) == "all processes of the family have ended"


def test_lines_of_the_tree() -> None:
    assert [tree_lines(each) for each in ((), (False,), (True,), (False, True), (True, False))] == [
        "",
        "├─",
        "└─",
        "│ └─",
        "  ├─",
    ]


def test_what_is_read_how_often_and_what_is_old() -> None:
    moment = moment_at(5, "uss", {})
    assert reading_text(moment, None, ()) == "totals in turn, the oldest now"
    tick = tick_of(0, mappings_of((1, 9)), [0], smaps_interval_ns=3 * SECOND_NS)
    text = reading_text(moment, SECOND_NS, (timeline_of(tick),))
    assert text == "totals in turn, every 1.0 s, the oldest now; mappings of 1 of 2 every 3.0 s"

    log = FamilyLog()
    log.append(reading_of(20, {10: {"rss": 1}, 20: {"rss": 1}, 30: {}}, read={20: 13, 30: 0}, new=(10, 20, 30)))
    table = family_table(log, 20 * SECOND_NS, 0, "rss")
    text = reading_text(FamilyMoment(table, 20 * SECOND_NS, 0, "rss", {}), SECOND_NS, ())
    assert text == "totals in turn, every 1.0 s, the oldest 7 s ago; 1 not read yet; 1 dim: > 6 s"


def test_a_family_is_in_the_unit_chosen_with_shares_of_its_pss() -> None:
    moment = moment_at(5, "uss", {})
    pss = moment.table.totals.pss
    assert pss == 110
    for unit, uss, change, title, delta in (
        (UnitFormat("pages"), "9", "+9", "Σ Pss 27.5 p", "ΔUss p"),
        (UnitFormat("bytes"), "36,864", "+36,864", "Σ Pss 112,640 B", "ΔUss B"),
        (UnitFormat("share", 4, pss), "33", "+33", "Σ Pss 110 K", "ΔUss %"),
    ):
        moment = replace(moment, unit=unit)
        worker = member_texts(moment, moment.table.rows, 6)[1]
        assert (worker.uss, worker.change_text, change_title(moment)) == (uss, change, delta)
        assert title in family_title(moment)
        assert worker.verdict.startswith(f"{unit.text(12)} copied")
