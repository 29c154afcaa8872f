"""Where the faults are that stat counts."""

from dataclasses import replace

from factories import COUNTERS

from smapstop.proc.columns import Counters
from smapstop.sampling.faults.accounts import FaultAccounts, FaultTotals


def counters(minor: int, major: int = 0) -> Counters:
    return replace(COUNTERS, minor_faults=minor, major_faults=major)


def test_faults_that_are_not_visible_are_in_system_calls() -> None:
    accounts = FaultAccounts(counters(1000, 10))

    first = accounts.settle(counters(1060, 12), 50, 50, has_losses=False, has_gaps=False)
    second = accounts.settle(counters(1070, 12), 60, 10, has_losses=False, has_gaps=False)

    assert first == FaultTotals(60, 2, 50, 0, 12)
    assert second == FaultTotals(10, 0, 10, 0, 0)


def test_visible_faults_without_a_sample_are_lost() -> None:
    accounts = FaultAccounts(counters(0))

    assert accounts.settle(counters(100), 90, 70, has_losses=True, has_gaps=False) == FaultTotals(100, 0, 70, 20, 10)


def test_samples_of_each_nth_fault_stand_for_the_others() -> None:
    accounts = FaultAccounts(counters(0))

    assert accounts.settle(counters(100), 100, 96, has_losses=False, has_gaps=False) == FaultTotals(100, 0, 100, 0, 0)


def test_faults_that_happened_while_sampling_started_over_are_lost() -> None:
    accounts = FaultAccounts(counters(0))

    assert accounts.settle(counters(100), 90, 90, has_losses=False, has_gaps=True) == FaultTotals(100, 0, 90, 10, 0)
    assert accounts.settle(counters(200), 190, 100, has_losses=False, has_gaps=False) == FaultTotals(
        100, 0, 100, 0, 0
    )


def test_faults_seen_before_stat_counts_them_are_not_hidden_later() -> None:
    accounts = FaultAccounts(counters(0))

    assert accounts.settle(counters(98), 100, 100, has_losses=False, has_gaps=False).in_system_calls == 0
    assert accounts.settle(counters(200), 200, 100, has_losses=False, has_gaps=False).in_system_calls == 0


def test_when_nobody_knows_the_counters_any_more_those_seen_count() -> None:
    accounts = FaultAccounts(counters(5, 1))

    assert accounts.settle(None, 30, 30, has_losses=False, has_gaps=False) == FaultTotals(30, 0, 30, 0, 0)
