"""Families of real processes: who is in them, and their memory, which is read in turn."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from leftovers import terminating
from stepped_program import SteppedProgram, has_ended, wait_until

from smapstop.model.family.reading import FamilyMember, FamilyReading
from smapstop.proc.columns import ABSENT
from smapstop.proc.smaps.parser import parse_rollup
from smapstop.sampling.family_reader import STALE_NS, FamilyReader

LONG_NS = 10_000_000_000


@pytest.fixture
def forked(program: Callable[[str], Path]) -> Iterator[SteppedProgram]:
    """A program with two children, of which each has forty pages in common with it."""
    with SteppedProgram(program("two_children")) as parent:
        yield parent.go()


def read(reader: FamilyReader, spend_ns: int = LONG_NS) -> FamilyReading:
    """A reading of all, after finding out who is there."""
    reader.scan()
    return reader.read(spend_ns)


def pids_of_children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def rollup_of(pid: int) -> dict[str, int]:
    return parse_rollup(Path(f"/proc/{pid}/smaps_rollup").read_bytes())


def test_family_of_a_parent_and_of_a_child_is_the_same(forked: SteppedProgram) -> None:
    children = pids_of_children(forked.pid)
    everyone = (forked.pid, *children)
    wait_until(lambda: {state_of(pid) for pid in everyone} == {"S"})  # one may still be on its way to where it waits
    for pid in everyone:
        with closing(FamilyReader(pid)) as reader:
            reading = read(reader)
        assert reading.pids.tolist() == [forked.pid, *children]
        assert reading.ppids.tolist() == [os.getpid(), forked.pid, forked.pid]
        assert [member.pid for member in reading.new] == reading.pids.tolist()
        assert reading.new[0].executable == os.readlink(f"/proc/{forked.pid}/exe")
        assert (reading.states, reading.missing) == ("SSS", ())
        assert (reading.read_ns > 0).all()


def test_memory_of_the_members_is_that_of_smaps_rollup(forked: SteppedProgram) -> None:
    with closing(FamilyReader(forked.pid)) as reader:
        reading = read(reader)
        for row, pid in enumerate(reading.pids.tolist()):
            for name in ("rss", "private_dirty", "shared_dirty", "anonymous", "swap"):
                assert reading.get(name)[row] == rollup_of(pid)[name], (pid, name)


def test_a_member_that_ends_and_what_it_shared(forked: SteppedProgram) -> None:
    with closing(FamilyReader(forked.pid)) as reader:
        before = read(reader)
        forked.go()  # the first child has ended
        after = read(reader)
        assert after.pids.tolist() == [before.pids[0], before.pids[2]]
        assert after.new == ()
        forked.go()  # the parent has written 12 of 40 pages: they are its own now, and those of the other
        row = after.pids.tolist().index(forked.pid)
        written = read(reader)
        grown = written.get("private_dirty")[row] - after.get("private_dirty")[row]
        assert grown >= 12 * os.sysconf("SC_PAGE_SIZE") // 1024


def memory_read(reader: FamilyReader, spend_ns: int) -> tuple[FamilyReading, set[int]]:
    """A reading, and the pids whose memory was read in it."""
    reading = read(reader, spend_ns)
    return reading, set(reading.pids[reading.read_ns >= reading.monotonic_ns].tolist())


def test_without_time_one_is_read_at_each_reading_the_watched_one_first(
    forked: SteppedProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smapstop.sampling.family_reader.STALE_NS", 600_000_000_000)  # a busy machine is no reason
    with closing(FamilyReader(forked.pid)) as reader:
        first, read = memory_read(reader, 0)
        assert read == {forked.pid}
        assert first.get("rss").tolist()[1:] == [ABSENT, ABSENT], "not read yet is unknown, not 0"
        assert (first.get("stat_rss") > 0).all()
        assert first.read_ns.tolist()[1:] == [0, 0]
        others = [memory_read(reader, 0)[1] for _ in range(2)]
        assert others[0] | others[1] == set(pids_of_children(forked.pid))
        assert memory_read(reader, LONG_NS)[1] == set(), "nothing has changed"


def test_what_has_not_changed_is_read_again_after_a_while(
    forked: SteppedProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(FamilyReader(forked.pid)) as reader:
        memory_read(reader, LONG_NS)
        monkeypatch.setattr("smapstop.sampling.family_reader.STALE_NS", 0)
        assert len(memory_read(reader, LONG_NS)[1]) == 3
    assert STALE_NS == 5_000_000_000


def test_when_the_watched_one_has_ended_its_relatives_are_left(forked: SteppedProgram) -> None:
    first, second = pids_of_children(forked.pid)
    with closing(FamilyReader(first)) as reader:
        assert len(read(reader).pids) == 3
        forked.go()
        assert read(reader).pids.tolist() == [forked.pid, second]
    with closing(FamilyReader(2**22 - 7)) as reader:
        assert len(read(reader).pids) == 0


ORPHANING = """
import os, sys, time
for _ in range(2):
    if not os.fork():
        os.close(1)
        time.sleep(1000)
print("forked", flush=True)
sys.stdin.readline()
"""


def test_workers_whose_master_has_ended_stay_whether_it_is_reaped_or_not(tmp_path: Path) -> None:
    script = tmp_path / "master.py"
    script.write_text(ORPHANING)
    command = [sys.executable, str(script)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as master,
        closing(FamilyReader(master.pid)) as reader,
    ):
        assert master.stdin is not None
        assert master.stdout is not None
        assert master.stdout.readline() == b"forked\n"
        workers = pids_of_children(master.pid)
        assert read(reader).pids.tolist() == [master.pid, *workers]
        try:
            master.stdin.close()
            wait_until(lambda: has_ended(master.pid))
            for reaped in (False, True):
                if reaped:
                    master.wait()
                reading = read(reader)
                assert [pid for pid in reading.pids.tolist() if pid != master.pid] == workers
                assert (master.pid in reading.pids.tolist()) != reaped
            os.kill(workers[0], 9)
            wait_until(lambda: workers[0] not in read(reader).pids.tolist() or has_ended(workers[0]))
            assert workers[1] in read(reader).pids.tolist()
        finally:
            for pid in workers:
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)


def test_a_shell_and_what_it_starts() -> None:
    code = "sleep 100 & sleep 100 & echo; wait"
    with subprocess.Popen(["sh", "-c", code], stdout=subprocess.PIPE, start_new_session=True) as shell:
        try:
            assert shell.stdout is not None
            shell.stdout.readline()
            wait_until(lambda: names_in_family_of(shell.pid) == ["sh", "sleep", "sleep"])
            child = pids_of_children(shell.pid)[0]
            assert names_in_family_of(child) == ["sleep"], "a shell is no relative of what it starts"
        finally:
            os.killpg(shell.pid, 9)


NGINX = """
daemon off; worker_processes 3; pid {0}/pid; error_log {0}/log;
events {{ worker_connections 16; }}
http {{ access_log off; server {{ listen unix:{0}/socket; }} }}
"""


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_the_family_of_a_server_is_its_master_and_its_workers_and_takes_what_the_kernel_says(tmp_path: Path) -> None:
    (tmp_path / "conf").write_text(NGINX.format(tmp_path))
    command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as master, terminating(master.pid):
        wait_until(lambda: len(pids_of_children(master.pid)) == 3)
        workers = pids_of_children(master.pid)
        wait_until(lambda: all("worker process" in title_of_process(pid) for pid in workers))
        for pid in (master.pid, workers[1]):
            with closing(FamilyReader(pid)) as reader:
                reading = read(reader)
            assert reading.pids.tolist() == [master.pid, *workers], "parents first"
            assert reading.ppids.tolist()[1:] == [master.pid] * 3
            assert [member.command_line[0].split(":")[1].split()[0] for member in reading.new] == [
                *("master", "worker", "worker", "worker")
            ]
            wait_until(lambda pid=pid: agrees_with_kernel(pid))  # type: ignore[misc]


def agrees_with_kernel(pid: int) -> bool:
    """Whether a reading has the amounts of smaps_rollup, and as a sum their Pss; the processes are idle."""
    with closing(FamilyReader(pid)) as reader:
        reading = read(reader)
    rollups = [rollup_of(pid) for pid in reading.pids.tolist()]
    same = (reading.get(name).tolist() == [rollup[name] for rollup in rollups] for name in ("rss", "private_dirty"))
    total = sum(rollup["pss"] for rollup in rollups)
    # others that map the same libraries come and go meanwhile
    return all(same) and abs(int(reading.get("pss").sum()) - total) < total / 50


def title_of_process(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def names_in_family_of(pid: int) -> list[str]:
    with closing(FamilyReader(pid)) as reader:
        return [member.name for member in read(reader).new]


def news_of(pid: int, reader: FamilyReader) -> list[FamilyMember]:
    """What a reading tells about one member."""
    return [member for member in read(reader).new if member.pid == pid]


def test_a_process_that_executes_another_program_is_reported_again() -> None:
    code = "import os; input(); os.execvp('sleep', ['sleep', '100'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        try:
            with closing(FamilyReader(process.pid)) as reader:
                (before,) = news_of(process.pid, reader)
                assert before.command_line[0] == sys.executable
                assert process.stdin is not None
                process.stdin.write(b"\n")
                process.stdin.flush()
                told: list[FamilyMember] = []

                def is_told() -> bool:  # in the middle of an exec there are no arguments yet
                    told.extend(news_of(process.pid, reader))
                    return bool(told) and (told[-1].name, told[-1].command_line) == ("sleep", ("sleep", "100"))

                wait_until(is_told)
        finally:
            process.kill()


def test_members_that_may_not_be_read_say_why(forked: SteppedProgram) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can look as another user")
    code = (
        "import os, sys; from smapstop.sampling.family_reader import FamilyReader;"
        "os.setgid(65534); os.setuid(65534); reader = FamilyReader(int(sys.argv[1])); reader.scan();"
        "reading = reader.read(10**10);"
        "print(len(reading.pids), len(reading.missing), reading.missing[0][1])"
    )
    out = subprocess.run([sys.executable, "-c", code, str(forked.pid)], capture_output=True, text=True, check=True)
    assert out.stdout.startswith("3 3 not permitted to read the memory map of process")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user may read."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


OTHER_USER = (
    'if [ "$1" ]; then echo $$; read x; else setpriv --reuid 65534 --regid 65534 --clear-groups sh "$0" worker; fi'
)


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can be two users")
def test_a_worker_finds_its_master_that_belongs_to_another_user(open_directory: Path) -> None:
    script = open_directory / "server.sh"
    script.write_text(OTHER_USER)
    code = (
        "import os, sys; from smapstop.sampling.family_reader import FamilyReader;"
        "os.setgid(65534); os.setgroups([]); os.setuid(65534); reader = FamilyReader(int(sys.argv[1]));"
        "reader.scan(); reading = reader.read(10**10);"
        "print(*reading.pids, *(pid for pid, _ in reading.missing))"
    )
    with subprocess.Popen(["sh", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as master:
        assert master.stdout is not None
        worker = int(master.stdout.readline())
        run = subprocess.run([sys.executable, "-c", code, str(worker)], capture_output=True, text=True, check=True)
        master.communicate(b"\n")
    assert list(map(int, run.stdout.split())) == [master.pid, worker, master.pid], "shown, though it may not be read"
