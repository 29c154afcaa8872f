"""The times of saved readings: by date, by file, or regular; never backwards, never invented in silence."""

import pytest

from smapstop.errors import SmapstopError
from smapstop.saved_smaps.dates import Date, find_date
from smapstop.saved_smaps.times import SECOND_NS, ReadingTime, find_times

SAVED_NS = 1_796_000_000 * SECOND_NS


def times(*dates: str | None, interval: int | None = None, alone: bool = False, step: int = 0) -> list[float]:
    """Times in seconds after the first one, of readings with these dates."""
    found, _ = find_times(readings(*dates, alone=alone, step=step), interval)
    return [(time - found[0]) / SECOND_NS for time in found]


def readings(*dates: str | None, alone: bool = False, step: int = 0) -> list[ReadingTime]:
    """Readings with these dates, of files that were written `step` ns apart."""
    found: list[Date | None] = [None if date is None else find_date(date) for date in dates]
    return [ReadingTime("'a'", 10 * at + 1, date, SAVED_NS + at * step, alone) for at, date in enumerate(found)]


def test_dates_are_the_times() -> None:
    texts = [f"Sun Nov 29 20:54:{second} UTC 2026" for second in (36, 37, 59)]
    assert times(*texts) == [0, 1, 23]
    assert find_times(readings(*texts), None)[0][0] == 1_795_985_676 * SECOND_NS


def test_readings_in_one_second_are_spread_over_it_and_that_is_reported() -> None:
    texts = ["1795985676", "1795985676", "1795985677", "1795985677", "1795985677", "1795985677"]
    assert times(*texts) == [0, 0.5, 1, 1.25, 1.5, 1.75]
    assert find_times(readings(*texts), None)[1] == [
        "several readings at the same time: spread evenly until the next one"
    ]


def test_files_that_were_saved_one_after_the_other_have_their_times() -> None:
    assert times(None, None, None, alone=True, step=SECOND_NS) == [0, 1, 2]


@pytest.mark.parametrize(("alone", "step"), [(True, 0), (True, 1000), (False, SECOND_NS)])
def test_a_regular_spacing_is_assumed_and_told(alone: bool, step: int) -> None:
    found, notes = find_times(readings(None, None, None, alone=alone, step=step), None)
    assert [time - found[-1] for time in found] == [-2 * SECOND_NS, -SECOND_NS, 0]
    assert notes == ["no times: 1 s between readings is assumed; --interval SECONDS says otherwise"]


def test_a_given_interval_needs_no_dates_and_says_nothing() -> None:
    found, notes = find_times(readings("1795985676", "1795985676", None), 5 * SECOND_NS)
    assert [time // SECOND_NS - 1_795_985_676 for time in found] == [0, 5, 10]
    assert notes == []


@pytest.mark.parametrize(
    ("dates", "reported"),
    [
        (
            ["1795985676", "1795985675"],
            "2026-11-29 20:54:35 UTC is before the reading before it ('a': line 1, 2026-11-",
        ),
        (["1795985676", None], "no date before this reading, and others have one: give --interval SECONDS"),
    ],
)
def test_times_that_go_back_or_are_missing_are_refused(dates: list[str | None], reported: str) -> None:
    with pytest.raises(SmapstopError) as raised:
        times(*dates)
    assert str(raised.value).startswith(f"'a': line 11: {reported}")


def test_times_of_day_go_on_over_midnight_up_to_the_time_of_the_file() -> None:
    texts = ["23:59:58", "23:59:59", "00:00:01"]
    assert times(*texts) == [0, 1, 3]
    found, _ = find_times(readings(*texts), None)
    assert SAVED_NS - 86_400 * SECOND_NS < found[-1] <= SAVED_NS


def test_a_date_without_a_year_is_of_the_last_one_before_the_file() -> None:
    (december, november), _ = find_times(readings("Dec 24 10:00:00 host a", alone=True) * 2, None)
    assert december == november - SECOND_NS // 2
    assert SAVED_NS - 366 * 86_400 * SECOND_NS < december < SAVED_NS


def test_an_unknown_zone_is_reported() -> None:
    assert find_times(readings("Sun Nov 29 20:54:36 XYZ 2026"), None)[1] == ["unknown time zone XYZ: taken as UTC"]
