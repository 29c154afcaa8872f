"""How many processes are compared, by how often the budget allows to read them."""

import pytest

from smapstop.model.family.comparison import LEAST_COMPARED, MOST_COMPARED, affordable_count, largest_first

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    ("count", "interval_s", "affordable"),
    [
        (6, 1.0, 12),  # thirty would fit, but it is not known yet what they cost
        (12, 2.0, 24),
        (24, 4.0, 30),
        (30, 5.0, 30),
        (30, 6.0, 30),  # nearly: others are not dropped for that
        (30, 10.0, 15),
        (40, 0.1, MOST_COMPARED),
        (6, 60.0, LEAST_COMPARED),
        (8, 60.0, LEAST_COMPARED),
    ],
)
def test_as_many_as_can_be_read_every_five_seconds(count: int, interval_s: float, affordable: int) -> None:
    assert affordable_count(count, round(interval_s * SECOND_NS)) == affordable


def test_the_number_settles_whatever_a_process_costs() -> None:
    for cost_s in (0.01, 0.1, 0.3, 1.0, 5.0):
        count = LEAST_COMPARED
        for _ in range(8):
            before, count = count, affordable_count(count, round(max(1.0, count * cost_s) * SECOND_NS))
        assert count == before
        assert count in (LEAST_COMPARED, MOST_COMPARED) or count * cost_s <= 5


def test_the_largest_come_first_after_those_that_must() -> None:
    assert largest_first({1: 10, 2: 30, 3: 20}, [3, 7]) == [3, 7, 2, 1]
