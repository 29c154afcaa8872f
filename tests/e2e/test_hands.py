"""What a practised hand does: runs a program again, tries themes, drags borders, does tasks with the mouse alone."""

import re
import shutil
import signal
import subprocess
from pathlib import Path

from e2e.terminals import SMAPSTOP, Terminal, Terminals
from places import own_name

BACKGROUND = re.compile(r"\x1b\[[\d;]*48;2;\d+;\d+;\d+")
"""A sequence that sets the colour behind a text (SGR)."""


def background(window: Terminal) -> str:
    """The first colour behind the text: that of the header."""
    found = BACKGROUND.search(window.coloured_screen())
    return found[0] if found else ""


def test_a_program_that_ended_is_run_again_by_key_and_by_click_and_the_runs_are_listed(terminal: Terminals) -> None:
    window = terminal(f'{SMAPSTOP} -i 0.2 -- sh -c "echo begun; read line; exit 3"')
    for number in (1, 2):
        window.wait_for("press i to type into it")
        window.press("i")
        window.wait_for("F12 leaves the program")
        window.press("Enter")
        window.wait_for("exited 3 · R: run again")
        if number == 1:
            window.press("R")
        else:
            window.click("R: run again")
        window.wait_for(f"^ sh  run {number + 1} ")
    window.click("run 3", at=0)
    window.wait_for("Runs, the last")
    window.wait_for_screen(
        lambda screen: len(re.findall(r"│ +[● ] +\d  .*exited 3 ", screen)) == 2, "two of them have ended"
    )


def test_the_next_process_of_the_name_is_watched_when_one_died(terminal: Terminals, tmp_path: Path) -> None:
    program = tmp_path / own_name("ls")
    name = program.name
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "1000"]) as first:
        window = terminal(f"{SMAPSTOP} -i 0.2 -p {name}")
        window.wait_for(f"^ {name} +{first.pid} .*● live")
        first.send_signal(signal.SIGKILL)
    window.click(f"R: attach to the next {name}")
    window.wait_for(f"waiting for the next {name}")
    with subprocess.Popen([program, "1000"]) as second:
        window.wait_for(f"^ {name} +run 2 +{second.pid} .*● live")
        second.kill()


def test_a_theme_is_tried_while_one_moves_and_escape_gives_the_old_one_back(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -- sleep 1000")
    window.wait_for("● live")
    old = background(window)
    window.press_at_once("T", *"textual-light")
    window.wait_until(lambda: background(window) != old, "another theme")
    assert "Theme" in window.screen()
    window.press("Escape")
    window.wait_until(lambda: background(window) == old, "the old theme")
    window.press_at_once("T", *"gruv", "Enter")
    window.wait_for_screen(lambda screen: "Theme" not in screen, "closed")
    window.wait_until(lambda: background(window) != old, "the theme chosen")


def test_the_height_of_panes_and_the_width_of_columns_are_dragged(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -- sleep 1000")
    window.wait_for("press i to type into it")
    x, y = window.place_of("╭─ sleep 1000")
    window.drag(x + 40, y, x + 40, y - 4)
    window.wait_until(lambda: window.place_of("╭─ sleep 1000") == (x, y - 4), "a higher pane")
    window.wait_for(r"^F libc\.so\.6 \.text ")  # later no column changes its width any more
    at, line = window.place_of("Perm", "Mapping")
    window.drag(at - 2, line, at + 8, line)
    window.wait_until(lambda: window.place_of("Perm", "Mapping")[0] == at + 10, "a wider column of names")
