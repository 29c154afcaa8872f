"""Dates are found in the forms in which people write them; what is none is none."""

from datetime import UTC, datetime

import pytest

from smapstop.saved_smaps.dates import find_date, find_date_in_name

WHEN = 1795985676
"""2026-11-29 20:54:36 UTC."""


def seconds(line: str) -> float | None:
    """The time in a line, whose year and day are known."""
    date = find_date(line)
    return date.wall_ns / 1e9 if date is not None and date.has_year and date.has_day else None


@pytest.mark.parametrize(
    "line",
    [
        "Sun Nov 29 20:54:36 UTC 2026",
        "Sun Nov 29 08:54:36 PM UTC 2026",
        "Sun 29 Nov 2026 08:54:36 PM UTC",
        "So 29. Nov 21:54:36 CET 2026",
        "Sun, 29 Nov 2026 22:54:36 +0200",
        "Date: Sun, 29 Nov 2026 15:54:36 -0500",
        "2026-11-29T20:54:36Z",
        "2026-11-29T21:54:36+01:00",
        "2026-11-29 20:54:36 UTC",
        "2026-11-29_20:54:36Z",
        "[2026-11-29 20:54:36+00:00]",
        "Time: 2026-11-29T20:54:36Z",
        "=== sample 3: Sun Nov 29 20:54:36 UTC 2026 ===",
        "1795985676",
        "@1795985676",
        "Time: 1795985676",
        "timestamp=1795985676",
        "1795985676000",
        "1795985676000000000",
        "--- 20261129T205436Z ---",
        'Script started on 2026-11-29 20:54:36+00:00 [TERM="xterm"]',
    ],
)
def test_a_date_is_found(line: str) -> None:
    assert seconds(line) == WHEN


def test_a_fraction_is_exact() -> None:
    for line in ("2026-11-29T20:54:36,123456789Z", "1795985676.123456789"):
        date = find_date(line)
        assert date is not None
        assert date.wall_ns == WHEN * 1_000_000_000 + 123_456_789


def test_a_time_without_a_zone_is_local() -> None:
    local = datetime.fromtimestamp(WHEN, UTC).astimezone()
    assert seconds(f"{local:%Y-%m-%d %H:%M:%S}") == seconds(f"{local:%a %b %d %H:%M:%S %Y}") == WHEN
    assert seconds(f"{local:%a %b %d %H:%M:%S} {local.tzname()} {local:%Y}") == WHEN


@pytest.mark.parametrize(
    ("line", "has_day"), [("Nov 29 20:54:36 host smapslog[12]: ", True), (" 20:54:36 up 3 days,  1 user", False)]
)
def test_what_is_missing_in_a_date_is_known(line: str, has_day: bool) -> None:
    date = find_date(line)
    assert date is not None
    assert (date.has_year, date.has_day) == (False, has_day)


def test_an_unknown_zone_is_named() -> None:
    date = find_date("Sun Nov 29 20:54:36 XYZ 2026")
    assert date is not None
    assert date.zone == "XYZ"


@pytest.mark.parametrize(
    "line",
    [
        "root@host:~# cat /proc/4711/smaps",
        "2026-11-29",
        "Sun Feb 30 20:54:36 UTC 2026",
        "/usr/lib/libc-2.27.so 1795985676",
        "55d0c4a1e000-55d0c4a3f000",
        "took 12:30",
        "9" * 500,
        "\u0661" * 10,
    ],
)
def test_what_is_no_date_is_none(line: str) -> None:
    assert find_date(line) is None


@pytest.mark.parametrize(
    "name",
    ["smaps-2026-11-29T20:54:36Z.txt", "smaps.20261129-205436Z", "smaps.1795985676.gz", "4711-20261129T205436Z"],
)
def test_the_name_of_a_file_may_have_the_date(name: str) -> None:
    date = find_date_in_name(name)
    assert date is not None
    assert date.wall_ns == WHEN * 1_000_000_000
    assert find_date_in_name("smaps.4711") is None
