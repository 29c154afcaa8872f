"""The header fits any terminal, and leaves out what is least important."""

from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from smapstop.text.status import Header
from smapstop.ui.drawing.header_line import draw_header_line, fit_header

RUNNING = Header(
    "python3 server.py", ("4711", "sleeping", "4 threads", "cpu 1 %"), "● live 1.0 s", True, ("Δ start", "read 2 ms")
)
ENDED = Header(
    "python3 server.py",
    ("4711", "ran 12 s", "exited 3"),
    "ended",
    False,
    ("Δ start",),
    ("R: wait for the next", "R: wait"),
)


def texts_of(header: Header, width: int) -> str:
    return draw_header_line(fit_header(header, width), width, Style(), Style()).text


@given(st.sampled_from((RUNNING, ENDED)), st.integers(1, 250))
def test_it_takes_the_line_and_says_whether_it_is_live(header: Header, width: int) -> None:
    strip = draw_header_line(fit_header(header, width), width, Style(), Style())
    assert strip.cell_length == width
    assert header.mode in strip.text or width < 80


def test_a_running_process_keeps_its_pid_longest() -> None:
    assert all(part in texts_of(RUNNING, 118) for part in (*RUNNING.process_facts, *RUNNING.costs))
    assert "cpu 1 %" not in texts_of(RUNNING, 76)
    narrow = texts_of(RUNNING, 50)
    assert "4711" in narrow
    assert "Δ start" not in narrow


def test_of_one_that_ended_how_it_ended_and_what_can_be_done_stay_longest() -> None:
    assert "R: wait for the next" in texts_of(ENDED, 118)
    narrow = texts_of(ENDED, 60)
    assert "exited 3" in narrow
    assert "R: wait" in narrow
    assert "4711" not in narrow
