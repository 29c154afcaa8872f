import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.timestamps import format_utc

wall_ns = st.integers(0, (1 << 63) - 1)


def test_a_time_has_microseconds_or_milliseconds_and_is_cut_never_rounded() -> None:
    assert format_utc(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456Z"
    assert format_utc(1_700_000_000_999_999_999, "milliseconds") == "2023-11-14T22:13:20.999Z"
    assert format_utc(0) == "1970-01-01T00:00:00.000000Z"


@given(wall_ns)
def test_sqlite_reads_the_milliseconds(wall_ns: int) -> None:
    text = format_utc(wall_ns, "milliseconds")
    with closing(sqlite3.connect(":memory:")) as database:
        (back,) = database.execute("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ?)", (text,)).fetchone()
    assert back == text
