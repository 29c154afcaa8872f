"""smapstop without a process of its own, for tests of what it prints: most of a short run is the start of Python."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from typing import TextIO

import pytest

from smapstop.cli.main import main


class _Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def smapstop_bytes(*arguments: object, stdin: bytes = b"") -> "CompletedProcess[bytes]":
    """What smapstop prints in pipes, and its exit status."""
    out, errors = io.BytesIO(), io.BytesIO()
    status = _run(arguments, *map(io.TextIOWrapper, (io.BytesIO(stdin), out, errors)))
    return CompletedProcess(str(arguments), status, out.getvalue(), errors.getvalue())


def smapstop(*arguments: object, stdin: str = "") -> "CompletedProcess[str]":
    """The same as text."""
    run = smapstop_bytes(*arguments, stdin=stdin.encode())
    return CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())


def smapstop_on_terminal(*arguments: object) -> "CompletedProcess[bytes]":
    """What smapstop prints on a terminal, and its exit status."""
    printed = io.BytesIO()
    status = _run(arguments, *map(_Terminal, (io.BytesIO(), printed, printed)))
    return CompletedProcess(str(arguments), status, printed.getvalue())


def _run(arguments: tuple[object, ...], stdin: TextIO, out: TextIO, errors: TextIO) -> int:
    """Run smapstop with these streams; its exit status."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        patch.setattr(sys, "stdin", stdin)
        try:
            status = main([*map(str, arguments)])
        except SystemExit as stop:  # of argparse
            status = int(stop.code or 0)
    for stream in (out, errors):
        stream.flush()
        stream.detach()  # type: ignore[attr-defined]
    return status
