"""ctrl-z, as in any other program that a shell has started."""

import sys
from pathlib import Path

from e2e.terminals import SMAPSTOP, Terminals

TALKING = "print('begun'); [print('heard', input()) for _ in range(9)]"


def state(pid: int) -> str:
    """State of a process, a letter (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def test_the_shell_has_the_terminal_until_fg_and_the_program_runs_on(terminal: Terminals) -> None:
    window = terminal("bash --norc -i", environment={"PS1": "shell> "})
    window.wait_for("^shell>")
    window.type(f'{SMAPSTOP} -- {sys.executable} -uc "{TALKING}"')
    window.press("Enter")
    window.wait_for("^│begun")

    window.press("C-z")
    window.wait_for(r"Stopped +.*smapstop")
    assert not window.is_flag_on("alternate_on")
    assert not window.is_flag_on("mouse_any_flag")
    window.wait_until(lambda: window.line_modes() >= {"opost", "isig"}, "the terminal is a shell's again")
    pids = window.dashboard_pid(), window.program_pid()
    window.wait_until(lambda: [*map(state, pids)] == ["T", "S"], "the dashboard is stopped, the program waits for us")

    window.type("fg")
    window.press("Enter")
    window.wait_for("● live")
    assert window.is_flag_on("alternate_on")
    window.press("?")  # also from a dialog
    window.wait_for("Help")
    window.press("C-z")
    window.wait_for(r"Stopped +.*smapstop(.|\n)*Stopped +.*smapstop")
    window.type("fg")
    window.press("Enter")
    window.wait_for("Help")
    window.press("q")
    window.wait_for("press i to type into it")
    window.press("i")
    window.wait_for("leaves the program")
    window.press("C-z")  # now it is the program's
    window.wait_for(r"^│\^Z")
    window.press("F12", "q")
    window.wait_for("is still running")
    window.press("e")
    window.wait_for(r"^shell> *$")
