"""`smapstop snapshot --via`: one sample of a process elsewhere."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stepped_program import SteppedProgram


def smapstop(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `smapstop snapshot` in pipes."""
    command = [sys.executable, "-m", "smapstop", "snapshot", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_sample_through_a_shell_is_that_of_here(program: Callable[[str], Path]) -> None:
    def own(text: str) -> list[dict[str, Any]]:
        fields = ("start", "end", "perms", "name", "size", "anonymous", "flags")
        return [{field: row.get(field) for field in fields} for row in json.loads(text)["mappings"]]

    with SteppedProgram(program("threads")) as target:
        here = smapstop("-p", target.pid)
        there = smapstop("--via", "sh", "-p", target.pid)
        labels = json.loads(smapstop("--via", "sh", "-p", target.pid, "--label").stdout)["mappings"]
        totals = json.loads(smapstop("--via", "sh", "-p", target.pid, "--rollup").stdout)

    assert own(there.stdout) == own(here.stdout)
    assert any("worker one" in str(mapping["label"]) for mapping in labels)
    assert totals["rollup"]["anonymous"] == json.loads(here.stdout)["rollup"]["anonymous"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--via", "false", "-p", "1"), "it has ended (status 1)"),
        (("--via", "sh", "-p", "no-such-name-anywhere"), "no process is named 'no-such-name-anywhere'"),
        (("--via", "sh", "-p", "999999999"), "no process 999999999"),
        (("--via", "sh"), "--via needs the process to read there"),
        (("--via", "sh", "--from", "x"), "--via needs the process to read there"),
        (("--via", "sh", "-p", "999999999", "--family"), "no process 999999999"),
        (("--via", "sh", "-p", "no-such-name-anywhere", "--family"), "no process is named 'no-such-name-anywhere'"),
    ],
)
def test_what_cannot_be_read_there_is_one_line(arguments: tuple[str, ...], message: str) -> None:
    run = smapstop(*arguments)

    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    assert len(run.stderr.splitlines()) == 1
