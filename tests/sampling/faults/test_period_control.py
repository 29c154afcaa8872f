"""However many faults there are, samples stay few, and are each of them again when faults are."""

import pytest

from smapstop.sampling.faults.period_control import PeriodControl

SECOND = 1_000_000_000
LIMIT = 100


def samples_of_a_second(control: PeriodControl, faults: int, second: int, parts: int = 50) -> int:
    """Samples that are taken of so many faults within a second, in which they are read some times."""
    taken = since = 0
    for part in range(parts):
        since += faults * (part + 1) // parts - faults * part // parts
        samples, since = divmod(since, control.period)
        taken += samples
        control.book(samples, second * SECOND + (part + 1) * SECOND // parts)
    return taken


def test_few_faults_are_all_sampled() -> None:
    control = PeriodControl(LIMIT, 0)

    assert [samples_of_a_second(control, 100, second) for second in range(5)] == [100] * 5
    assert control.period == 1


@pytest.mark.parametrize("faults", [1_000, 10_000, 1_000_000])
def test_many_faults_are_sampled_within_the_limit(faults: int) -> None:
    control = PeriodControl(LIMIT, 0)

    first = samples_of_a_second(control, faults, 0, parts=1000)
    later = [samples_of_a_second(control, faults, second, parts=1000) for second in range(1, 5)]

    assert first <= 5 * LIMIT + faults // 1000
    assert all(LIMIT / 8 <= each <= LIMIT * 1.3 for each in later)


def test_all_are_sampled_again_when_they_are_few() -> None:
    control = PeriodControl(LIMIT, 0)
    samples_of_a_second(control, 100_000, 0)
    assert control.period > 1

    control.book(0, 2 * SECOND)
    control.book(0, 3 * SECOND)

    assert control.period == 1


def test_period_does_not_change_with_every_breath() -> None:
    control, periods = PeriodControl(LIMIT, 0), set()
    samples_of_a_second(control, 1_000, 0)
    for second in range(1, 20):
        samples_of_a_second(control, 900 if second % 2 else 1_100, second)
        periods.add(control.period)

    assert len(periods) == 1
