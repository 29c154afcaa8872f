"""Lookup of real processes under unique names."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from places import own_name
from stepped_program import wait_for_exec

from smapstop.errors import SmapstopError
from smapstop.proc.process_list import list_processes
from smapstop.proc.process_lookup import find_process

Start = Callable[..., int]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start programs that wait, and end them afterwards; return the pid once the program has been exec'ed."""
    with ExitStack() as stack:

        def started(*command: str | Path) -> int:
            process = subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            stack.callback(process.communicate)  # EOF on its stdin ends it
            wait_for_exec(process.pid)
            return process.pid

        yield started


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """Copy a program that waits for EOF on its stdin to any name; it must be one of its own."""

    def made(name: str) -> Path:
        return Path(shutil.copy(shutil.which("cat") or "/bin/cat", tmp_path / name))

    return made


def test_digits_are_a_pid_that_need_not_exist() -> None:
    assert find_process("999999999") == 999_999_999


def test_the_number_of_a_thread_means_its_process() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert find_process(str(thread.native_id)) == os.getpid() != thread.native_id
    finally:
        over.set()
        thread.join()


def test_a_name_finds_the_process_that_runs_it(start: Start, copied: Callable[[str], Path]) -> None:
    name = own_name("alone")
    pid = start(copied(name))
    assert find_process(name) == pid


def test_a_name_longer_than_the_kernel_keeps_is_found_by_its_executable(
    start: Start, copied: Callable[[str], Path]
) -> None:
    name = own_name("much-longer-than-fifteen-bytes")
    pid = start(copied(name))
    assert find_process(name) == pid


def test_a_script_is_found_behind_its_interpreter_and_its_options(start: Start, tmp_path: Path) -> None:
    script = tmp_path / own_name("app.py")
    script.write_text("import sys; sys.stdin.read()\n")
    pid = start(sys.executable, "-X", "utf8", "-u", script)
    assert find_process(script.name) == pid


def test_a_file_that_a_program_only_works_on_is_not_its_name(
    start: Start, copied: Callable[[str], Path], tmp_path: Path
) -> None:
    data = tmp_path / own_name("data.py")
    data.write_text("text\n")
    start(copied(own_name("reader")), data, "-")
    with pytest.raises(SmapstopError, match=f"no process is named '{re.escape(data.name)}'"):
        find_process(data.name)


def test_several_processes_of_a_name_are_listed_with_their_commands(
    start: Start, copied: Callable[[str], Path]
) -> None:
    path = copied(own_name("many"))
    pids = [start(path, "-") for _ in range(10)]
    with pytest.raises(SmapstopError) as raised:
        find_process(path.name)
    listed = ", ".join(f"{pid} {str(path)[:31]}…" for pid in sorted(pids)[:8])
    assert raised.value.what == f"10 processes are named {path.name!r} ({listed}, and 2 more)"
    assert raised.value.remedy == "give the pid of one"


def test_a_misspelt_name_names_the_closest(start: Start, copied: Callable[[str], Path]) -> None:
    name = own_name("redis-server")
    misspelt = name.replace("server", "servr")
    start(copied(name))
    with pytest.raises(SmapstopError) as raised:
        find_process(misspelt)
    assert str(raised.value).startswith(f"no process is named {misspelt!r}: did you mean {name}")


def test_a_part_of_a_name_in_any_case_suggests_the_whole_once(start: Start, copied: Callable[[str], Path]) -> None:
    name = own_name("valkey-server")
    start(copied(name), "-")
    for part in (name.removesuffix("-server"), name.upper()):
        with pytest.raises(SmapstopError) as raised:
            find_process(part)
        assert raised.value.remedy == f"did you mean {name}?"


def test_an_empty_name_means_nobody() -> None:
    with pytest.raises(SmapstopError, match="no process is named ''"):
        find_process("")


def test_a_name_like_no_other_says_how_to_list_them() -> None:
    with pytest.raises(SmapstopError) as raised:
        find_process("¿∄?")
    assert raised.value.remedy == "run smapstop without arguments to pick one from a list"


def test_smapstop_and_its_parents_never_match(tmp_path: Path) -> None:
    script = tmp_path / own_name("self.py")
    script.write_text(
        "from smapstop.errors import SmapstopError\nfrom smapstop.proc.process_lookup import find_process\n"
        f"try:\n    find_process({script.name!r})\nexcept SmapstopError as error:\n    print(error)\n"
    )
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate()
    expected = f"only smapstop itself and its parent processes are named {script.name!r}: give the pid of one: "
    assert output == f"{expected}{process.pid}\n"


def test_the_list_says_of_a_process_what_proc_says(start: Start, copied: Callable[[str], Path]) -> None:
    path = copied(own_name("ls"))
    before = time.time()
    pid = start(path, "-")
    after = time.time()
    (found,) = [found for found in list_processes() if found.pid == pid]
    assert found.name == path.name
    assert found.command_line == (str(path), "-")
    assert found.user == pwd.getpwuid(os.getuid()).pw_name
    assert found.rss_kb is not None
    assert found.rss_kb > 0
    assert found.start_time is not None
    assert before - 5 < found.start_time < after + 5


def test_the_list_has_no_kernel_threads_no_zombies_and_not_us(start: Start, copied: Callable[[str], Path]) -> None:
    zombie = os.fork()
    if not zombie:
        os._exit(0)
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
    try:
        found = {found.pid for found in list_processes()}
    finally:
        os.waitpid(zombie, 0)
    assert zombie not in found
    assert os.getpid() not in found
    assert os.getppid() in found
    flags = {pid: _kernel_flags(pid) for pid in found}
    assert [pid for pid, flag in flags.items() if flag & 0x200000] == []


def _kernel_flags(pid: int) -> int:
    """PF_ flags of a process; 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[6])
    except OSError:
        return 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_process_of_somebody_else_is_listed_with_what_is_known(start: Start, copied: Callable[[str], Path]) -> None:
    path = copied(own_name("ls"))
    pid = start(path)
    reader, writer = os.pipe()
    stranger = os.fork()
    if not stranger:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        found = [found for found in list_processes() if found.pid == pid]
        os.write(writer, repr([(f.name, f.user, (f.rss_kb or 0) > 0) for f in found]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(stranger, 0)
    assert told == f"[({path.name!r}, 'root', True)]"
