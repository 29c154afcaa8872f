"""Which moment of a recording a user means."""

import pytest

from smapstop.errors import SmapstopError
from smapstop.report.diff.moment_spec import MomentSpec, TimeRange, parse_moment_specs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start", ("start", "start")),
        ("12.5", (12.5, 12.5)),
        ("0", (0.0, 0.0)),
        ("peak,end", ("peak", "end")),
        ("3,", (3.0, None)),
        (",peak", (None, "peak")),
        ("0..60,60..", (TimeRange(0, 60), TimeRange(60))),
        ("..2.5", (TimeRange(0, 2.5), TimeRange(0, 2.5))),
    ],
)
def test_one_moment_is_for_both_runs_and_two_may_leave_one_out(
    text: str, expected: tuple[MomentSpec | None, MomentSpec | None]
) -> None:
    assert parse_moment_specs(text) == expected


@pytest.mark.parametrize("text", ["", "noon", "-1", "1e3", "nan", "start,end,peak", "start, end", "1 s"])
def test_anything_else_is_reported(text: str) -> None:
    with pytest.raises(SmapstopError) as raised:
        parse_moment_specs(text)
    expected = "give start, end, peak, or seconds after the start; A,B for one each"
    assert str(raised.value) == f"--at {text}: {expected}"
