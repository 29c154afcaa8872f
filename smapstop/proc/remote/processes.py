"""List the processes elsewhere that can be watched, and find one by its name."""

import os
import re
import time
from collections.abc import Iterable, Iterator, Set
from typing import Any

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.process_info import ProcessInfo
from smapstop.proc.process_lookup import head_of, processes_named, require_one
from smapstop.proc.process_tree import ProcessStat, ancestors_of, descendants_of, parse_stat
from smapstop.proc.remote.process import RemoteMachine
from smapstop.proc.remote.script import call
from smapstop.proc.remote.shell import require_sense

_STAT = re.compile(rb"\d+ \(.{0,64}?\) [A-Za-z] (?:-?\d+ ){37,}-?\d+\n", re.DOTALL)
"""The text of stat: a name has at most 64 bytes, so that none can hold the numbers of another process."""
_OWNER = re.compile(rb"^Pid:\t(\d+)\n(?:(?!Name:)[^\n]*\n)*?Uid:\t(\d+)", re.MULTILINE)
"""Pid and uid of one process in texts of status, in which names have no line breaks."""
_TGID = re.compile(rb"^Tgid:\s*(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _ProcessFacts:
    """What a process is, which is read once."""

    start_time: int
    command_line: tuple[str, ...]
    user: str


class RemoteProcesses:
    """The processes elsewhere. Each list takes two round trips, of which the second is about new processes.

    Raises (every method):
        ConnectionLostError: The shell has ended, or does not answer.
    """

    def __init__(self, machine: RemoteMachine) -> None:
        self._machine = machine
        self._facts: dict[int, _ProcessFacts] = {}
        self._users: dict[int, str] | None = None
        self._own: Set[int] = frozenset()
        """Pids of the shell and its parents."""

    def read(self) -> list[ProcessInfo]:
        """List all processes with memory of their own, by pid, but for the shell."""
        stats = self._read_stats()
        now_s, uptime_s = time.time(), self._machine.uptime_ns() / 1e9
        return [
            ProcessInfo(
                pid=stat.pid,
                name=stat.name,
                user=self._facts[stat.pid].user,
                command_line=self._facts[stat.pid].command_line,
                rss_kb=stat.rss_kb,
                start_time=now_s - uptime_s + stat.start_time / self._machine.clock_ticks,
            )
            for stat in stats
            if stat.rss_kb > 0 and stat.pid not in self._own
        ]

    def find(self, pid_or_name: str) -> int:
        """Resolve a pid or name to a pid, as `find_process`.

        Raises:
            SmapstopError: No process has that name, or several have.
        """
        if _is_pid(pid_or_name):
            return self._pid_of_thread(int(pid_or_name))
        running = [self._info(stat) for stat in self._read_stats()]
        return require_one(processes_named(pid_or_name, running, self._own), pid_or_name).pid

    def find_head(self, pid_or_name: str) -> tuple[int, bool]:
        """Resolve a pid or name to a pid; of several, to the head of their family, as `find_family_head`.

        Returns:
            The pid, and whether several processes have the name.

        Raises:
            SmapstopError: No process has that name, or they are of several families.
        """
        if _is_pid(pid_or_name):
            return self._pid_of_thread(int(pid_or_name)), False
        stats = self._read_stats()
        found = processes_named(pid_or_name, [self._info(stat) for stat in stats], self._own)
        return head_of(found, {stat.pid: stat for stat in stats}, pid_or_name)

    def read_tree(self) -> dict[int, ProcessStat]:
        """Read stat of all processes but the shell and what it runs, by pid."""
        itself, texts = self._machine.shell.request(call("itself"), call("texts", "/proc/*/stat"))
        stats = {stat.pid: stat for stat in parse_stats(texts.text, self._machine.page_kb)}
        for pid in descendants_of(int(itself.text), stats):
            del stats[pid]
        return stats

    def _pid_of_thread(self, number: int) -> int:
        """Pid of the process that a thread id belongs to; any other number unchanged."""
        (status,) = self._machine.shell.request(call("files", f"/proc/{number}/status"))
        tgid = _TGID.search(status.text)
        return int(tgid[1]) if tgid else number

    def _info(self, stat: ProcessStat) -> dict[str, Any]:
        """What a process is, as psutil has it."""
        return {"pid": stat.pid, "name": stat.name, "exe": None, "cmdline": self._facts[stat.pid].command_line}

    def _read_stats(self) -> list[ProcessStat]:
        """Read stat of all processes, and what those are that are new."""
        itself, texts = self._machine.shell.request(call("itself"), call("texts", "/proc/*/stat"))
        stats = {stat.pid: stat for stat in parse_stats(texts.text, self._machine.page_kb)}
        known = self._facts
        self._facts = {
            pid: known[pid]
            for pid, stat in stats.items()
            if pid in known and known[pid].start_time == stat.start_time
        }
        self._describe([stat for pid, stat in stats.items() if pid not in self._facts])
        with require_sense():
            shell = int(itself.text)
        self._own = {shell, *ancestors_of(shell, stats)} - {1}
        return [stats[pid] for pid in sorted(stats)]

    def _describe(self, stats: Iterable[ProcessStat]) -> None:
        """Read what processes are, and whose."""
        new = {f"/proc/{stat.pid}/cmdline": stat for stat in stats}
        if not new:
            return
        statuses = call("texts", *(name.replace("cmdline", "status") for name in new))
        users = call("files", *([] if self._users is not None else ["/etc/passwd"]))
        texts, *answers = self._machine.shell.request(statuses, call("files", *new), users)
        if self._users is None:
            self._users = _parse_users(answers.pop().text)
        uids = {int(pid): int(uid) for pid, uid in _OWNER.findall(texts.text)}
        for answer in answers:
            stat = new[answer.name]
            words = b"" if answer.status else answer.text.rstrip(b"\0")
            uid = uids.get(stat.pid)
            self._facts[stat.pid] = _ProcessFacts(
                stat.start_time,
                tuple(map(os.fsdecode, words.split(b"\0"))) if words else (),
                "" if uid is None else self._users.get(uid, str(uid)),
            )


def _is_pid(text: str) -> bool:
    """Whether a text is a pid, not a name."""
    return text.isascii() and text.isdecimal()


def parse_stats(text: bytes, page_kb: int) -> list[ProcessStat]:
    """Parse texts of stat that follow each other, whatever else is between them.

    Args:
        text: The texts.
        page_kb: Page size of the machine, kB.
    """
    return [parse_stat(each, page_kb) for each in _STAT.findall(text)]


def stat_texts(text: bytes) -> Iterator[tuple[int, int, int]]:
    """Where texts of stat begin and end in a text, and the pid of each."""
    for match in _STAT.finditer(text):
        yield match.start(), match.end(), int(match[0].partition(b" ")[0])


def _parse_users(passwd: bytes) -> dict[int, str]:
    """Names of users by uid (passwd(5)); the first of several."""
    users: dict[int, str] = {}
    for line in passwd.splitlines():
        parts = line.split(b":")
        if len(parts) > 2 and parts[2].isdigit():
            users.setdefault(int(parts[2]), os.fsdecode(parts[0]))
    return users
