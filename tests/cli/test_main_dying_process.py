"""A process may end, or become another program, while it is read, at any moment: one line, or a whole answer."""

import json
import subprocess
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from smapstop.cli.main import main

VERBS = (["snapshot"], ["snapshot", "--rollup"], ["snapshot", "--label"], ["pages", "--cow"])
ROUNDS = 60


@pytest.mark.parametrize("what", ["ends", "execs"])
def test_what_is_read_while_its_process_changes_is_whole_or_one_line(
    program: Callable[[str], Path], capsysbinary: pytest.CaptureFixture[bytes], what: str
) -> None:
    command = ["true"] if what == "ends" else [str(program("restless")), "exec"]
    for number, verb in zip(range(ROUNDS), cycle(VERBS), strict=False):
        with subprocess.Popen(command) as target:
            time.sleep(number * 0.05e-3)  # another moment of its life
            status = main([*verb, "-p", str(target.pid)])
            target.kill()
        out, errors = capsysbinary.readouterr()
        if status == 0:
            assert errors == b""
            json.loads(out)
        else:
            assert (status, out) == (2, b"")
            assert errors.startswith(b"smapstop: ")
            assert errors.count(b"\n") == 1
