"""The import of numpy starts no threads, and leaves no trace for programs that are started later."""

import os
import subprocess
import sys

import pytest

IMPORT = """
import os
from smapstop.numpy_import import single_threaded_numpy
with single_threaded_numpy():
    import numpy
print(len(os.listdir("/proc/self/task")), os.environ.get("OPENBLAS_NUM_THREADS"))
"""


@pytest.mark.parametrize(("chosen", "expected"), [({}, "1 None"), ({"OPENBLAS_NUM_THREADS": "1"}, "1 1")])
def test_there_is_one_thread_and_the_environment_is_as_before(chosen: dict[str, str], expected: str) -> None:
    command = [sys.executable, "-c", IMPORT]
    output = subprocess.run(command, env=os.environ | chosen, capture_output=True, text=True, check=True).stdout
    assert output.strip() == expected
