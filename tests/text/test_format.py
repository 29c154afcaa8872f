import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from smapstop.proc.columns import ABSENT
from smapstop.text import format as text

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("kb", "expected"),
    [
        (0, "0"),
        (4, "4 K"),
        (1023, "1023 K"),
        (1024, "1 M"),
        (1434, "1.4 M"),
        (131_072, "128 M"),
        (1_048_064, "1 G"),
        (1_047_552, "1023 M"),
        (1_268_777, "1.21 G"),
        (16 << 30, "16 T"),
        (2**64 >> 10, "16 E"),
        (None, "–"),
        (ABSENT, "–"),
    ],
)
def test_an_amount_is_exact_while_small_then_has_three_digits(kb: int | None, expected: str) -> None:
    assert expected == text.amount(kb)


@pytest.mark.parametrize(
    ("kb", "expected"),
    [(0, "·"), (64, "+64 K"), (-4, "−4 K"), (-1023, "−1023 K"), (2_000_000, "+1.91 G"), (None, "–")],
)
def test_a_change_has_a_sign_and_no_change_is_a_dot(kb: int | None, expected: str) -> None:
    assert expected == text.signed(kb)


@pytest.mark.parametrize(
    ("kb_per_s", "expected"),
    [
        (0.0, "·"),
        (-0.25, "−0.25 K"),
        (0.001, "+0 K"),
        (1.333, "+1.33 K"),
        (12.53, "+12.5 K"),
        (512.0, "+512 K"),
        (1023.4, "+1023 K"),
        (1023.6, "+1 M"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_a_rate_keeps_small_fractions(kb_per_s: float | None, expected: str) -> None:
    assert expected == text.rate(kb_per_s)


@given(st.floats(min_value=-(2**54), max_value=2**54))
def test_amounts_changes_and_rates_keep_to_their_columns(kb: float) -> None:
    assert len(text.amount(round(abs(kb)))) <= 6
    assert len(text.signed(round(kb))) <= 7
    assert len(text.rate(kb)) <= 7


@given(st.integers(0, 2**54), st.integers(0, 2**54))
def test_a_larger_amount_never_reads_smaller(one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert read(text.amount(less)) <= read(text.amount(more))


def read(shown: str) -> float:
    number, _, unit = shown.partition(" ")
    return float(number) * 1024.0 ** " KMGTPE".index(unit or " ")


@pytest.mark.parametrize(
    ("kb", "expected"),
    [
        (0, "0 KiB"),
        (4, "4 KiB"),
        (422_195, "412.3 MiB"),
        (421_888, "412.0 MiB"),
        (1_048_535, "1.00 GiB"),
        (1_268_777, "1.21 GiB"),
        (2**64 >> 10, "16.00 EiB"),
        (None, "–"),
    ],
)
def test_a_long_amount_keeps_the_decimals_of_its_unit(kb: int | None, expected: str) -> None:
    assert expected == text.long_amount(kb)


@pytest.mark.parametrize(("kb", "expected"), [(0, "±0"), (1228, "+1.2 MiB"), (-3, "−3 KiB"), (None, "–")])
def test_a_long_change_is_signed(kb: int | None, expected: str) -> None:
    assert expected == text.long_signed(kb)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(0, "0"), (312, "312"), (4180, "4,180"), (65_530, "65.5k"), (999_499, "999k"), (999_500, "1M"), (None, "–")],
)
def test_a_count_has_commas_then_thousands(n: int | None, expected: str) -> None:
    assert expected == text.count(n)


@given(st.integers(0, 10**14))
def test_a_count_keeps_to_its_column(n: int) -> None:
    assert len(text.count(n)) <= 5


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (0, "0/s"),
        (0.25, "0.25/s"),
        (0.001, "<0.01/s"),
        (9.7, "10/s"),
        (312.4, "312/s"),
        (65_530, "65.5k/s"),
        (None, "–"),
    ],
)
def test_events_per_second(events: float | None, expected: str) -> None:
    assert expected == text.per_second(events)


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [(0.002, "0.2 %"), (0.031, "3.1 %"), (0.0996, "10 %"), (2.12, "212 %"), (None, "–")],
)
def test_a_share_in_percent(fraction: float | None, expected: str) -> None:
    assert expected == text.percent(fraction)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-1, "now"), (0.9, "now"), (3.9, "3 s"), (60, "1 m"), (3599, "59 m"), (3600, "1 h"), (172_800, "2 d")],
)
def test_an_age_names_its_largest_unit(seconds: float, expected: str) -> None:
    assert expected == text.age(seconds)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (4.9, "4 s"), (125, "2m05s"), (7999, "2h13m"), (273_600, "3d04h")],
)
def test_a_duration_names_its_two_largest_units(seconds: float, expected: str) -> None:
    assert expected == text.duration(seconds)


@pytest.mark.parametrize(
    ("ns", "expected"),
    [(0, "0.0 ms"), (1_900_000, "1.9 ms"), (48_000_000, "48 ms"), (999_600_000, "1.0 s"), (12 * SECOND, "12 s")],
)
def test_a_span_is_short_at_every_length(ns: int, expected: str) -> None:
    assert expected == text.span(ns)


def test_the_clock_is_rounded_down_as_clocks_are() -> None:
    just_before_ten_past = (14 * 3600 + 5 * 60 + 9) * SECOND + 990_000_000
    assert text.clock(just_before_ten_past) == "14:05:09"
    assert text.clock_tenths(just_before_ten_past) == "14:05:09.9"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("[heap]", "[heap]"),
        ("[red]/[/red]", "[red]/[/red]"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("tab\tnul\0del\x7fcsi\x9b", r"tab\x09nul\x00del\x7fcsi\x9b"),
        ("exe\u202egpj.sh", r"exe\u202egpj.sh"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), r"caf\xe9"),
        ("hair\u200bline\u00a0", r"hair\u200bline\xa0"),
        ("♥\ufe0f", r"♥\ufe0f"),
        ("日本語 café", "日本語 café"),
    ],
)
def test_what_could_harm_the_terminal_is_spelled_out(name: str, expected: str) -> None:
    assert expected == text.printable(name)


def test_nothing_below_a_space_nor_a_format_character_ever_gets_through() -> None:
    shown = text.printable("".join(map(chr, range(sys.maxunicode + 1))))
    assert [char for char in shown if not char.isprintable()] == []


def test_widths_are_those_that_the_dashboard_library_sees() -> None:
    settled = [char for char in map(chr, range(sys.maxunicode + 1)) if text.printable(char) == char]
    assert [hex(ord(char)) for char in settled if text.cell_width(char) != cell_len(char)] == []


@pytest.mark.parametrize(
    ("name", "width", "expected"),
    [
        ("/usr/lib/libc.so.6", 18, "/usr/lib/libc.so.6"),
        ("/usr/lib/libc.so.6", 11, "…/libc.so.6"),
        ("/usr/lib/libc.so.6", 1, "…"),
        ("/usr/lib/libc.so.6", 0, ""),
        ("日本語/ファイル", 9, "…ファイル"),
        ("日本語/ファイル", 8, "…ァイル"),
        ("xe\u0301y", 2, "…y"),
        ("we\u0301xy", 3, "…xy"),
        ("/tmp/\x1b[2J", 5, "…b[2J"),
    ],
)
def test_a_name_is_shortened_from_the_left(name: str, width: int, expected: str) -> None:
    assert expected == text.shorten(name, width)


@pytest.mark.parametrize(
    ("sentence", "width", "expected"),
    [
        ("copy-on-write", 13, "copy-on-write"),
        ("copy-on-write", 8, "copy-on…"),
        ("日本語", 4, "日…"),
        ("cafe\u0301 noir", 5, "cafe\u0301…"),
        ("any", 0, ""),
    ],
)
def test_a_sentence_is_clipped_on_the_right(sentence: str, width: int, expected: str) -> None:
    assert expected == text.clip(sentence, width)


@given(st.text(), st.integers(0, 30))
def test_a_cut_text_is_safe_and_fits(anything: str, width: int) -> None:
    for cut in (text.shorten(anything, width), text.clip(anything, width)):
        assert cut.isprintable()
        assert cell_len(cut) <= width
        assert width == cell_len(text.pad(cut, width))


@given(st.text(alphabet="abc/.日é\u0301"), st.integers(1, 30))
def test_a_shortened_text_ends_as_the_text_does(name: str, width: int) -> None:
    assert name.endswith(text.shorten(name, width).removeprefix("…"))


@pytest.mark.parametrize(
    ("name", "width", "expected"),
    [
        ("libc.so.6 .text", 20, "libc.so.6 .text"),
        ("_bz2.cpython-311-x86_64-linux-gnu.so .data", 24, "_bz2.cpython-31…so .data"),
        ("_bz2.cpython-311-x86_64-linux-gnu.so .data", 15, "_bz2.cp…o .data"),
        ("experiment-with-a-long-name", 12, "experim…name"),
        ("anon 7ff3c8bc8000", 5, "an…00"),
        ("anything", 1, "…"),
        ("anything", 0, ""),
    ],
)
def test_a_name_cut_in_the_middle_keeps_its_head_and_its_section(name: str, width: int, expected: str) -> None:
    assert text.shorten_middle(name, width) == expected
    assert text.cell_width(expected) <= width


def test_an_interval_that_keeps_changing_a_little_is_round() -> None:
    seconds = (0.02, 3, 19, 20, 31, 33, 42, 114, 119, 217)
    assert [text.calm_interval(round(s * SECOND)) / SECOND for s in seconds] == [
        *(0.02, 3, 19, 20, 30, 35, 40, 115, 120, 210),
    ]
