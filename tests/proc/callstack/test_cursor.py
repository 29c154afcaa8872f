"""Numbers of DWARF, in bytes that may end anywhere."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.proc.callstack.cursor import Cursor


def uleb(number: int) -> bytes:
    """DWARF 5, figure 7.1."""
    parts = []
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def sleb(number: int) -> bytes:
    """DWARF 5, figure 7.2."""
    parts = []
    while not -64 <= number < 64:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number & 0x7F])


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
def test_numbers_are_read_as_they_are_written(unsigned: int, signed: int) -> None:
    at = Cursor(
        uleb(unsigned) + sleb(signed) + uleb(unsigned) + b"text\0" + signed.to_bytes(8, "little", signed=True)
    )
    assert (at.uleb(), at.sleb()) == (unsigned, signed)
    at.skip_uleb()
    assert (at.text(), at.signed(8)) == (b"text", signed)
    assert not at


@pytest.mark.parametrize(
    "read",
    [
        lambda at: at.unsigned(4),
        lambda at: at.byte() and at.byte() and at.byte() and at.byte(),
        lambda at: at.uleb(),
        lambda at: at.sleb(),
        lambda at: at.skip_uleb(),
        lambda at: at.text(),
        lambda at: at.take(-1),
        lambda at: at.take(2**63),
    ],
)
def test_the_end_is_one_error(read: Callable[[Cursor], object]) -> None:
    with pytest.raises(ValueError):
        read(Cursor(b"\xff\xff\xff"))


def test_a_number_that_goes_on_and_on_is_none() -> None:
    with pytest.raises(ValueError):
        Cursor(b"\x80" * 100).uleb()


def test_a_part_of_bytes_ends_at_its_end() -> None:
    at = Cursor(b"abcdef", 1, 3)
    assert at.rest() == b"bc"
    with pytest.raises(ValueError):
        Cursor(b"ab", 3)
