"""What growth is allowed, and which is more."""

from fractions import Fraction

import pytest

from smapstop.errors import SmapstopError
from smapstop.report.diff.limits import Limit, parse_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("10%", Limit("10%", Fraction(10), True)),
        ("0.1%", Limit("0.1%", Fraction(1, 10), True)),
        ("512k", Limit("512k", Fraction(512), False)),
        ("1.5M", Limit("1.5M", Fraction(1536), False)),
        ("2 GiB", Limit("2 GiB", Fraction(2 << 20), False)),
        ("0KB", Limit("0KB", Fraction(0), False)),
        ("libfoo.so=5%", Limit("5%", Fraction(5), True, "libfoo.so")),
        ("/opt/a=b/lib.so=1M", Limit("1M", Fraction(1024), False, "/opt/a=b/lib.so")),
    ],
)
def test_a_limit_is_a_share_or_an_amount_of_the_total_or_of_one_mapping(text: str, limit: Limit) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize(
    "text", ["", "10", "%", "-5%", "5 percent", "libfoo.so", "libfoo.so=", "=5%", "nan%", "1e3k"]
)
def test_anything_else_is_reported(text: str) -> None:
    with pytest.raises(SmapstopError) as raised:
        parse_limit(text)
    expected = "give a percentage or an amount: 10%, 512k, 5M, or libfoo.so=5%"
    assert str(raised.value) == f"--fail-over {text}: {expected}"


@pytest.mark.parametrize(
    ("limit", "before", "after", "exceeded"),
    [
        ("10%", 1000, 1100, False),
        ("10%", 1000, 1101, True),
        ("0.1%", 1000, 1001, False),
        ("0.1%", 999, 1000, True),
        ("0%", 1000, 1000, False),
        ("0%", 1000, 1001, True),
        ("10%", 0, 0, False),
        ("10%", 0, 1, True),
        ("5M", 0, 5120, False),
        ("5M", 0, 5121, True),
        ("0k", 5000, 1, False),
    ],
)
def test_growth_up_to_the_limit_is_allowed(limit: str, before: int, after: int, exceeded: bool) -> None:
    assert parse_limit(limit).is_exceeded(before, after) == exceeded
