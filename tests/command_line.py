"""smapstop without a process of its own, for tests of what it prints: most of a short run is the start of Python."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess

import pytest

from smapstop.cli.main import main


def smapstop_bytes(*arguments: object, stdin: bytes = b"") -> "CompletedProcess[bytes]":
    """What smapstop prints in pipes, and its exit status."""
    words = [*map(str, arguments)]
    out, errors = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            status = main(words)
        except SystemExit as stop:  # of argparse
            status = int(stop.code or 0)
    return CompletedProcess(words, status, out.buffer.getvalue(), errors.buffer.getvalue())


def smapstop(*arguments: object, stdin: str = "") -> "CompletedProcess[str]":
    """The same as text."""
    run = smapstop_bytes(*arguments, stdin=stdin.encode())
    return CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())
