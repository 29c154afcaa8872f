"""What the dashboard keeps of a family whose members come and go."""

from factories import mappings_of, tick_of
from list_source import target
from model.family.readings import SECOND_NS, reading_of

from smapstop.model.family.comparison import LEAST_COMPARED, MOST_COMPARED
from smapstop.model.protocol import MemberMessage
from smapstop.model.timeline.timeline import Timeline
from smapstop.ui.state.family_state import MAX_RUNS, FamilyState

ROWS = mappings_of((16, 26, "rw-p", "", 40))


def test_the_histories_of_members_that_are_gone_are_bounded() -> None:
    family = FamilyState()
    for pid in range(1, 4 * MAX_RUNS):
        family.sampled = (pid, 2)
        family.handle(MemberMessage(pid, target(pid=pid)), family.runs.get(1))
        family.handle(MemberMessage(pid, tick_of(0, ROWS, [0], keyframe=True)))
        family.shared_mappings({pid: family.runs[pid].timeline}, 0, 0)
    assert len(family.runs) == MAX_RUNS
    newest = range(4 * MAX_RUNS - MAX_RUNS + 2, 4 * MAX_RUNS)
    assert set(family.runs) == {1, 2, *newest}, "the one that is shown, the one that is sampled, and the last ones"
    assert set(family._copies._read) == set(family.runs)


def sampled_every(seconds: int) -> Timeline:
    """Ticks of a process whose mappings are read every so many seconds."""
    timeline = Timeline()
    timeline.append(tick_of(0, ROWS, [0], keyframe=True, smaps_interval_ns=seconds * 1_000_000_000))
    return timeline


def test_more_members_are_sampled_while_the_budget_allows_it() -> None:
    family, sizes, now_ns = FamilyState(), {pid: pid for pid in range(1, 100)}, 0
    chosen = list[int]()
    for _ in range(8):
        now_ns += 11_000_000_000
        family.sampled = family.choose_sampled(sizes, current=7, target=1)
        chosen.append(len(family.sampled))
        family.adjust_count([sampled_every(1)] * (len(family.sampled) + 1), now_ns)
    assert chosen[:3] == [5, 5, 11], "the first time only shows how often they are read"
    assert chosen[-1] == MOST_COMPARED - 1
    assert {7, 99, 98}.issubset(family.sampled)
    assert 1 not in family.sampled, "the target is sampled anyway"
    family.adjust_count([sampled_every(20)] * MOST_COMPARED, now_ns + 11_000_000_000)
    assert len(family.choose_sampled(sizes, current=7, target=1)) == 9, "they were read too seldom"


def test_no_more_are_tried_before_those_that_are_wanted_are_there() -> None:
    family = FamilyState()
    for second in (1, 20, 40):
        family.adjust_count([sampled_every(1)] * 3, second * 1_000_000_000)
    assert len(family.choose_sampled({pid: pid for pid in range(1, 100)}, None, 1)) == LEAST_COMPARED - 1


def test_mappings_are_compared_again_only_when_a_tick_came() -> None:
    family, timelines = FamilyState(), {1: sampled_every(1), 2: sampled_every(1)}
    first = family.shared_mappings(timelines, 0, 0)
    assert len(first) == 1
    assert family.shared_mappings(timelines, 0, 0) is first
    timelines[2] = sampled_every(1)
    assert family.shared_mappings(timelines, 0, 0) is not first, "the pid is that of another process"


def test_the_members_are_derived_again_only_for_another_moment_or_after_a_reading() -> None:
    family, amounts = FamilyState(), {1: {"rss": 8, "private_clean": 0, "private_dirty": 4}}
    family.append(reading_of(1, amounts, new=(1,)))
    first = family.table(SECOND_NS, 0, "uss")
    assert family.table(SECOND_NS, 0, "uss") is first
    assert family.table(2 * SECOND_NS, 0, "uss") is not first
    family.append(reading_of(2, {1: amounts[1] | {"private_dirty": 6}}))
    assert family.table(2 * SECOND_NS, 0, "uss").totals.uss == 6
