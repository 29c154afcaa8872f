"""--watch in the hands of a user: a program that is built again is launched again, and compared with its last run."""

import os
import re
import shlex
import signal
import subprocess
from contextlib import closing
from pathlib import Path

from e2e.terminals import SMAPSTOP, Terminal, Terminals

from smapstop.recording.reader import Recording

SOURCE = """
#include <stdio.h>
#include <unistd.h>
static char table[PAGES * 4096];
static char seeds[PAGES * 4096] = {1};
int main(void) {
    for (int i = 0; i < PAGES; i++) table[i * 4096] = seeds[i * 4096] = 2;
    puts("ready");
    pause();
}
"""
PARTS = ("server .data", "server .bss?")
"""The rows of the program's data: what is initialized, and what is not (.bss)."""


def build(executable: Path, pages: int) -> None:
    """Build a program that writes so many pages of tables of its own, in the place of the one before."""
    command = ["cc", "-O0", f"-DPAGES={pages}", "-x", "c", "-", "-o", str(executable)]
    subprocess.run(command, input=SOURCE, text=True, check=True)


def script(path: Path, *lines: str) -> None:
    """Write a program in the place of the one before, as an editor does that keeps what it replaces until the end."""
    new = path.with_suffix(".new")
    new.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    new.chmod(0o755)
    new.replace(path)


def in_smaps(pid: int) -> list[int]:
    """Rss of the program's data as the kernel prints it, kB: that of .data, and that of .bss, which follows it."""
    text = Path(f"/proc/{pid}/smaps").read_text()
    rss = r"\n(?:[A-Z].*\n)*?Rss: +(\d+) kB\n"
    data = re.search(rf"^\w+-(\w+) rw-p .*/server{rss}", text, re.MULTILINE)
    assert data is not None, text
    bss = re.search(rf"^{data[1]}-\w+ rw-p .*{rss}", text, re.MULTILINE)
    assert bss is not None, text
    return [int(data[2]), int(bss[1])]


def rows(screen: str) -> list[tuple[int, int]]:
    """Rss and its change in the rows of the program's data, the first of each name: kB."""
    found = []
    for part in PARTS:
        row = re.search(rf"^[FA] (?:\S*/)?{part}.*? (\d+) K +([+−]\d+ K|·) *$", screen, re.MULTILINE)
        if row is not None:
            found.append((int(row[1]), int(row[2].removesuffix(" K").replace("·", "0").replace("−", "-"))))
    return found


def watch(terminal: Terminals, program: Path, options: str = "") -> Terminal:
    """Watch a program, and wait until it is there."""
    window = terminal(f"{SMAPSTOP} -i 0.2 --watch {options} -- {shlex.quote(str(program))}", columns=140)
    window.wait_for("press i to type into it")
    return window


def test_a_rebuilt_program_starts_over_and_its_data_is_compared_to_the_kilobyte(
    terminal: Terminals, tmp_path: Path
) -> None:
    server = tmp_path / "server"
    build(server, 100)
    window = watch(terminal, server, "--sort rss --filter perm:w --columns name,rss,delta")
    window.wait_for("^│ready")
    first = in_smaps(window.program_pid())
    window.wait_for_screen(lambda screen: [rss for rss, _ in rows(screen)] == first, f"Rss of {PARTS} is {first}")

    build(server, 160)

    window.wait_for(r"server +run 2 .*Δ run 1 ")
    window.wait_for("^│── run 2 ──")
    window.wait_for_screen(lambda screen: screen.count("│ready") == 2, "the second run is ready")
    second = in_smaps(window.program_pid())
    assert [after - before for before, after in zip(first, second, strict=True)] == [240, 240]
    window.wait_for_screen(
        lambda screen: rows(screen) == [(rss, 240) for rss in second], f"{PARTS} have {second}, 240 kB more each"
    )

    window.press("r")
    window.wait_for(r"● +2 .*running .*\n.* 1 .*killed by SIGHUP")
    window.press("Down", "Enter")
    window.wait_for(r"server +run 1 .*killed by SIGHUP .*❚❚")
    window.press("L")
    window.wait_for(r"server +run 2 .*● live")


def test_a_build_that_cannot_be_started_is_reported_and_the_next_one_begins(
    terminal: Terminals, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    script(program, "echo first", "exec sleep 1000")
    window = watch(terminal, program)
    window.wait_for("^│first")

    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF, but not much of it")
    broken.chmod(0o755)
    broken.replace(program)
    window.wait_for("cannot execute .*exec format error, waiting")
    window.wait_for("killed by SIGHUP")

    script(program, "echo second", "exec sleep 1000")
    window.wait_for("^│second")
    window.wait_for(r"run 2 .*● live")


def test_rapid_writes_are_one_run(terminal: Terminals, tmp_path: Path) -> None:
    program = tmp_path / "program"
    script(program, "echo written 0", "exec sleep 1000")
    window = watch(terminal, program)
    window.wait_for("^│written 0")
    ready = [tmp_path / str(number) for number in (1, 2, 3)]
    for path in ready:
        script(path, f"echo written {path.name}", "exec sleep 1000")
    dashboard = window.dashboard_pid()
    os.kill(dashboard, signal.SIGSTOP)  # for it there is no time in between, however long we rest there
    for path in ready:
        path.replace(program)
    os.kill(dashboard, signal.SIGCONT)
    window.wait_for("^│written 3")
    screen = window.wait_for(r"run 2 .*up ([2-9]|\d\d) s")
    assert "run 3" not in screen
    assert re.findall(r"│(written \d|── run \d ──)", screen) == ["written 0", "── run 2 ──", "written 3"]


def test_a_directory_can_be_watched_for_a_program_that_is_not_in_it(terminal: Terminals, tmp_path: Path) -> None:
    source = tmp_path / "source" / "package"
    source.mkdir(parents=True)
    (source / "text").write_text("first\n")
    command = shlex.join(["sh", "-c", f"cat {source / 'text'}; exec sleep 1000"])
    window = terminal(f"{SMAPSTOP} -i 0.2 --watch {tmp_path / 'source'} -- {command}")
    window.wait_for("^│first")
    window.wait_for("run 1 .*● live")
    (tmp_path / "new").write_text("second\n")
    (tmp_path / "new").replace(source / "text")
    window.wait_for("^│second")
    window.wait_for(r"run 2 .*Δ run 1")


def test_every_run_is_recorded_and_the_status_is_that_of_the_last_one(terminal: Terminals, tmp_path: Path) -> None:
    program, file = tmp_path / "program", tmp_path / "my.smaps"
    script(program, "echo first", "exec sleep 1000")
    window = watch(terminal, program, f"-o {file}")
    window.wait_for("^│first")
    script(program, "echo second; exit 3")
    window.wait_for(r"^╰.*exited 3, waiting for a rebuild")
    window.press("q")
    assert window.status() == 3

    reported = []
    for path in (file, tmp_path / "my.2.smaps"):
        with closing(Recording(path)) as recording:
            ending = [tick.ending for tick in recording.ticks()][-1]
            assert recording.target is not None
            assert ending is not None
            reported.append((recording.target.command_line[-1], ending.signal, ending.status, recording.stop_reason))
    ended = "the process ended"
    assert reported == [(str(program), signal.SIGHUP, None, ended), (str(program), None, 3, ended)]
