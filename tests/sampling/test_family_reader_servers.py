"""Families of real servers: a fork server in Python, Postgres, and children that come and go all the time."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from leftovers import terminating
from stepped_program import wait_until

from smapstop.model.family.family_log import FamilyLog
from smapstop.model.family.family_table import family_table
from smapstop.sampling.family_reader import FamilyReader

FORK_SERVER = """
import os, sys
cache = [str(number) * 8 for number in range(20_000)]
for worker in range(3):
    if not os.fork():
        if worker == 2:
            cache = [text + "!" for text in cache]
        os.write(1, b"%d\\n" % worker)
        sys.stdin.read()
        os._exit(0)
for _ in range(3):
    os.wait()
"""
NOBODY = 65534


def read_family(pid: int) -> FamilyLog:
    """The log of a family after one reading of all."""
    log = FamilyLog()
    with closing(FamilyReader(pid)) as reader:
        reader.scan()
        log.append(reader.read(10**10))
    return log


def independent_sum(pids: list[int], field: str) -> int:
    """Sum over smaps_rollup files, read without smapstop, kB."""
    texts = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)
    return sum(int(line.split()[1]) for text in texts for line in text.splitlines() if line.startswith(f"{field}:"))


def agrees(pid: int) -> bool:
    """Whether the sums are those of the kernel; others that map the same libraries come and go meanwhile."""
    log = read_family(pid)
    assert log.last is not None
    pids = log.last.pids.tolist()
    pss, swap = independent_sum(pids, "Pss"), independent_sum(pids, "SwapPss")
    uss = independent_sum(pids, "Private_Clean") + independent_sum(pids, "Private_Dirty")
    totals = family_table(log, log.last.monotonic_ns + 10**10, 0, "uss").totals
    assert totals.pss is not None
    assert totals.uss is not None
    return (
        totals.unread == 0
        and abs(totals.pss - pss) <= pss / 50
        and abs(totals.uss - uss) <= uss / 50
        and totals.swap_pss == swap
    )


def started(directory: Path, script: str) -> subprocess.Popen[bytes]:
    """A script of its own in Python: what has another one is no relative, as these tests."""
    path = directory / "script.py"
    path.write_text(script)
    return subprocess.Popen([sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


@contextmanager
def fork_server(directory: Path) -> Iterator[int]:
    """A server in Python with three workers, of which the last replaced all of its data."""
    with started(directory, FORK_SERVER) as server:
        assert server.stdout is not None
        assert sorted(server.stdout.readline() for _ in range(3)) == [b"0\n", b"1\n", b"2\n"]
        yield server.pid
        assert server.stdin is not None
        server.stdin.close()


def test_the_worker_that_broke_the_sharing_has_most_of_its_own_and_the_sums_are_the_kernels(
    tmp_path: Path,
) -> None:
    with fork_server(tmp_path) as pid:
        wait_until(lambda: agrees(pid))
        log = read_family(pid)
        assert log.last is not None
        rows = family_table(log, log.last.monotonic_ns + 10**10, 0, "uss").rows
        parent, *workers = rows
        assert [row.place.depth for row in rows] == [0, 1, 1, 1]
        assert workers[2].uss == max(row.uss or 0 for row in rows)
        assert (workers[2].uss or 0) > 2 * (workers[0].uss or 0)
        assert (workers[0].family or 0) > (workers[0].uss or 0), "it only read"
        totals = family_table(log, log.last.monotonic_ns + 10**10, 0, "uss").totals
        assert (totals.rss or 0) > (totals.pss or 0), "a sum of Rss counts shared pages more than once"
        assert parent.pid == pid


def is_ready(data: Path) -> bool:
    """Whether Postgres answers; it listens before that."""
    try:
        return "ready" in (data / "postmaster.pid").read_text()
    except FileNotFoundError:
        return False


@contextmanager
def postgres() -> Iterator[int]:
    """Postgres with a connection that has read a table; it refuses to run as root."""
    user = NOBODY if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        if user is not None:
            os.chown(directory, user, user)
        data = f"{directory}/data"
        options = ("-N", "-A", "trust", "-U", "postgres", "--locale=C", "--no-instructions", "-D", data)
        subprocess.run(["initdb", *options], check=True, capture_output=True, user=user, group=user, cwd=directory)
        settings = ("-c", "listen_addresses=", "-c", "shared_buffers=8MB", "-c", "fsync=off", "-k", directory)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = ["postgres", "-D", data, *settings]
        server = subprocess.Popen(command, user=user, group=user, cwd=directory, **quiet)  # type: ignore[call-overload]
        with server, terminating(server.pid):
            wait_until(lambda: is_ready(Path(data)))
            client = ["psql", "-h", directory, "-U", "postgres", "-qAt"]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            with subprocess.Popen(client, **pipes) as connected:  # type: ignore[call-overload]
                connected.stdin.write(b"select count(*) > 0 from pg_class;\n")
                connected.stdin.flush()
                assert connected.stdout.readline() == b"t\n"
                yield server.pid


@pytest.mark.skipif(not shutil.which("initdb") or not shutil.which("psql"), reason="Postgres is not installed")
def test_postgres_is_a_family_whose_shared_buffers_count_once() -> None:
    with postgres() as pid:
        wait_until(lambda: agrees(pid))
        log = read_family(pid)
        assert log.last is not None
        titles = [" ".join(member.command_line) for member in log.last.new]
        assert any("checkpointer" in title for title in titles), titles
        assert any("postgres [local]" in title for title in titles), "the connection"
        table = family_table(log, log.last.monotonic_ns + 10**10, 0, "uss")
        assert table.rows[0].pid == pid
        assert all(row.place.depth == 1 for row in table.rows[1:])
        assert max(row.family or 0 for row in table.rows) > 1000, "shared buffers are shared within the family"
        assert (table.totals.rss or 0) > (table.totals.pss or 0)


CHILDREN = """
import os, sys
for batch in range(20):
    until, end = os.pipe()
    pids = []
    for _ in range(50):
        pid = os.fork()
        if not pid:
            os.close(end)
            os.read(until, 1)
            os._exit(0)
        pids.append(pid)
    os.write(1, b"forked\\n")
    sys.stdin.readline()
    os.close(until)
    os.close(end)
    for pid in pids:
        os.waitpid(pid, 0)
"""


def test_a_thousand_children_that_come_and_go_leave_a_bounded_history(tmp_path: Path) -> None:
    with started(tmp_path, CHILDREN) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        log, known = FamilyLog(), set[tuple[int, int]]()
        with closing(FamilyReader(parent.pid)) as reader:
            for _ in range(20):
                assert parent.stdout.readline() == b"forked\n"
                reader.scan()
                parent.stdin.write(b"\n")  # they end while they are read
                reading = reader.read(5_000_000)
                log.append(reading)
                known |= {member.key for member in reading.new}
        alive = [history for history in log.members if history.gone_ns is None]
        assert len(known) == 1001
        assert len(alive) == 51
        assert len(log.members) == 251, "those of the last reading, and as many that are gone as are remembered"
        assert all(history.missing == "" for history in log.members), "who has just ended was not forbidden"
