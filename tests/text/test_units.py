"""Amounts in the unit that the user chose."""

import pytest

from smapstop.model.view.view_state import UNITS, Units
from smapstop.text.units import UNIT_NAMES, UnitFormat


@pytest.mark.parametrize(
    ("units", "amounts", "changes"),
    [
        ("auto", ["0", "4 K", "1.5 M", "–"], ["·", "+64 K", "−4 K", "–"]),
        ("pages", ["0", "1", "384", "–"], ["·", "+16", "−1", "–"]),
        ("bytes", ["0", "4,096", "1,572,864", "–"], ["·", "+65,536", "−4,096", "–"]),
        ("kB", ["0", "4", "1,536", "–"], ["·", "+64", "−4", "–"]),
        ("share", ["0", "0.04", "15", "–"], ["·", "+0.64", "−0.04", "–"]),
    ],
)
def test_amounts_and_changes(units: Units, amounts: list[str], changes: list[str]) -> None:
    unit = UnitFormat(units, 4, 10_000.0)
    assert [unit.amount(kb) for kb in (0, 4, 1536, -1)] == amounts
    assert [unit.signed(kb) for kb in (0, 64, -4, None)] == changes


def test_parts_of_pages_and_of_kilobytes() -> None:
    assert [UnitFormat("pages").amount(kb) for kb in (1, 6, 4001)] == ["0.2", "1.5", "1,000"]
    assert UnitFormat("kB").signed(0.25) == "+0.2"
    assert UnitFormat("pages", 16).amount(64) == "4"


def test_a_share_of_nothing_is_unknown() -> None:
    assert UnitFormat("share", 4, None).amount(4) == "–"
    assert UnitFormat("share", 4, 0.0).amount(4) == "–"
    assert [UnitFormat("share", 4, 1000.0).amount(kb) for kb in (1000, 96, 10, 1)] == ["100", "9.6", "1.0", "0.10"]


def test_each_unit_has_a_name_and_numbers_of_unknown_size_no_sign() -> None:
    assert tuple(UNIT_NAMES) == UNITS
    assert UnitFormat("pages").with_sign("384") == "384 p"
    assert UnitFormat("pages").with_sign("–") == "–"
    assert UnitFormat().with_sign("4 K") == "4 K"


def test_on_an_axis_what_has_no_room_is_in_kilobytes_or_more() -> None:
    assert [UnitFormat("pages").axis(kb, 7) for kb in (400, 81_920, 819_200)] == ["100 p", "20,480p", "800 M"]
    assert UnitFormat("bytes").axis(81_920, 7) == "80 M"
    assert UnitFormat().axis(81_920, 7) == "80 M"
