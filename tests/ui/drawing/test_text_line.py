"""A line on which pieces of text are put where there is room."""

from rich.style import Style

from smapstop.ui.drawing.text_line import TextLine

PLAIN = Style()


def test_pieces_that_come_first_have_precedence_and_keep_their_distance() -> None:
    line = TextLine(12, "─", PLAIN)
    assert line.put(3, "abc", PLAIN)
    assert not line.put(5, "x", PLAIN), "on another"
    assert not line.put(6, "x", PLAIN, margin=1), "too near"
    assert line.put(7, "xy", PLAIN, margin=1)
    assert line.strip().text == "───abc─xy───"


def test_a_piece_has_to_fit_but_needs_no_distance_from_the_ends() -> None:
    line = TextLine(4, " ", PLAIN)
    assert not line.put(-1, "ab", PLAIN)
    assert not line.put(3, "ab", PLAIN)
    assert line.put(0, "ab", PLAIN, margin=3)
    assert line.strip().text == "ab  "
