"""One reading of a family."""

from model.family.readings import reading_of

from smapstop.proc.columns import ABSENT


def test_sums_of_fields_are_unknown_where_the_first_is() -> None:
    reading = reading_of(1, {10: {"private_clean": 4, "private_dirty": 8}, 20: {"private_dirty": 8}, 30: {}})
    assert reading.sum_of("private_clean", "private_dirty", "private_hugetlb").tolist() == [12, ABSENT, ABSENT]
    assert reading.keys == [(10, 10), (20, 20), (30, 30)]
    assert reading.get("private_dirty").tolist() == [8, 8, ABSENT]
