"""What a terminal shows after what a program wrote."""

import random
import unicodedata

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from smapstop.ui.terminal.emulator import Emulator, StyledLine


def emulator(columns: int = 10, rows: int = 4, written: bytes = b"") -> Emulator:
    """A terminal whose program wrote something, and was answered nothing."""
    terminal = Emulator(columns, rows, lambda _: pytest.fail("answered"))
    terminal.feed(written)
    return terminal


def text(line: StyledLine) -> str:
    """The text of a line."""
    return "".join(segment.text for segment in line)


def shown(terminal: Emulator) -> list[str]:
    """The text of the screen, without the spaces at the end of its lines."""
    return [text(line).rstrip(" ") for line in terminal.lines(cursor=False)]


def style(written: bytes) -> Style:
    """The style of an "x" written after something."""
    line = emulator(written=written + b"x").lines(cursor=False)[0]
    return next(segment.style or Style() for segment in line if "x" in segment.text)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("one\r\ntwo", ["one", "two", "", ""]),
        ("0123456789ab", ["0123456789", "ab", "", ""]),
        ("0123456789\rab", ["ab23456789", "", "", ""]),
        ("1\r\n2\r\n3\r\n4\r\n5", ["2", "3", "4", "5"]),
        ("\x1b[?7l0123456789ab", ["012345678b", "", "", ""]),
        ("a\tb", ["a       b", "", "", ""]),
        ("\x1b[6Cx\x1b[Zy", ["y     x", "", "", ""]),
        ("\x1b[2;3Hx\x1b[Ay\x1b[2Dz", ["  zy", "  x", "", ""]),
        ("abc\x1b[2D\x1b[@x", ["axbc", "", "", ""]),
        ("abcd\x1b[3D\x1b[2P", ["ad", "", "", ""]),
        ("abcd\x1b[3D\x1b[2X", ["a  d", "", "", ""]),
        ("abcd\x1b[2D\x1b[K", ["ab", "", "", ""]),
        ("abcd\x1b[2D\x1b[1K", ["   d", "", "", ""]),
        ("1\r\n2\r\n3\x1b[2H\x1b[J", ["1", "", "", ""]),
        ("1\r\n2\r\n3\x1b[2H\x1b[2J", ["", "", "", ""]),
        ("1\r\n2\r\n3\x1b[2H\x1b[L", ["1", "", "2", "3"]),
        ("1\r\n\n3\r\n4\x1b[H\x1b[M", ["", "3", "4", ""]),
        ("1\r\n2\r\n3\x1b[S", ["2", "3", "", ""]),
        ("1\r\n2\r\n3\x1b[T", ["", "1", "2", "3"]),
        ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3H\n", ["1", "3", "", "4"]),
        ("1\r\n2\r\n3\x1b[H\x1bM", ["", "1", "2", "3"]),
        ("1\x1bE2", ["1", "2", "", ""]),
        ("ab\x1b[3b", ["abbbb", "", "", ""]),
        ("\x1b[2;4H\x1b7\x1b[Hx\x1b8y\x1b8z", ["x", "   z", "", ""]),
        ("\x1b7\x1b[2;3r\x1b8x", ["x", "", "", ""]),
        ("\x1b[4hbc\x1b[Ha", ["abc", "", "", ""]),
        ("\x1b(0lqk\x1b(Bq", ["┌─┐q", "", "", ""]),
        ("a\x1b[2;3r\x1b[!p\x1b[4H\n", ["", "", "", ""]),
        ("abc\x1bcx", ["x", "", "", ""]),
    ],
)
def test_control_functions_do_what_xterm_does(written: str, expected: list[str]) -> None:
    assert shown(emulator(written=written.encode())) == expected


@pytest.mark.parametrize(
    "written",
    [
        b"\x1bP+q544e\x1b\\",
        b"\x1b_application\x1b\\",
        b"\x1b^private\x07message\x1b\\",
        b"\x1b]10;?\x07",
        b"\x1b]133;A\x1b\\",
        b"\x1b[>4;2m",
        b"\x1b[>1u\x1b[<u\x1b[=1u",
        b"\x1b[>c\x1b[=c\x1b[>q",
        b"\x1b[?2026$p\x1b[2 q",
        b"\x1b[?1;3r\x1b[?s",
        b"\x1b[9J\x1b[9K\x1b[9n",
        b"\x1b[?6h\x1b[3d\x1b[?3h\x1b[?5h\x1b[H",
        b"\x1b#8\x1b%G\x1b=\x1b>\x1b*B",
        b"\x00\x01\x05\x07\x7f",
        b"\xc2\x9b31m\r\x1b[K",
        b"\x1b[38;5;999m\x1b[58;2;1;2;3m\x1b[77m",
    ],
)
def test_what_a_pane_has_no_use_for_leaves_no_trace(written: bytes) -> None:
    terminal = emulator(written=written + b"x")
    assert shown(terminal) == ["x", "", "", ""]
    assert terminal.lines(cursor=False)[0] == emulator(written=b"x").lines(cursor=False)[0]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"", Style()),
        (b"\x1b[1;31m", Style(bold=True, color="color(1)")),
        (b"\x1b[31m\x1b[m", Style()),
        (b"\x1b[94;105m", Style(color="color(12)", bgcolor="color(13)")),
        (b"\x1b[38;5;208;4m", Style(color="color(208)", underline=True)),
        (b"\x1b[38;5;1m", Style(color="color(1)")),
        (b"\x1b[48;2;1;2;300m", Style(bgcolor="#0102ff")),
        (b"\x1b[38:2::1:2:3m", Style(color="#010203")),
        (b"\x1b[48:5:7m", Style(bgcolor="color(7)")),
        (b"\x1b[58:2::1:2:3;3m", Style(italic=True)),
        (b"\x1b[4:3m", Style(underline=True)),
        (b"\x1b[4m\x1b[4:0m", Style()),
        (b"\x1b[2;7;9m", Style(dim=True, reverse=True, strike=True)),
        (b"\x1b[1;2m\x1b[22m", Style()),
        (b"\x1b[31;41m\x1b[39;49m", Style()),
        (b"\x1b[41m\x1b[38;5m", Style(bgcolor="color(1)")),
    ],
)
def test_text_looks_as_the_program_asks(written: bytes, expected: Style) -> None:
    assert style(written) == expected


def test_the_sixteen_colours_stay_numbers() -> None:
    assert style(b"\x1b[31m").color == Color.from_ansi(1)


def test_erasing_leaves_the_background_and_no_other_attribute() -> None:
    (segment,) = emulator(written=b"abc\x1b[H\x1b[4;7;31;44m\x1b[K").lines(cursor=False)[0]
    assert segment == Segment(" " * 10, Style(bgcolor="color(4)"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("日本", "日本      "),
        ("012345678日", "012345678 "),
        ("日\x1b[Hx", "x         "),
        ("日\x1b[2Gx", " x        "),
        ("a日\x1b[H\x1b[2P", "         "),
        ("e\u0301a", "éa        "),
        ("日\u0301a", "日\u0301a       "),
        ("❤\ufe0fa", "❤a        "),
        ("a\u200b\u200db", "ab        "),
        ("a\u202eb", "ab        "),
        ("a\u2028b", "ab"),
        ("a\xadb", "a?b       "),
        ("a\xa0b", "a b       "),
        ("\ue0b0", "\ue0b0         "),
        ("\u1112\u1161\u11ab", "한        "),
    ],
)
def test_a_line_is_as_wide_as_the_screen_whatever_is_in_it(written: str, expected: str) -> None:
    line = text(emulator(written=written.encode()).lines(cursor=False)[0])
    assert line.startswith(expected.rstrip(" "))
    assert cell_len(line) == 10


def test_a_cell_holds_only_so_many_marks() -> None:
    terminal = emulator(written=b"e" + "\u0316".encode() * 10_000)
    assert len(shown(terminal)[0]) == 8


@pytest.mark.parametrize("mode", [47, 1047, 1049])
def test_the_alternate_screen_gives_back_what_was_there(mode: int) -> None:
    terminal = emulator(written=b"one\r\ntwo")
    before = terminal.lines(cursor=True)
    terminal.feed(b"\x1b[?%dh\x1b[2J\x1b[Hother" % mode)
    assert (terminal.is_alternate, shown(terminal)) == (True, ["other", "", "", ""])
    terminal.feed(b"\x1b[?%dl" % mode)
    assert (terminal.is_alternate, terminal.lines(cursor=True)) == (False, before)


def test_the_hidden_screen_is_resized_too() -> None:
    terminal = emulator(written=b"1\r\n2\r\n3\r\n4\x1b[?1049h")
    terminal.resize(5, 2)
    terminal.feed(b"\x1b[?1049l")
    assert shown(terminal) == ["3", "4"]
    assert terminal.cursor == (1, 1)


def test_shrinking_loses_the_top_only_when_the_cursor_needs_it() -> None:
    terminal = emulator(rows=8, written=b"1\r\n2\r\n3")
    terminal.resize(10, 4)
    assert shown(terminal) == ["1", "2", "3", ""]
    terminal.resize(10, 2)
    assert shown(terminal) == ["2", "3"]
    terminal.resize(10, 3)
    assert shown(terminal) == ["2", "3", ""]
    assert terminal.cursor == (1, 1)


def test_the_cursor_is_the_reversed_cell() -> None:
    terminal = emulator(written=b"ab\x1b[D")
    assert terminal.cursor == (1, 0)
    assert terminal.lines(cursor=True)[0][1] == Segment("b", Style(reverse=True))
    assert terminal.lines(cursor=False)[0] == (Segment("ab        ", Style()),)


def test_the_cursor_is_as_wide_as_what_it_is_on() -> None:
    assert emulator(written="日\x1b[D".encode()).lines(cursor=True)[0][0] == Segment("日", Style(reverse=True))


def test_a_cursor_that_would_wrap_is_seen_at_the_end_of_the_line() -> None:
    terminal = emulator(written=b"0123456789")
    assert terminal.cursor == (9, 0)
    assert terminal.lines(cursor=True)[0][-1] == Segment("9", Style(reverse=True))


def test_the_program_hides_and_shows_the_cursor() -> None:
    terminal = emulator()
    seen = [terminal.cursor_visible]
    for written in (b"\x1b[?25l", b"\x1b7\x1b[?25h\x1b8", b"\x1b[?25l\x1b8"):
        terminal.feed(written)
        seen.append(terminal.cursor_visible)
    assert seen == [True, False, True, False]


def test_lines_that_stay_the_same_are_the_same_objects() -> None:
    terminal = emulator(written=b"one\r\ntwo\r\nthree")
    before = terminal.lines(cursor=True)
    terminal.feed(b"\x1b[2Hten")
    after = terminal.lines(cursor=True)
    assert [old is new for old, new in zip(before, after, strict=True)] == [True, False, False, True]
    assert text(after[2]) == text(before[2])


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        (b"\x1b[c", b"\x1b[?6c"),
        (b"\x1b[5n", b"\x1b[0n"),
        (b"\x1b[2;3H\x1b[6n", b"\x1b[2;3R"),
        (b"0123456789\x1b[6n", b"\x1b[1;10R"),
        (b"\x1b[>c\x1b[=c\x1b[1c\x1b[?6n", b""),
    ],
)
def test_questions_of_the_program_are_answered(written: bytes, answer: bytes) -> None:
    answers: list[bytes] = []
    Emulator(10, 4, answers.append).feed(written)
    assert b"".join(answers) == answer


def test_modes_are_known_by_their_numbers() -> None:
    terminal = emulator(written=b"\x1b[?1;2004;1006h\x1b[?1l\x1b[4h")
    assert [terminal.has_mode(number) for number in (1, 2004, 1006, 4)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (b"\x1b]0;one\x07", "one"),
        (b"\x1b]2;a;b\x1b\\", "a;b"),
        ("\x1b]2;é\u202e\x07".encode(), "é\\u202e"),
        (b"\x1b]1;icon\x07\x1b]22;pointer\x07\x1b]2", ""),
    ],
)
def test_the_title_is_safe_to_draw(written: bytes, title: str) -> None:
    assert emulator(written=written).title == title


CUTS = "\x1b]2;title\x1b\\日\x1b[38;5;196mr\x1b[0mé\x1bP+q\x1b\\\x1b(0q\x1b(B\x1b[2;5Hx".encode()


@pytest.mark.parametrize("at", range(len(CUTS)))
def test_what_is_written_in_two_pieces_is_one(at: int) -> None:
    whole, parts = emulator(written=CUTS), emulator(written=CUTS[:at])
    parts.feed(CUTS[at:])
    assert (parts.lines(cursor=True), parts.title) == (whole.lines(cursor=True), whole.title)


def test_an_endless_string_is_not_kept_and_still_ends() -> None:
    terminal = emulator(written=b"\x1bPq")
    for _ in range(100):
        terminal.feed(b"0123456789" * 1000)
    assert shown(terminal) == ["", "", "", ""]
    terminal.feed(b"\x1b")
    terminal.feed(b"\\x")
    assert shown(terminal) == ["x", "", "", ""]


SOUP = [
    *(
        piece.encode()
        for piece in ("\x1b", "[", "]", "P", "?", ";", ":", "\r", "\n", "\t", "\b", "\x0e", "q", "\x1bc")
    ),
    *(
        piece.encode()
        for piece in ("日", "é", "\u0301", "👍🏽", "🇩🇪", "\u202e", "\x1b7", "\x1b8", "\x1b(0", "\x1b[H")
    ),
    *(b"\x1b[" + piece for piece in (b"?1049h", b"?1049l", b"2;3r", b"4h", b"?7l", b"9999", b"0;0")),
    *(bytes([final]) for final in range(0x40, 0x7F)),
    *(b"\x1b[" + number + bytes([final]) for final in range(0x40, 0x7F) for number in (b"", b"2", b"9999")),
    b"\xe6\x97",
    b"\xff",
]


@examples(60)
@given(
    st.lists(st.one_of(st.sampled_from(SOUP), st.binary(max_size=8)), min_size=20, max_size=80),
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 12)), min_size=1, max_size=4),
)
def test_whatever_is_written_the_screen_is_whole_and_harmless(
    pieces: list[bytes], sizes: list[tuple[int, int]]
) -> None:
    terminal = Emulator(*sizes[0], lambda _: None)
    for columns, rows in sizes:
        terminal.resize(columns, rows)
        for piece in pieces:
            terminal.feed(piece)
        lines = terminal.lines(cursor=True)
        assert [cell_len(text(line)) for line in lines] == [columns] * rows
        assert {unicodedata.category(char) for line in lines for char in text(line)}.isdisjoint({"Cc", "Cf", "Cs"})
        x, y = terminal.cursor
        assert (0 <= x < columns, 0 <= y < rows) == (True, True)


def test_a_megabyte_of_noise_is_survived() -> None:
    terminal = Emulator(80, 24, lambda _: None)
    noise = random.Random(1).randbytes(1 << 20)
    for at in range(0, len(noise), 1 << 16):
        terminal.feed(terminal.skim(noise[at : at + (1 << 16)]))
    assert {cell_len(text(line)) for line in terminal.lines(cursor=True)} == {80}


BEFORE = [
    *(b"", b"\x1b[1;32m", b"\x1b[31;44m\x1b[39m", b"\x1b(0", b"\x1b(0\x1b(B\x1b[7m", b"\x1b]2;title\x07"),
    *(b"\x1b[?1049h", b"\x1b[2;3r", b"\x1b[4h", b"\x0e\x1b[!p", b"\x1b[20h\x1b[3;3H"),
]
FLOODS = [
    [b"y\r\n"],
    [b"\x1b[31mred\x1b[0m\r\n", b"plain\r\n", b"\x1b[1mbold\x1b[K\r\n"],
    [b"\x1b[44mon blue\r\n", b"\x1b[38;5;9mon\r\n", b"\x1b[39m", b"\x1b(0qqq\r\n", b"\x1b(B"],
    [b"a line that is longer than the screen is wide\r\n", b"\r50 %", b"\n", b"\t", "日本語 é\r\n".encode()],
    [b"x" * 100 + b"\r\n", b"\x1b]2;title\x07", b"\x1b[?25l", b"\x1b[5;5H"],
    [b"no line ends here "],
]


@given(
    st.sampled_from(BEFORE),
    st.sampled_from(FLOODS).flatmap(lambda kinds: st.lists(st.sampled_from(kinds), min_size=1, max_size=30)),
    st.binary(max_size=12),
    st.sampled_from(
        [b"", b"\x1b[1;32m", b"\x1b[3", b"\xe6\x97", b"text\x1b", b"\x1b[?1049h", b"\x1b[2;3r", b"\x1b[4h"]
    ),
    st.integers(0, 6_000),
)
def test_a_flood_that_is_skimmed_ends_as_one_that_is_read(
    first: bytes, kinds: list[bytes], end: bytes, begin: bytes, cut: int
) -> None:
    flood = first + b"".join(kinds) * (24_000 // len(b"".join(kinds))) + end
    read, skimmed = (Emulator(20, 5, lambda _: None) for _ in range(2))
    for terminal in (read, skimmed):
        terminal.feed(begin)
    read.feed(flood)
    for piece in (flood[:cut], flood[cut:]):
        skimmed.feed(skimmed.skim(piece))
    for terminal in (read, skimmed):
        terminal.feed(b"x")
    assert skimmed.lines(cursor=True) == read.lines(cursor=True)
    assert (skimmed.title, skimmed.cursor) == (read.title, read.cursor)


def test_what_is_shown_leaves_only_when_enough_lines_come_after_it() -> None:
    terminal = emulator(written=b"0123456789" * 4 + b"\x1b[H")
    terminal.feed(terminal.skim(b"\r50 %" * 5000 + b"\r\nnew" * 5))
    assert shown(terminal) == ["new3456789", "new3456789", "new", "new"]


@pytest.mark.parametrize("line", [b"y\r\n", b"\x1b[32mgreen\x1b[0m and\x1b[K plain\r\n"])
@pytest.mark.parametrize("end", [b"", b"\x1b", b"\x1b[", b"\x1b[38;", b"\x1b(", b"\xe6\x97"])
def test_of_a_flood_a_screenful_is_left(line: bytes, end: bytes) -> None:
    flood = line * (200_000 // len(line)) + end
    left = emulator(80, 24).skim(flood)
    assert left.count(b"\r\n") == 24
    assert len(left) < 1500


@pytest.mark.parametrize("begin", [b"\x1b[?1049h", b"\x1b[2;3r", b"\x1b[4h"])
def test_where_lines_do_not_scroll_away_nothing_is_skipped(begin: bytes) -> None:
    flood = b"y\r\n" * 50_000
    assert emulator(80, 24, begin).skim(flood) == flood
