"""What the service does around the first tick of a target."""

import subprocess
import sys

_SERVE_ONE_LAUNCH = """
import os, sys
from smapstop.model.protocol import Launch, Pace
from smapstop.sampling.service import Service
from smapstop.sampling.wire import Encoder, write_all
before = set(sys.modules)
requests, ours = os.pipe()
write_all(ours, Encoder().encode(Launch(("true",), dict(os.environ), Pace(), callers=False)))
os.close(ours)
Service(requests, os.open(os.devnull, os.O_WRONLY), ()).run()  # ends before a second tick: there are no more requests
print(*sorted(set(sys.modules) - before))
"""


def test_what_the_first_changes_need_is_imported_before_a_launched_program_runs() -> None:
    run = subprocess.run([sys.executable, "-c", _SERVE_ONE_LAUNCH], capture_output=True, text=True, check=True)
    assert {"elftools.elf.elffile", "numpy.ma"} <= set(run.stdout.split())
