"""A launched program has a terminal of its own: the pane, which is its keyboard, its screen and its size."""

import os
import re
import shlex
import shutil
import signal
import sys
from pathlib import Path

import pytest
from e2e.terminals import SMAPSTOP, Terminal, Terminals

TALKING = """
import os, signal, sys
def tell(*words): print(*words, flush=True)
def size(): return "%d %d" % os.get_terminal_size()[::-1]
signal.signal(signal.SIGINT, lambda *_: tell("interrupted"))
signal.signal(signal.SIGWINCH, lambda *_: tell("size", size()))
tell("began with", size())
for line in sys.stdin: tell("heard", line.strip())
"""
"""A program that says what it hears, is interrupted by, and how big its terminal is, in rows and columns."""


def launch(terminal: Terminals, *command: str, interval: float = 0.2) -> Terminal:
    """Launch a program under the dashboard, and wait until it is there."""
    window = terminal(f"{SMAPSTOP} -i {interval} -- {shlex.join(command)}")
    window.wait_for("press i to type into it")
    return window


def talk(window: Terminal) -> None:
    """Give the program the keys."""
    window.press("i")
    window.wait_for("F12 leaves the program")


def pane(screen: str) -> list[str]:
    """The lines in the frame of the program; none while it is not there."""
    lines = screen.splitlines()
    edges = [at for at, line in enumerate(lines) if line.startswith(("╭", "╰"))]
    return [line[1:-1] for line in lines[edges[0] + 1 : edges[1]]] if len(edges) == 2 else []


def size(screen: str) -> str:
    """How big the frame of the program is, in rows and columns."""
    lines = pane(screen)
    return f"{len(lines)} {len(lines[0])}" if lines else ""


def runs(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_keys_reach_the_program_and_f12_takes_them_back(terminal: Terminals) -> None:
    window = launch(terminal, sys.executable, "-c", TALKING)
    window.wait_for("^│began with")
    talk(window)
    window.type("q? s/m")
    window.press("Enter")
    window.wait_for("^│heard q[?] s/m")

    window.press("C-c")
    window.wait_for("^│(\\^C)?interrupted")

    window.press("F12")
    window.wait_for("press i to type into it")
    window.press("?")
    window.wait_for_screen(lambda screen: "began with" not in screen, "the help covers the dashboard")


def test_keys_that_come_at_once_go_where_those_before_them_send_them(terminal: Terminals) -> None:
    window = launch(terminal, "sh", "-c", f"stty -echo; exec {shlex.join([sys.executable, '-c', TALKING])}")
    window.wait_for("^│began with")
    for n in "12345":
        window.press_at_once("t", "x", n, "Enter", "q", "Enter", "F12", *"oooo", "i", "y", n, "Enter", "C-]")
        screen = window.wait_for(f"^│heard y{n} ")
        assert re.findall(r"^│heard (.*?) *│", screen, re.MULTILINE)[-3:] == [f"x{n}", "q", f"y{n}"]
        window.wait_for("press i to type into it")


def test_the_program_has_the_size_of_its_pane_from_its_first_instruction_on(terminal: Terminals) -> None:
    window = launch(terminal, "sh", "-c", f"stty size; exec {shlex.join([sys.executable, '-c', TALKING])}")
    screen = window.wait_for(r"^│began with \d+ \d+")
    assert [size(screen), f"began with {size(screen)}"] == [line.strip() for line in pane(screen)[:2]]

    begun = size(screen)
    window.resize(80, 24)
    screen = window.wait_for_screen(
        lambda screen: size(screen) not in ("", begun) and f"size {size(screen)} " in screen,
        "the program was notified",
    )
    assert size(screen).endswith(" 78")


ALTERNATE = (
    r"printf 'first\n\033[?1049h\033[H\033[2Jinside\n'; read wait; printf '\033[?1049l'; echo after; read wait"
)


def test_colours_are_the_programs_and_a_full_screen_gives_back_what_was_there_before(terminal: Terminals) -> None:
    text = r"\033[31mred\033[0m \033[38;2;10;20;30mtruecolour\033[0m \033[1mbold\033[0m plain\n"
    window = launch(terminal, "sh", "-c", f"printf '{text}'; read wait; {ALTERNATE}")
    window.wait_for("^│red truecolour bold plain")

    def style(word: str) -> str:
        found = re.search(rf"((?:\x1b\[[\d;:]*m)+) ?{word}", window.coloured_screen())
        assert found, window.coloured_screen()
        return found[1]

    assert re.search(r"[\[;]31[;m]", style("red"))
    assert re.search(r"38[;:]2[;:]+10[;:]20[;:]30", style("truecolour"))
    assert re.search(r"[\[;]1[;m]", style("bold"))
    assert not re.search(r"[\[;](31|1|38)[;m]", style("plain"))

    talk(window)
    window.press("Enter")
    screen = window.wait_for("^│inside")
    assert "│first" not in screen
    window.press("Enter")
    screen = window.wait_for("^│after")
    assert [line.strip() for line in pane(screen) if line.strip()][-2:] == ["first", "after"]


@pytest.mark.skipif(shutil.which("vim") is None, reason="vim is not installed")
def test_a_file_can_be_edited_with_vim(terminal: Terminals, tmp_path: Path) -> None:
    file = tmp_path / "file"
    window = launch(terminal, "vim", "-u", "NONE", "-n", str(file))
    window.wait_for("^│~")
    talk(window)
    window.type("ione")
    window.press("Enter")
    window.type("two")
    window.press("Escape", "Up")
    window.type("x")
    window.wait_for_screen(lambda screen: [line.strip() for line in pane(screen)[:2]] == ["on", "two"], "edited")
    window.type(":wq")
    window.press("Enter")

    window.wait_for("exited 0")
    assert file.read_text() == "on\ntwo\n"


def test_the_dashboard_answers_while_the_program_floods_its_terminal(terminal: Terminals) -> None:
    window = launch(terminal, "yes")  # without an end: who does not answer before it never does
    window.wait_for("^│y +│")
    talk(window)
    window.press("F12")
    window.wait_for("press i to type into it")
    window.press("?")
    window.wait_for_screen(lambda screen: "│y" not in screen, "the help covers the dashboard")

    window.press("Escape")
    window.wait_for("^│y +│")
    talk(window)
    window.press("C-c")
    window.wait_for("killed by SIGINT")


@pytest.mark.parametrize(
    ("script", "reported", "status"),
    [("exit 3", "exited 3", 3), ("kill -KILL $$", "killed by SIGKILL", 137)],
    ids=["exited", "killed"],
)
def test_how_the_program_ended_is_shown_and_passed_on(
    terminal: Terminals, script: str, reported: str, status: int
) -> None:
    window = terminal(f"{SMAPSTOP} -- sh -c {shlex.quote(f'echo last words; {script}')}")
    window.wait_for(f"^╰.*{reported}")
    window.wait_for("^│last words")
    window.wait_for(f"^ sh .*{reported}")
    window.press("q")
    assert status == window.status()


def test_a_command_that_cannot_run_is_reported_in_a_line_with_the_status_of_a_shell(
    terminal: Terminals, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    data = tmp_path / "data"
    data.write_bytes(b"\0\1\2\3")
    data.chmod(0o755)
    cases = {"zq-no-such-command": 127, str(script): 126, str(data): 126, str(tmp_path): 126}
    windows = {
        command: terminal(f"{SMAPSTOP} -- {command} 2>{tmp_path}/errors-{at}", columns=200)
        for at, command in enumerate(cases)
    }
    assert cases == {command: window.status() for command, window in windows.items()}
    for at, command in enumerate(cases):
        (line,) = (tmp_path / f"errors-{at}").read_text().splitlines()
        assert line.startswith("smapstop: ")
        assert command in line


def quit_alive(window: Terminal, answer: str) -> None:
    """Quit while the program lives, and answer the question."""
    window.press("q")
    window.wait_for("is still running")
    window.press(answer)


def test_the_program_can_be_ended_on_leaving_unless_one_thinks_better_of_it(terminal: Terminals) -> None:
    window = launch(terminal, "sleep", "1000")
    pid = window.program_pid()
    quit_alive(window, "Escape")
    window.wait_for_screen(
        lambda screen: "is still running" not in screen and "live" in screen, "the dashboard is back"
    )
    assert runs(pid)
    quit_alive(window, "e")
    assert window.status() == 128 + signal.SIGHUP
    assert not runs(pid)


def test_a_program_that_does_not_listen_is_ended_by_force(terminal: Terminals) -> None:
    window = launch(terminal, "sh", "-c", "trap '' HUP TERM; echo deaf; while :; do sleep 1000; done")
    window.wait_for("^│deaf")
    pid = window.program_pid()
    quit_alive(window, "e")
    assert window.status() == 128 + signal.SIGKILL
    assert not runs(pid)


def test_a_program_that_is_left_goes_on_and_still_has_its_terminal(terminal: Terminals, tmp_path: Path) -> None:
    reported = tmp_path / "reported"
    step = f"n=$((n + 1)); echo line $n || exit 9; tty > {reported} && echo $n >> {reported}; sleep 0.05"
    script = f"n=0; while :; do {step}; done"
    window = launch(terminal, "sh", "-c", script)
    window.wait_for("^│line 3")
    pid = window.program_pid()
    try:
        quit_alive(window, "l")
        assert window.status() == 0

        def line() -> int:
            words = reported.read_text().split()
            return int(words[1]) if len(words) == 2 and words[0].startswith("/dev/") else 0

        at = line()
        window.wait_until(lambda: line() > at + 3, "the program goes on")
        assert runs(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
    window.wait_until(
        lambda: not any("smapstop" in " ".join(p.command_line[:3]) for p in window.processes()), "all ended"
    )


def test_a_program_that_ignores_the_hangup_survives_only_a_terminal_that_is_closed(terminal: Terminals) -> None:
    window = launch(terminal, "sh", "-c", "trap '' HUP; echo deaf; while :; do sleep 0.1; done")
    window.wait_for("^│deaf")
    pid = window.program_pid()
    os.kill(window.dashboard_pid(), signal.SIGTERM)
    assert window.status() == 128 + signal.SIGTERM
    assert runs(pid)  # as with any terminal: it asked to be left alone
    os.kill(pid, signal.SIGKILL)
