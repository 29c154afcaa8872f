"""The screens of the dashboard, in the hands of a user, on terminals of every size."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.terminals import SMAPSTOP, Terminal, Terminals
from places import own_name
from stepped_program import SteppedProgram, stepped_python

GROWING = """
import mmap
memory = mmap.mmap(-1, 1 << 24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for mebibyte in range(8):
    step()
    for page in range(mebibyte << 20, mebibyte + 1 << 20, mmap.PAGESIZE):
        memory[page] = 1
"""
"""A program that writes a mebibyte of one mapping of 16 at each step."""
ROW = r"^[FH] (\[heap\]|libc\.so\.6 \.text) .* r[w-][x-]p"
"""A row that is near the top of the table of any program."""
COLOUR = re.compile(r"\x1b\[(?:[\d;:]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[\d;:]*m")
"""A sequence that sets a colour (SGR); the default colours 39 and 49 are none."""


@pytest.fixture
def growing() -> Iterator[SteppedProgram]:
    with stepped_python(GROWING) as target:
        yield target


def attach(terminal: Terminals, pid: int, options: str = "", *, columns: int = 118, rows: int = 40) -> Terminal:
    """Watch a running process, and wait until it is shown."""
    window = terminal(f"{SMAPSTOP} -i 0.2 {options} -p {pid}", columns=columns, rows=rows)
    window.wait_for(f"^ .*{pid} .*● live")
    return window


def names(screen: str) -> list[str]:
    """The rows of the table, each as the text of its first column."""
    return re.findall(r"^[FAHSMV] (.*?) +[r-][w-][x-][ps] ", screen, re.MULTILINE)


def open_filter(window: Terminal) -> None:
    window.press("/")
    window.wait_for("kind:heap +perm:w")


def filtered(window: Terminal, expression: str) -> str:
    """The screen, once the table is filtered."""
    open_filter(window)
    window.type(expression)
    window.press("Enter")
    return window.wait_for(rf"^  filter {re.escape(expression)} ✕ +\d+ of \d+ mappings")


# the picker


def test_a_process_can_be_picked_by_what_is_typed(terminal: Terminals) -> None:
    name = own_name("to-be-picked")
    with subprocess.Popen([name, "1000"], executable="sleep") as target:
        try:
            window = terminal(f"{SMAPSTOP} -i 0.2")
            window.wait_for(r"PID +USER +NAME")
            window.type(name)
            window.wait_for(rf"^.* {target.pid} .*{name}")
            window.wait_for(r"\b1 of \d+")  # the others are not shown
            window.press("Enter")
            window.wait_for(f"^ sleep +{target.pid} .*● live")
            window.press("F10")
            assert window.status() == 0
        finally:
            target.kill()


# the table


def test_the_table_is_filtered_grouped_sorted_and_frozen(terminal: Terminals) -> None:
    """With help at hand: in one terminal, as a user does it."""
    window = attach(terminal, os.getpid(), "--columns name,perms,size")
    filtered(window, "libc.so")
    screen = window.wait_for_screen(
        lambda screen: all("libc.so" in name for name in names(screen) or [""]), "only libc"
    )
    few = len(set(names(screen)))
    window.press("Escape")
    window.wait_for("^Mapping +Perm")
    window.wait_for_screen(lambda screen: len(set(names(screen))) > few, "the others are back")

    open_filter(window)
    window.type("kind:hoop")
    window.press("Enter")
    window.wait_for("no kind 'hoop'")
    window.press("Escape")
    window.wait_for_screen(lambda screen: "kind:hoop" not in screen, "the filter is gone")

    window.press("o")
    window.wait_for("^By name")
    window.wait_for(r"^F ▸ \S*libc.so.6 × \d+")
    window.press("o")
    window.wait_for("^By kind")
    window.press("Escape")
    window.wait_for("^Mapping")

    window.press("s")
    window.wait_for("Sort by|sort by")
    window.type("size")
    window.press("Enter")
    window.wait_for("Size ?▼")
    window.wait_for_screen(is_falling, "the largest come first")
    window.press("I")
    window.wait_for("Size ?▲")

    window.press("f")
    window.wait_for("^Mapping · frozen")
    window.press("f")
    window.wait_for("^Mapping +Perm")

    window.press("F1")
    window.wait_for("Keys: table")
    window.press("Escape")
    window.wait_for("● live")


def is_falling(screen: str) -> bool:
    """Whether the largest mappings come first."""
    sizes = [kib(text) for text in re.findall(r"[r-][w-][x-][ps] +(\d\S*(?: [KMG])?)", screen)]
    return len(sizes) > 10 and sizes == sorted(sizes, reverse=True)


def kib(text: str) -> float:
    """An amount as the table writes it, in kB."""
    number, _, unit = text.partition(" ")
    return float(number) * {"": 1 / 1024, "K": 1, "M": 1 << 10, "G": 1 << 20}[unit]


# time


def grown(window: Terminal) -> float:
    """How much of the growing mapping is resident, kB."""
    row = re.search(r"rw-p +(\d\S*(?: [KMG])?)", window.screen())
    return kib(row[1]) if row else -1


def show_growing(terminal: Terminals, target: SteppedProgram) -> Terminal:
    """Watch the growing program, after its first step."""
    window = attach(terminal, target.pid)
    filtered(window, "size=16M")
    grow(window, target, 1)
    return window


def grow(window: Terminal, target: SteppedProgram, mebibytes: int) -> None:
    """Let the program grow by a step, and wait until that is shown."""
    target.go()
    show_grown(window, mebibytes)


def show_grown(window: Terminal, mebibytes: int) -> None:
    """Wait until so much of the growing mapping is shown as resident."""
    window.wait_until(lambda: grown(window) == mebibytes << 10, f"{mebibytes} MiB are shown")


def newest(window: Terminal) -> int:
    """The newest tick, while another is shown."""
    (number,) = re.findall(r"tick \d+/(\d+)", window.wait_for(r"tick \d+/\d+"))
    return int(number)


def growing_at(window: Terminal, mebibytes: int) -> None:
    """Step through time, until so much of the growing mapping is resident.

    The moment is drawn before the rows: one that was passed since its rows were not there yet is returned to.
    """
    before = ""
    for _ in range(100):
        screen = window.wait_for(rf"tick (?!{before}/)\d+/")  # another one
        (before,) = re.findall(r"tick (\d+)/", screen)
        resident = grown(window)
        if resident == mebibytes << 10:
            return
        window.press("," if resident > mebibytes << 10 else ".")
    pytest.fail(f"{mebibytes} MiB were never shown")


def leap_to_the_beginning(window: Terminal) -> None:
    """Go back by ten ticks, as often as it takes."""

    def is_there(screen: str) -> bool:
        window.press("<")
        return "tick 0/" in screen

    window.wait_for_screen(is_there, "the first tick")


def test_pause_holds_the_moment_while_the_target_grows_and_comma_and_full_stop_step(
    terminal: Terminals, growing: SteppedProgram
) -> None:
    window = show_growing(terminal, growing)
    grow(window, growing, 2)
    window.press("Space")
    window.wait_for(r"❚❚ \d\d:\d\d:\d\d.* tick \d+/\d+")
    growing.go()

    at = newest(window)
    window.wait_until(lambda: newest(window) > at + 3, "sampling goes on")
    assert grown(window) == 2 << 10
    growing_at(window, 1)
    growing_at(window, 2)
    growing_at(window, 3)
    leap_to_the_beginning(window)
    show_grown(window, 0)
    window.press("L")
    window.wait_for("● live")
    show_grown(window, 3)


def test_the_mark_is_compared_with(terminal: Terminals, growing: SteppedProgram) -> None:
    window = show_growing(terminal, growing)
    window.press("m", "m")
    window.wait_for(r"Δ mark \d\d:\d\d:\d\d")
    grow(window, growing, 2)
    grow(window, growing, 3)
    window.wait_for(r"rw-p +3 M +\+2 M ")
    window.press("d")
    window.wait_for("Δ start")
    window.wait_for(r"rw-p +3 M +\+3 M ")
    window.press("d")
    window.wait_for("Δ previous tick")
    window.wait_for(r"rw-p +3 M +· ")


# what the terminal is like


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (240, 70)])
def test_it_fills_the_terminal_that_it_begins_on(terminal: Terminals, columns: int, rows: int) -> None:
    window = attach(terminal, os.getpid(), columns=columns, rows=rows)
    screen = window.wait_for_screen(
        lambda screen: len(names(screen)) >= rows // 3 and "? help" in screen, "the table and the keys are there"
    )
    lines = screen.rstrip("\n").splitlines()
    assert "? help" in lines[-1]
    assert len(lines) == rows
    assert max(map(len, lines)) <= columns


def test_a_small_terminal_is_the_tables(terminal: Terminals) -> None:
    window = attach(terminal, os.getpid(), columns=40, rows=10)
    rows = re.compile(r"^[FAHSMV] .* [KMG]$", re.MULTILINE)
    screen = window.wait_for_screen(
        lambda screen: len(rows.findall(screen)) == 8, "all but header and titles is rows"
    )
    assert max(map(len, screen.splitlines())) <= 40


def test_a_terminal_made_tiny_and_big_again_has_its_table_back(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -i 0.2 -- sleep 1000")
    window.wait_for(ROW)
    for columns, rows, key in ((20, 5, "Enter"), (10, 3, "?"), (2, 1, "Down"), (1, 1, "Up")):
        window.resize(columns, rows)
        window.press(key)  # before or after it is drawn for the new size
    window.resize(118, 40)
    window.wait_for("Keys: here")
    window.press("Escape")
    window.wait_for("1 Why")  # on the whole screen: there was no room for two
    window.press("Escape")
    window.wait_for(ROW)
    window.wait_for("● live")


def test_a_tiny_terminal_to_begin_with(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -i 0.2 -- sleep 1000", columns=10, rows=3)
    window.program_pid()
    window.resize(118, 40)
    window.wait_for(ROW)


def test_what_is_drawn_is_utf_8_whatever_the_locale_says(terminal: Terminals) -> None:
    locale = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    window = terminal(f"{SMAPSTOP} -p {os.getpid()}", environment=locale)
    window.wait_for("● live .*Δ previous tick")


def test_no_color_means_none_and_all_can_be_read(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -i 0.2 -- sleep 1000", environment={"NO_COLOR": "1"})
    window.wait_for(ROW)
    window.wait_for("● live")
    assert COLOUR.findall(window.coloured_screen()) == []
    window.wait_until(lambda: re.search(r"\x1b\[(\d+;)*7m", window.coloured_screen()), "the cursor is seen")
    for key, shown in (
        ("?", "Keys: table"),
        ("Escape", "● live"),
        ("Enter", "1 Why"),
        ("2", "Field, kB"),
        ("Escape", r"(?s)\A(?!.* zeros )"),
        ("i", r"ctrl\+\] or F12 leaves the program"),
        ("F12", "press i to type"),
        ("q", "is still running"),
    ):
        window.press(key)
        window.wait_for(shown)
        assert COLOUR.findall(window.coloured_screen()) == [], key
    window.press("e")
    assert window.status() == 129


# what is remembered


def test_what_the_user_changed_is_so_the_next_time_unless_an_option_says_otherwise(
    terminal: Terminals, growing: SteppedProgram, tmp_path: Path
) -> None:
    def again(options: str = "") -> Terminal:
        command = f"env XDG_STATE_HOME={tmp_path} {SMAPSTOP} {options} -p {growing.pid}"
        return terminal(command, columns=118, rows=40)

    first = again()
    first.wait_for("● live 1.0 s")
    first.press("+")
    first.wait_for("● live 500 ms")
    first.press("S-Right")
    first.wait_for("^Mapping ▲")
    first.press("q")
    assert first.status() == 0
    second = again()
    second.wait_for("● live 500 ms")
    second.wait_for("^Mapping ▲")
    second.press("q")
    third = again("-i 0.2 --sort rss")
    third.wait_for("● live 200 ms")
    third.wait_for("Rss ▼")


# copying


@pytest.mark.parametrize(
    ("unset", "said"), [("", "copied, also to tmux: "), ("env -u TMUX", r"copied: .*")], ids=["in tmux", "OSC 52"]
)
def test_what_is_copied_arrives_in_tmux_and_by_osc_52(
    terminal: Terminals, growing: SteppedProgram, unset: str, said: str
) -> None:
    window = terminal(f"{unset} {SMAPSTOP} -i 0.2 -p {growing.pid}", columns=118, rows=40)
    window.wait_for(f"^ .*{growing.pid} .*● live")
    window.accept_clipboard()
    filtered(window, "[heap]")
    window.press("y")
    window.wait_for("full name +.heap.")
    window.press("n")
    window.wait_for(said)
    window.wait_until(lambda: window.clipboard() == "[heap]", "the name is in the clipboard")
