"""What a capability lets an ordinary user see of somebody else's process: a table of the guide, row by row."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stepped_program import SteppedProgram

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

PERFMON, PTRACE, ADMIN, SEARCH = 38, 19, 21, 2
"""Numbers of capabilities (capability.h): CAP_PERFMON, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH."""
AS_NOBODY = """
import ctypes, io, json, os, struct, sys
from contextlib import redirect_stderr, redirect_stdout
from smapstop.cli.main import main

def printed(words):
    out, errors = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = main(words)
    return status, out.buffer.getvalue().decode(), errors.getvalue()

held, commands = int(sys.argv[1]), json.loads(sys.argv[2])
for words in commands:
    printed(words)  # all is imported then: nobody may not be able to read our files
libc = ctypes.CDLL(None)
libc.prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
low, high = held & 0xFFFFFFFF, held >> 32
assert libc.capset(struct.pack("Ii", 0x20080522, 0), struct.pack("6I", low, low, 0, high, high, 0)) == 0
print(json.dumps([printed(words) for words in commands]))
"""


@pytest.fixture(scope="module")
def target(program: Callable[[str], Path]) -> Iterator[SteppedProgram]:
    """A process of root, with another thread, that has copied a page on write."""
    with SteppedProgram(program("hostile"), "/etc/hostname") as running:
        yield running.go()


def told(capabilities: tuple[int, ...], *commands: tuple[str, ...]) -> Iterator[Any]:
    """The JSON that verbs print for an ordinary user with some capabilities; None for what is not permitted."""
    held = sum(1 << number for number in capabilities)
    words = [sys.executable, "-c", AS_NOBODY, str(held), json.dumps(commands)]
    for status, out, errors in json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout):
        assert not status or ((status, out) == (2, "") and "not permitted to" in errors)
        yield None if status else json.loads(out)


def seen(capabilities: tuple[int, ...], pid: int) -> dict[str, bool]:
    """What can be seen of a process."""
    of = ("-p", str(pid))
    snapshot, cow, stack = told(
        capabilities, ("snapshot", *of, "--label"), ("pages", *of, "--cow"), ("pages", *of, "[stack]", "--facts")
    )
    sure = [] if snapshot is None else [each["label"] or "" for each in snapshot["mappings"] if not each["guess"]]
    return {
        "mappings": snapshot is not None and snapshot["rollup"]["rss"] > 0,
        "pages": cow is not None and stack is not None,
        "symbols": cow is not None and any(group["symbols"] for part in cow["copied"] for group in part["groups"]),
        "stacks": any(label.startswith("stack of ") for label in sure),
        "frames": stack is not None and bool(stack["facts"]),
    }


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ((), []),
        ((SEARCH,), []),
        ((PERFMON,), ["mappings"]),
        ((PTRACE,), ["mappings"]),
        ((PERFMON, SEARCH), ["mappings", "pages", "symbols"]),
        ((PTRACE, SEARCH), ["mappings", "pages", "symbols", "stacks"]),
        ((ADMIN, SEARCH), ["mappings", "pages", "symbols", "frames"]),
        ((PTRACE, ADMIN, SEARCH), ["mappings", "pages", "symbols", "stacks", "frames"]),
    ],
)
def test_what_a_capability_adds(target: SteppedProgram, capabilities: tuple[int, ...], expected: list[str]) -> None:
    assert [what for what, visible in seen(capabilities, target.pid).items() if visible] == expected
