"""What a family looks like at a moment."""

from model.family.readings import SECOND_NS, reading_of

from smapstop.model.family.family_log import FamilyLog
from smapstop.model.family.family_table import FamilyMembers, FamilyTotals, family_table


def fork_log() -> FamilyLog:
    """A parent that writes 10 kB a second, and a child from the second second to the fifth."""
    log = FamilyLog()
    for second in range(1, 8):
        parent = {"rss": 100, "pss": 60, "private_clean": 0, "private_dirty": 10 * second, "minor_faults": 5 * second}
        child = {"rss": 40, "pss": 20, "private_clean": 4, "private_dirty": 1, "shared_dirty": 30, "swap_pss": 2}
        members = {10: parent, 20: child} if 2 <= second < 5 else {10: parent}
        new = {1: (10,), 2: (20,)}.get(second, ())
        log.append(reading_of(second, members, new=new))
    return log


def table_at(second: float, baseline: float = 1) -> FamilyMembers:
    return family_table(fork_log(), int(second * SECOND_NS), int(baseline * SECOND_NS), "uss")


def test_rows_have_what_was_read_last_and_change_since_the_baseline() -> None:
    parent, child = table_at(4).rows
    assert (parent.pid, parent.place.depth, parent.uss, parent.change) == (10, 0, 40, 30)
    assert (parent.rate, parent.faults, parent.age_ns) == (10.0, 5.0, 0)
    assert (child.pid, child.place.depth, child.uss, child.family, child.change) == (20, 1, 5, 30, 0)
    assert table_at(4, baseline=3).rows[0].change == 10


def test_sums_are_of_those_that_are_there() -> None:
    assert table_at(4).totals == FamilyTotals(2, rss=140, pss=80, uss=45, swap_pss=2, unread=0)
    assert table_at(1).totals == FamilyTotals(1, rss=100, pss=60, uss=10, swap_pss=None, unread=0)


def test_who_is_gone_lingers_and_is_not_counted() -> None:
    rows = table_at(6).rows
    assert [(row.pid, row.is_gone) for row in rows] == [(10, False), (20, True)]
    assert table_at(6).totals.processes == 1
    assert [row.pid for row in table_at(10.5).rows] == [10]


def test_what_was_not_read_yet_is_unknown() -> None:
    log = FamilyLog()
    log.append(reading_of(1, {10: {"rss": 100, "pss": 9}, 20: {}}, new=(10, 20), read={20: 0}))
    table = family_table(log, SECOND_NS, 0, "rss")
    unread = table.rows[1]
    assert (unread.rss, unread.change, unread.rate, unread.age_ns) == (None, None, None, None)
    assert (table.totals.unread, table.totals.pss) == (1, 9)
