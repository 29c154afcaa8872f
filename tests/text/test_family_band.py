"""The family over time, one line for each process."""

from model.family.readings import SECOND_NS, reading_of

from smapstop.model.family.family_log import FamilyLog
from smapstop.model.family.family_table import family_table
from smapstop.text.family import FamilyMoment
from smapstop.text.family_band import choose_curves, member_curves


def moment_of(**growing: int) -> FamilyMoment:
    """Eight seconds of a parent and of workers that grow by so much each second; `w30` is gone at the seventh."""
    log, pids = FamilyLog(), {int(name[1:]): kb for name, kb in growing.items()}
    for now in range(1, 9):
        members = {10: {"pss": 1, "private_clean": 0, "private_dirty": 100}}
        members |= {
            pid: {"pss": 1, "private_clean": 0, "private_dirty": 50 + kb * now}
            for pid, kb in pids.items()
            if pid != 30 or now < 7
        }
        log.append(reading_of(now, members, new=(10, *pids) if now == 1 else ()))
    return FamilyMoment(family_table(log, 8 * SECOND_NS, SECOND_NS, "uss"), 8 * SECOND_NS, 0, "uss", {})


def test_who_grows_most_is_the_highest_and_who_does_not_is_flat() -> None:
    moment = moment_of(w20=70, w30=7)
    parent, most, gone = member_curves(moment, moment.table.rows, (0, 8 * SECOND_NS), 8, current=20)
    assert (parent.curve, parent.amount, parent.title) == ("▁▁▁▁▁▁▁▁", "100 K", "p10")
    assert (most.curve, most.amount, most.has_cursor) == ("▁▂▃▄▅▆▇█", "610 K", True)
    assert set(gone.curve.strip()) <= {"▁", "▂"}, "it grew, but by a tenth of the other"
    assert gone.is_gone
    assert member_curves(moment, (), (0, 8 * SECOND_NS), 8, current=0) == []


def test_those_that_are_compared_come_before_others_and_the_order_stays() -> None:
    rows = moment_of(w20=1, w30=1, w40=1, w50=1).table.rows
    assert [row.pid for row in choose_curves(rows, 3, [50, 20])] == [10, 20, 50]
    assert [row.pid for row in choose_curves(rows, 4, [])] == [10, 20, 40, 50], "one is gone"
    assert [row.pid for row in choose_curves(rows, 9, [])] == [10, 20, 30, 40, 50]
    assert choose_curves(rows, 0, []) == []
