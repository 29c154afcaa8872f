r"""Names that a careless terminal obeys: whatever they are the names of, ours gets them spelled out: "\x1b"."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import smapstop_on_terminal
from e2e.raw_terminal import SMAPSTOP, RawTerminal, find_harmful_output
from stepped_program import SteppedProgram

ESCAPES = "\x1b]0;pwn\x07[red]\x1b[7m[@click=app.quit]x[/]"
"""A title for the window, Rich markup, SGR, a link of Textual."""
EVIL = ESCAPES + "\u202e\u200b\u3000\x9b31m漢\n"
"""And an override of the direction, a space without width and a wide one, a control of eight bits, a line end."""
PLACEHOLDER = b"name_of_a_variable_that_is_replaced"
SPELLED = re.escape(r"\x1b]0;pwn\x07[red]")
"""How the beginning of it is shown."""
BLUNT = "echo '\x1b]0;pwn\x07[red]'; printf '\\033]2;pwn [red]\\007\\033P pwn\\033\\\\ \\033[?1049h said'; sleep 1000"


@pytest.fixture(scope="module")
def evil(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteppedProgram]:
    """A program that stands still, and has such names everywhere."""
    folder = tmp_path_factory.mktemp("evil") / EVIL.replace("/", "") / ("long" * 60)
    folder.mkdir(parents=True)
    executable, data = folder / "evil\x1b[31m[bold]", folder / os.fsdecode(b"data\x1bPq\x1b\\\xff[link]")
    variable = EVIL.encode()[: len(PLACEHOLDER)].ljust(len(PLACEHOLDER), b"_")
    binary = program("hostile").read_bytes()
    assert PLACEHOLDER in binary
    executable.write_bytes(binary.replace(PLACEHOLDER, variable))
    executable.chmod(0o700)
    data.write_bytes(b"x" * 4096)
    with SteppedProgram(executable, data, EVIL, "[/]") as running:
        yield running


def assert_harmless(window: RawTerminal) -> None:
    assert find_harmful_output(window.output) == []


def printed(*arguments: str, status: int = 0) -> str:
    """What a verb prints on a terminal, which is nothing that a terminal obeys."""
    run = smapstop_on_terminal(*arguments)
    assert run.returncode == status, run.stdout
    assert find_harmful_output(run.stdout) == []
    return run.stdout.decode()


def printed_by_process(*arguments: str, status: int = 0) -> str:
    """The same, of a verb that begins others: on a real terminal."""
    with RawTerminal([*SMAPSTOP, *arguments], columns=200) as window:
        assert window.status() == status, window.screen()
        assert_harmless(window)
        return window.output.decode()


def test_no_name_of_a_process_is_obeyed_by_the_terminal(evil: SteppedProgram) -> None:
    with RawTerminal(
        [*SMAPSTOP, "-i", "0.1", "--budget", "100", "--filter", "evil", "-p", str(evil.pid)], columns=200
    ) as window:
        window.wait_for(rf"^ {SPELLED}.*● live")
        window.wait_for(r"evil\\x1b\[31m\[bold\] .text .*r-xp")
        evil.go()
        window.wait_for(rf"1 p CoW: {SPELLED}")
        window.type("e")
        window.wait_for(r"evil\\x1b\[31m\[bold\] .data +copy-on-write")
        window.type("s")
        window.wait_for("Sort by")
        window.type("\x1b")
        window.wait_for(r"(?s)\A(?!.*Sort by)")
        window.type("/")
        window.wait_for("^ evil +$")
        window.type("bold .data\r")  # it is the only row, and under the cursor
        window.wait_for("bold .data ✕ +1 of")
        window.type("\r")
        window.wait_for(r"F \S*evil\\x1b\[31m\[bold\] .data .*1 Why")
        window.wait_for(rf"▌ .*{SPELLED}")
        window.type("v")
        window.wait_for(rf"(?s)3 Pages.*{SPELLED}.*[+] zoom in")
        window.type("qq")
        assert window.status() == 0
        assert_harmless(window)
        assert b"pwn" in window.output


def test_no_name_in_what_a_verb_prints_is_obeyed_by_the_terminal(evil: SteppedProgram, tmp_path: Path) -> None:
    pid, odd = str(evil.pid), str(tmp_path / "odd\x1b[31m\u202e.smaps")
    assert re.search(SPELLED, printed("snapshot", "-p", pid, "--label"))
    assert re.search(SPELLED, printed("snapshot", "-p", pid, "--group-by", "file", "--format", "csv"))
    assert re.search(r"\\u001b]0;pwn", printed("snapshot", "-p", pid, "--format", "json"))
    assert re.search(SPELLED, printed("pages", "-p", pid, "evil\x1b[31m[bold] .data"))
    assert re.search(SPELLED, printed("pages", "-p", pid, "--cow"))
    assert re.search(SPELLED, printed_by_process("record", "-p", pid, "--count", "2", "-i", "0.1", "-o", odd))
    assert re.search(SPELLED, printed("diff", odd, odd, "--all"))
    assert re.search(r"odd\\x1b\[31m\\u202e", printed("diff", odd, odd, "--all", "--format", "markdown"))
    for form in ("jsonl", "csv", "perfetto"):
        assert "pwn" in printed("export", odd, "--format", form)


def test_no_name_in_an_error_is_obeyed_by_the_terminal(evil: SteppedProgram, tmp_path: Path) -> None:
    (tmp_path / EVIL.replace("/", "")).write_text("no recording")
    for wrong in (
        ("-p", EVIL),
        ("snapshot", "-p", "evil\x1b[31m[bold]x"),
        ("snapshot", "--from", EVIL),
        ("pages", "-p", str(evil.pid), EVIL),
        ("replay", str(tmp_path / EVIL.replace("/", ""))),
        ("diff", EVIL, EVIL),
        ("--filter", EVIL + ">", "-p", "1"),
        ("--sort", EVIL, "-p", "1"),
        (EVIL,),
        ("--" + EVIL,),
    ):
        assert printed(*wrong, status=2).count("\n") == 1, wrong
    printed_by_process("record", "-o", f"{tmp_path}/{EVIL}", "-p", str(evil.pid), status=2)
    printed_by_process("record", "-o", "x", "--", EVIL, status=127)
    printed_by_process("--", EVIL, status=127)


def test_no_name_in_the_picker_is_obeyed_by_the_terminal(evil: SteppedProgram) -> None:
    with RawTerminal([*SMAPSTOP]) as window:
        window.wait_for("Choose a process")
        window.type("pwn")
        window.wait_for(SPELLED)
        window.type("\x1b[21~")  # F10
        window.status()
        assert_harmless(window)


def test_no_word_of_a_program_that_is_started_is_obeyed_by_our_terminal(tmp_path: Path) -> None:
    shell = shutil.copy(shutil.which("sh") or "/bin/sh", tmp_path / "sh\x1b[31m[red]\u202e")
    with RawTerminal(
        [*SMAPSTOP, "-i", "0.2", "-o", str(tmp_path / "odd\x1b[7m.smaps"), "--", str(shell), "-c", BLUNT]
    ) as window:
        window.wait_for("● live")
        window.wait_for(" said")
        window.type("q")
        window.wait_for("is still running")
        window.type("e")
        window.status()
        assert_harmless(window)
    with RawTerminal([*SMAPSTOP, "replay", str(tmp_path / "odd\x1b[7m.smaps")]) as window:
        window.wait_for("killed by SIGHUP")
        window.type("q")
        assert window.status() == 0
        assert_harmless(window)
