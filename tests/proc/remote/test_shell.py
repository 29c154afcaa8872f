"""Commands that give a shell, and those that do not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ways_elsewhere import PLACES, SHELLS

from smapstop.errors import SmapstopError
from smapstop.proc.remote.script import call
from smapstop.proc.remote.shell import ConnectionLostError, RemoteShell

ENDLESS = "--via 'sleep 1000': no shell has answered within 0 s"


@pytest.mark.parametrize("name", [*SHELLS, *PLACES])
def test_a_shell_answers_byte_for_byte(way: Callable[[str], str], name: str) -> None:
    with RemoteShell(way(name)) as shell:
        version, missing, itself = shell.request(call("files", "/proc/version", "/proc/of/nothing"), call("itself"))

    assert version.contents() == Path("/proc/version").read_bytes()
    assert itself.text.strip().isdigit()
    with pytest.raises(FileNotFoundError, match="No such file or directory: '/proc/of/nothing'"):
        missing.contents()


def test_what_is_said_before_and_between_is_no_answer(tmp_path: Path) -> None:
    text = "mark .\n\nready-go\n\x01 1\n\n"
    (tmp_path / "text").write_text(text)
    noise = "printf '%s' 'Welcome! half a line'; exec sh"

    with RemoteShell(f'sh -c "{noise}"') as shell:
        (answer,) = shell.request("printf 'a job ends'", call("files", f"{tmp_path}/text"), "echo noise")

    assert answer.contents() == text.encode()


def test_names_with_quotes_and_spaces_are_only_names(tmp_path: Path) -> None:
    name = 'it\'s $(touch x); `true` "here" \\n'
    (tmp_path / name).write_text("text")

    with RemoteShell("sh") as shell:
        (answer,) = shell.request(call("files", f"{tmp_path}/{name}"))

    assert (answer.name, answer.text) == (f"{tmp_path}/{name}", b"text")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "--via '' is no command"),
        ("echo 'open", "is no command"),
        ("/no/such/program", "cannot start /no/such/program: No such file or directory"),
        ("true", "'true': it has ended (status 0)"),
        ("false", "'false': it has ended (status 1)"),
        ("cat", "'cat': it is no shell: it repeats its input"),
        ("yes", "'yes': it is no shell: it says very much else"),
        ("sh -c 'echo why >&2; exit 3'", ": why: "),
        ("sh -c 'kill -9 $$'", ": it has ended (signal 9)"),
        ("sleep 1000", ENDLESS),
    ],
)
def test_a_command_that_gives_no_shell_is_one_line(command: str, message: str) -> None:
    with pytest.raises(SmapstopError) as caught:
        RemoteShell(command, 0.3 if message == ENDLESS else 30)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.status == 2


def test_a_terminal_is_refused(script: Callable[[str], str]) -> None:
    command = script("import pty\npty.spawn(['sh'])\n")

    with pytest.raises(SmapstopError, match="leave out -t"):
        RemoteShell(command)


def test_a_shell_that_ends_is_reported_with_the_last_it_said() -> None:
    with RemoteShell("sh") as shell:
        with pytest.raises(ConnectionLostError, match=r"it has ended \(status 3\)"):
            shell.request("exit 3")
        with pytest.raises(ConnectionLostError):
            shell.request(call("itself"))
    with RemoteShell("sh") as shell, pytest.raises(ConnectionLostError, match=r"^Connection reset by a peer$"):
        shell.request("echo Connection reset by a peer >&2; exit 255")


def test_what_comes_too_late_is_no_answer_to_what_is_asked_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smapstop.proc.remote.shell._ANSWER_SECONDS", 0.2)
    os.mkfifo(fifo := tmp_path / "fifo")
    with RemoteShell("sh") as shell:
        with pytest.raises(ConnectionLostError, match=r"not answered for 0 s"):
            shell.request(f"read line <{fifo}", call("files", "/proc/version"))
        fifo.write_text("go on\n")
        with pytest.raises(ConnectionLostError, match=r"the connection is lost"):
            shell.request(call("itself"))


def test_half_an_answer_is_none() -> None:
    with RemoteShell("sh") as shell, pytest.raises(ConnectionLostError):
        shell.request(call("files", "/proc/version"), "exit")


@pytest.mark.parametrize("answered", ["mark a; mark x", "mark a; mark 0; mark b", "mark b; mark 0"])
def test_an_answer_that_makes_no_sense_ends_the_connection(answered: str) -> None:
    with RemoteShell("sh") as shell:
        assert shell.request(f"files() {{ {answered}; }}") == []
        for _ in range(2):
            with pytest.raises(ConnectionLostError, match=r"makes no sense|is lost"):
                shell.request(call("files", "a"))
