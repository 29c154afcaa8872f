"""`smapstop --via`: what cannot be watched elsewhere is one line."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--via", "sh", "--", "true"), "--via starts no program there: start it yourself"),
        (("--via", "ssh box", "-p", "redis"), "use smapstop snapshot --via 'ssh box' -p redis"),
    ],
)
def test_one_line_and_a_status(arguments: tuple[str, ...], message: str) -> None:
    command = [sys.executable, "-m", "smapstop", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)

    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    assert len(run.stderr.splitlines()) == 1
