"""Totals of many processes elsewhere, read by one cat: starting one for each process costs more than reading."""

import re
from collections.abc import Sequence
from itertools import pairwise

from smapstop.proc.remote.processes import stat_texts
from smapstop.proc.remote.script import Answer, call

_ROLLUP = re.compile(rb"[0-9a-f]+-[0-9a-f]+ \S{4} [^\n]*\[rollup\]\n(?:\w+: +\d+ kB\n)+")
_MISSING = 1
"""Exit status of a cat that could not read a file."""


def rollup_name(pid: int) -> str:
    """Path of smaps_rollup of a process."""
    return f"/proc/{pid}/smaps_rollup"


def rollups_call(pids: Sequence[int]) -> str:
    """Call that prints stat and smaps_rollup of processes: stat says whose the totals after it are."""
    return call("texts", *(name for pid in pids for name in (f"/proc/{pid}/stat", rollup_name(pid))))


def parse_rollups(text: bytes, pids: Sequence[int]) -> dict[str, Answer]:
    """Take the texts of smaps_rollup apart, by path, as if each had been asked for.

    Nothing in the name of a process is taken for its totals: these are searched for only between the texts of stat.

    Args:
        text: What the call printed, with the messages of cat about what could not be read.
        pids: The processes.
    """
    found: dict[int, bytes] = {}
    stats = [*stat_texts(text), (len(text), len(text), 0)]
    for (_, end, pid), (next_start, _, _) in pairwise(stats):
        if rollup := _ROLLUP.search(text, end, next_start):
            found[pid] = rollup[0]
    return {name: _answer(name, found.get(pid), text) for pid, name in zip(pids, map(rollup_name, pids), strict=True)}


def _answer(name: str, rollup: bytes | None, text: bytes) -> Answer:
    """The text of a file, or why it could not be read."""
    if rollup is not None:
        return Answer(name, rollup, 0)
    why = re.search(rb"%b: ([^\n:]+)\n" % name.encode(), text)
    return Answer(name, b"cat: %b: %b" % (name.encode(), why[1] if why else b"No such process"), _MISSING)
