"""Totals of many processes, read by one cat."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from ways_elsewhere import SHELLS

from smapstop.proc.remote.rollups import parse_rollups, rollup_name, rollups_call
from smapstop.proc.remote.shell import RemoteShell

STAT = b"%d (%b) S 1 " + b"0 " * 47 + b"0\n"
ROLLUP = b"55d0c0a00000-7ffe00000000 ---p 00000000 00:00 0    [rollup]\nRss:    %8d kB\nPss:  1 kB\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_they_are_those_that_each_file_has(shell: str, way: Callable[[str], str]) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as waiting, RemoteShell(way(shell)) as opened:
        pids = [waiting.pid, 2, 999_999_999]
        (answer,) = opened.request(rollups_call(pids))
        found = parse_rollups(answer.text, pids)
        expected = Path(rollup_name(waiting.pid)).read_bytes()
    assert found[rollup_name(waiting.pid)].contents().splitlines()[:2] == expected.splitlines()[:2]
    with pytest.raises(ProcessLookupError):
        found[rollup_name(2)].contents()
    with pytest.raises(FileNotFoundError):
        found[rollup_name(999_999_999)].contents()


def test_nothing_is_found_when_all_have_ended() -> None:
    with RemoteShell("sh") as shell:
        (answer,) = shell.request(rollups_call([999_999_999]))
    with pytest.raises(FileNotFoundError):
        parse_rollups(answer.text, [999_999_999])[rollup_name(999_999_999)].contents()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_who_may_not_be_read_is_not_permitted() -> None:
    with RemoteShell("setpriv --reuid 65534 --regid 65534 --clear-groups sh") as shell:
        (answer,) = shell.request(rollups_call([os.getpid()]))
    with pytest.raises(PermissionError):
        parse_rollups(answer.text, [os.getpid()])[rollup_name(os.getpid())].contents()


def test_a_name_is_not_taken_for_totals_or_for_a_process() -> None:
    evil = b"x) S\nRss: 9 kB\n7 (y) S 1\n1-2 ---p 0 0 0 [rollup]\nRss: 9 kB\n"[:64]
    refused = b"cat: /proc/8/smaps_rollup: Permission denied\n"
    text = STAT % (7, evil) + ROLLUP % 100 + STAT % (8, b"8 (z) S") + refused + STAT % (9, b"last") + ROLLUP % 300
    found = parse_rollups(text, [7, 8, 9])
    assert b" 100 kB\nPss" in found[rollup_name(7)].text
    assert b" 9 kB" not in found[rollup_name(7)].text
    assert b" 300 kB\nPss" in found[rollup_name(9)].text
    with pytest.raises(PermissionError):
        found[rollup_name(8)].contents()
