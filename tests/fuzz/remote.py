"""What a machine elsewhere answers, which may be anybody's: processes and their files, or that it makes no sense."""

from collections.abc import Iterator
from contextlib import suppress
from typing import cast

from smapstop.errors import SmapstopError
from smapstop.proc.remote.cgroup import RemoteCgroup
from smapstop.proc.remote.process import RemoteMachine, RemoteMemberDir, RemoteProcDir
from smapstop.proc.remote.processes import RemoteProcesses
from smapstop.proc.remote.script import Answer, Call, call, parse_answers
from smapstop.proc.remote.shell import RemoteShell

WORD = "5ec2e7"
"""Stands for the secret word, which the shell elsewhere knows."""
NEXT = b"\x1b"
"""Ends a text."""
FAILED = b"!"
"""Begins a text that is an error."""
MOST_REQUESTS = 60


class _Shell:
    """A shell that answers with these texts in turn, without end, whatever it is asked."""

    command = "ssh box"

    def __init__(self, texts: list[bytes]) -> None:
        self._texts = texts
        self._answers = self._requests = 0

    def request(self, *calls: str) -> list[Answer]:
        """Answer with the next texts."""
        self._requests += 1
        assert self._requests < MOST_REQUESTS, calls
        return [self._answer(name) for each in calls if isinstance(each, Call) for name in each.names]

    def _answer(self, name: str) -> Answer:
        text = self._texts[self._answers % len(self._texts)]
        self._answers += 1
        return Answer(name, text.removeprefix(FAILED), int(text.startswith(FAILED)))

    def failure(self, what: str, remedy: str = "") -> SmapstopError:
        """The error that the user sees."""
        return SmapstopError(what, remedy)


def check(data: bytes) -> None:
    """Take an answer apart; list processes, and read one."""
    with suppress(ValueError):
        answers = parse_answers(data, WORD, [call("files", "a", "b"), call("itself")])
        assert [answer.name for answer in answers] == ["a", "b", "self"]
        assert all(f"\n{WORD} ".encode() not in answer.text for answer in answers)
    with suppress(SmapstopError):  # only the line that the user sees
        _read_machine(RemoteMachine(cast("RemoteShell", _Shell(data.split(NEXT)))))


def _read_machine(machine: RemoteMachine) -> None:
    """List processes, and read one; errors are those of a process that is gone, or of a connection that is lost."""
    assert machine.page_kb > 0
    assert machine.clock_ticks > 0
    processes = RemoteProcesses(machine)
    with suppress(SmapstopError, OSError):
        for process in processes.read():
            assert process.pid >= 0
            assert (process.rss_kb or 0) > 0
        processes.find("redis")
    for kind in (RemoteProcDir, RemoteMemberDir):
        with suppress(SmapstopError, OSError):
            _read_process(kind(machine, 4711))


def _read_process(process: RemoteProcDir) -> None:
    """Read files of a process."""
    for read in (process.counters, process.started_ns, process.require_memory, process.kernel):
        with suppress(SmapstopError, OSError):
            read()
    process.user()
    process.command_line()
    process.max_map_count()
    cgroup = RemoteCgroup(process)
    with process.prefetch(("smaps", "maps"), ("status",)), suppress(OSError):
        process.read("smaps")
        process.list_names("task", 9)
    for _ in range(2):
        cgroup.memory()
        assert cgroup.missing is None or cgroup.missing


def seeds() -> Iterator[bytes]:
    """Texts that are right, each where it is asked for, and some that are not."""
    stat = (
        b"4711 (redis (1) x) S 1 4711 4711 0 -1 4194304 100 0 0 0 5 6 0 0 20 0 4 0 777 1000 50 " + b"0 " * 27 + b"0\n"
    )
    status = b"Name:\tredis\nPid:\t4711\nUid:\t0\t0\t0\t0\nTgid:\t4711\nVmPeak:\t10 kB\n"
    machine = (stat, b"100.5 90.0\n", b"4096\n", b"100\n", b"17\n")
    listed = (
        b"17\n",
        stat + stat.replace(b"4711 (", b"17 ("),
        status,
        b"redis\0-p\0",
        b"sh\0",
        b"root:x:0:0::/:/bin/sh\n",
    )
    one = (b"", stat, b"100 50 3 1 0 9 0\n", status)
    group = (b"0::/x\n", b"1 2 0:3 / /sys rw - cgroup2 c rw\n", b"", b"max\n", b"file 1\n", b"4096\n")
    yield NEXT.join((*machine, *listed, *listed[:2], *listed[:2], *one, stat, stat, *one[1:], *group, *group))
    yield NEXT.join((*machine[:2], FAILED + b"sh: getconf: not found", FAILED, b"KernelPageSize: 16 kB\n", *listed))
    yield NEXT.join((*machine, b"x", *listed))
    yield NEXT.join((stat, b"nan 1", b"0", b"-5", b"17", *listed))
    yield FAILED + b"cat: /proc/1: No such process\n" + NEXT + stat
    yield NEXT.join(
        (*machine, *listed[:2], b"", b"", b"", b"", *one[:1], stat.replace(b"S 1", b"\xff x"), b"a b", b"VmPeak: x")
    )
    marks = (b"a\n", b"text", b"0\n", b"b\n", b"0\n", b"self\n17", b"0\n", b".\n")
    yield b"".join(b"\n5ec2e7 " + mark for mark in marks)
    yield b"noise\n5ec2e7 a\ntext\n\n5ec2e7 0\n\n5ec2e7 b\n\n5ec2e7 1\n\n5ec2e7 self\n17\n\n5ec2e7 0\n\n5ec2e7 .\n"
