"""Deadlines and the budget, in simulated time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smapstop.model.protocol import Pace
from smapstop.model.tick import Tier
from smapstop.sampling.pacing import Pacer

MS = 1_000_000
SECOND = 1000 * MS
Costs = dict[Tier, int]
CHEAP: Costs = {"counters": MS // 5, "rollup": MS, "smaps": 3 * MS}
DEAR: Costs = {"counters": MS // 5, "rollup": 150 * MS, "smaps": 200 * MS}


@dataclass(frozen=True)
class Run:
    """One simulated tick."""

    due_ns: int
    tier: Tier
    cost_ns: int
    interval_ns: int
    """As told after it."""


def simulated(pacer: Pacer, costs: Callable[[int], Costs]) -> Iterator[Run]:
    """Ticks for ever, each as soon as it is due; costs may depend on the time."""
    now = 0
    while True:
        now = max(now, pacer.due_ns)
        due, tier = pacer.due_ns, pacer.tier()
        cost = costs(now)[tier]
        now += cost
        pacer.book_tick(tier, cost, now)
        yield Run(due, tier, cost, pacer.interval_ns)


def share(runs: list[Run]) -> float:
    """What the ticks cost of the time they took, up to the next one."""
    return sum(run.cost_ns for run in runs[:-1]) / (runs[-1].due_ns - runs[0].due_ns)


def full(runs: list[Run]) -> list[Run]:
    return [run for run in runs if run.tier == "smaps"]


def test_cheap_readings_come_at_every_interval() -> None:
    runs = list(islice(simulated(Pacer(Pace(), 0), lambda now: CHEAP), 100))

    assert [second * SECOND for second in range(100)] == [run.due_ns for run in full(runs)]
    assert {SECOND} == {run.interval_ns for run in runs}


def test_dear_readings_keep_to_the_budget() -> None:
    runs = list(islice(simulated(Pacer(Pace(SECOND, 0.05), 0), lambda now: DEAR), 1000))
    later = runs[20:]  # by then it is known that smaps_rollup is dear, too
    readings = full(later)
    later = later[later.index(readings[0]) : later.index(readings[-1]) + 1]

    assert share(runs) <= 0.05
    assert 0.035 <= share(later) <= 0.05
    assert {"smaps", "counters"} == {run.tier for run in later}
    assert [second * SECOND for second in range(len(runs))] == [run.due_ns for run in runs]


def test_interval_is_how_often_smaps_is_really_read() -> None:
    runs = list(islice(simulated(Pacer(Pace(SECOND, 0.05), 0), lambda now: DEAR), 200))[20:]
    readings = full(runs)

    # four intervals pay for 200 ms, but not for the counters read in between
    assert {5 * SECOND} == {b.due_ns - a.due_ns for a, b in pairwise(readings)}
    assert {5 * SECOND} == {run.interval_ns for run in runs}


paces = st.builds(Pace, st.sampled_from([20 * MS, 100 * MS, SECOND]), st.sampled_from([0.002, 0.05, 1.0]))
percents = st.fixed_dictionaries(
    {"counters": st.integers(0, 200), "rollup": st.integers(0, 1000), "smaps": st.integers(1, 10_000)}
)
"""Costs in percent of what an interval's budget pays."""


@example({"counters": 27, "rollup": 26, "smaps": 174}, Pace(20 * MS, 0.002))  # neither fits between two full ones
@given(percents, paces)
def test_interval_and_budget_hold_for_all_steady_costs(percents: Costs, pace: Pace) -> None:
    paid = int(pace.budget * pace.interval_ns)
    costs: Costs = {tier: percent * paid // 100 for tier, percent in percents.items()}
    ticks = simulated(Pacer(pace, 0), lambda now: costs)
    periods = [[next(ticks)]]
    while len(periods) < 7:
        run = next(ticks)
        if run.tier == "smaps":
            periods.append([])
        periods[-1].append(run)
    settled = periods[3:]  # there may be nothing between the first two, and then each of two costs has to be learned

    for period, following in pairwise(settled):
        assert {following[0].due_ns - period[0].due_ns} == {run.interval_ns for run in period}
        assert share([*period, following[0]]) <= pace.budget


def test_readings_come_at_every_interval_again_when_they_get_cheap() -> None:
    runs = list(islice(simulated(Pacer(Pace(), 0), lambda now: DEAR if now < 60 * SECOND else CHEAP), 100))
    recovered = [run for run in runs if run.due_ns >= 65 * SECOND]

    assert {"smaps"} == {run.tier for run in recovered}
    assert {SECOND} == {run.interval_ns for run in recovered}


def test_one_dear_reading_is_paid_for_and_forgotten() -> None:
    runs = list(islice(simulated(Pacer(Pace(), 0), lambda now: DEAR if now == 10 * SECOND else CHEAP), 40))

    assert [*range(11), *range(15, 40)] == [run.due_ns // SECOND for run in full(runs)]


def test_totals_come_between_full_readings_when_they_are_cheap() -> None:
    cost: Costs = {"counters": MS // 5, "rollup": 10 * MS, "smaps": 190 * MS}
    runs = list(islice(simulated(Pacer(Pace(), 0), lambda now: cost), 500))

    assert {"smaps", "rollup"} == {run.tier for run in runs}
    assert share(runs) <= 0.05
    assert {5 * SECOND} == {b.due_ns - a.due_ns for a, b in pairwise(full(runs))}


def test_nothing_is_read_between_when_the_budget_has_no_room_for_it() -> None:
    cost: Costs = {"counters": MS, "rollup": 2 * MS, "smaps": 10 * MS}
    pacer = Pacer(Pace(20 * MS, 0.01), 0)
    runs = list(islice(simulated(pacer, lambda now: cost), 50))[5:]

    assert {"smaps"} == {run.tier for run in runs}
    assert {SECOND} == {b.due_ns - a.due_ns for a, b in pairwise(runs)} == {run.interval_ns for run in runs}


def test_page_faults_do_not_keep_cheap_readings_from_coming_between() -> None:
    pacer = Pacer(Pace(), 0)
    tiers = []
    for _ in range(200):
        now, tier = pacer.due_ns, pacer.tier()
        tiers.append(tier)
        pacer.book_tick(
            tier, {"counters": MS // 5, "rollup": 4 * MS, "smaps": 190 * MS}[tier], now, faults_ns=30 * MS
        )

    assert set(tiers) == {"smaps", "rollup"}
    assert tiers.count("smaps") > 10
    readings = [at for at, tier in enumerate(tiers) if tier == "smaps"]
    assert pacer.interval_ns // SECOND in {b - a for a, b in pairwise(readings)}


def test_interval_does_not_swing_with_every_tick_between() -> None:
    pacer, ticks = Pacer(Pace(SECOND, 0.004), 0), []
    for at in range(400):
        tier = pacer.tier()
        counters = MS if at % 2 else 0
        pacer.book_tick(tier, {"counters": counters, "rollup": 90 * MS, "smaps": 200 * MS}[tier], pacer.due_ns)
        ticks.append((tier, pacer.interval_ns // SECOND))
    readings = [at for at, (tier, _) in enumerate(ticks) if tier == "smaps"][2:]

    assert {b - a for a, b in pairwise(readings)} <= {56, 57, 58}
    assert {seconds for _, seconds in ticks[readings[0] :]} <= {56, 57, 58}


def test_missed_ticks_are_skipped() -> None:
    pacer = Pacer(Pace(), 0)
    pacer.book_tick("smaps", 3 * MS, 3 * MS)
    asleep_until = 7 * SECOND + 300 * MS
    pacer.book_tick("smaps", 3 * MS, asleep_until)

    assert pacer.due_ns == 8 * SECOND


def test_a_pace_that_is_set_again_changes_nothing() -> None:
    """A family that is sampled sets it at every change of its members."""
    pacer = Pacer(Pace(SECOND, 0.001), 0)
    for tier in ("smaps", "rollup", "counters"):
        pacer.book_tick(tier, 5 * MS, pacer.due_ns + 5 * MS)
    due_ns = pacer.due_ns
    assert due_ns >= 15 * SECOND
    pacer.pace = Pace(SECOND, 0.001)
    assert pacer.due_ns == due_ns
    pacer.pace = Pace(SECOND, 0.0005)
    assert pacer.due_ns > due_ns
    pacer.pace = Pace(SECOND, 1.0)
    assert pacer.due_ns < due_ns


@given(st.lists(st.tuples(st.sampled_from(["counters", "rollup", "smaps"]), st.integers(0, 5 * SECOND))), paces)
def test_next_tick_is_never_in_the_past_and_on_the_grid(spent: list[tuple[Tier, int]], pace: Pace) -> None:
    pacer, now = Pacer(pace, 0), 0
    for tier, cost in spent:
        now += cost
        pacer.book_tick(tier, cost, now)
        assert pacer.due_ns >= now
        assert pacer.due_ns % pace.interval_ns == 0
        now = pacer.due_ns


def test_reading_that_takes_longer_than_the_interval_is_not_caught_up_on() -> None:
    slow: Costs = {"counters": MS, "rollup": MS, "smaps": 250 * MS}
    runs = list(islice(simulated(Pacer(Pace(100 * MS, 1.0), 0), lambda now: slow), 20))

    assert {300 * MS} == {b.due_ns - a.due_ns for a, b in pairwise(runs)} == {run.interval_ns for run in runs}


@pytest.mark.parametrize(("interval_s", "due_ms"), [(1, 1000), (60, 10_000)])
def test_shorter_interval_counts_from_the_last_tick(interval_s: int, due_ms: int) -> None:
    pacer = Pacer(Pace(10 * SECOND), 0)
    pacer.book_tick("smaps", 3 * MS, 3 * MS)

    pacer.pace = Pace(interval_s * SECOND)

    assert pacer.due_ns == due_ms * MS
    assert pacer.interval_ns == interval_s * SECOND


def test_larger_budget_is_noticed() -> None:
    pacer = Pacer(Pace(SECOND, 0.05), 0)
    pacer.book_tick("smaps", 200 * MS, 200 * MS)
    assert pacer.tier() != "smaps"

    pacer.pace = Pace(SECOND, 1.0)
    pacer.book_tick("counters", MS, SECOND)

    assert pacer.tier() == "smaps"
    assert pacer.interval_ns == SECOND


def test_what_is_asked_for_between_ticks_keeps_to_the_budget_too() -> None:
    pacer, spent, readings = Pacer(Pace(SECOND, 0.05), 0), 0, list[int]()
    for _ in range(200):
        now, tier = pacer.due_ns, pacer.tier()
        pacer.book_tick(tier, CHEAP[tier], now + CHEAP[tier])
        spent += CHEAP[tier]
        if tier == "smaps":
            readings.append(now)
            pacer.book_request(120 * MS)  # a look at many pages follows each reading
            spent += 120 * MS
            told = pacer.interval_ns

    assert spent / pacer.due_ns <= 0.05
    assert {3 * SECOND} == {b - a for a, b in pairwise(readings[2:])} == {told}


def test_a_request_that_the_interval_can_pay_delays_nothing() -> None:
    pacer = Pacer(Pace(SECOND, 0.05), 0)
    for second in range(10):
        assert (pacer.due_ns, pacer.tier()) == (second * SECOND, "smaps")
        pacer.book_tick("smaps", 3 * MS, pacer.due_ns + 3 * MS)
        pacer.book_request(40 * MS)
    assert pacer.interval_ns == SECOND


def test_what_is_forgiven_delays_nothing() -> None:
    pacer = Pacer(Pace(1_000_000_000, 0.05), 0)
    pacer.book_tick("smaps", 5_000_000_000, 1_000_000_000)
    assert pacer.tier() != "smaps"
    pacer.drop_debt(2_000_000_000)
    assert (pacer.tier(), pacer.due_ns, pacer.interval_ns) == ("smaps", 3_000_000_000, 1_000_000_000)


def test_the_first_changes_are_shown_after_an_interval_if_the_first_reading_was_not_too_dear() -> None:
    for cost, tier in ((100 * MS, "smaps"), (101 * MS, "rollup")):
        pacer = Pacer(Pace(SECOND, 0.05), 0)
        pacer.book_tick("smaps", cost, cost)
        assert (pacer.tier(), pacer.due_ns) == (tier, SECOND)
    pacer = Pacer(Pace(SECOND, 0.05), 0)
    for second in range(2):
        pacer.book_tick("smaps", 60 * MS, second * SECOND)
    assert pacer.tier() == "rollup"  # but only the first


def test_a_reading_that_stood_still_once_does_not_delay_the_next_ones() -> None:
    pacer, read = Pacer(Pace(SECOND, 0.05), 0), []
    for tick in range(20):
        tier = pacer.tier()
        elapsed_ns = 3 * SECOND if tick == 7 else 2 * CHEAP[tier]
        pacer.book_tick(tier, CHEAP[tier], pacer.due_ns + elapsed_ns, elapsed_ns=elapsed_ns)
        read.append(tier)
    assert {"smaps"} == set(read)


def test_readings_that_take_long_keep_to_the_budget_though_they_cost_little_cpu() -> None:
    """As of a process that holds its lock, or of one elsewhere."""
    pacer, elapsed = Pacer(Pace(SECOND, 0.05), 0), list[int]()
    for _ in range(400):
        tier = pacer.tier()
        elapsed.append(300 * MS if tier == "smaps" else CHEAP[tier])
        pacer.book_tick(tier, CHEAP[tier], pacer.due_ns + elapsed[-1], elapsed_ns=elapsed[-1])
    assert sum(elapsed) <= 0.05 * pacer.due_ns + 2 * 300 * MS
    assert elapsed.count(300 * MS) > 50
