"""Targets to watch, and paired measurements: taken alternately, so that other load affects both alike."""

import atexit
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PAIRS = 7
"""Repetitions of each pair; the median is used."""


@cache
def compile_targets() -> Path:
    """Compile `targets.c`, once."""
    directory = Path(tempfile.mkdtemp(prefix="smapstop-bench-"))
    atexit.register(shutil.rmtree, directory)
    executable = directory / f"targets-{os.getpid()}"  # the fleet is searched by name
    subprocess.run(["cc", "-O2", "-pthread", "-o", executable, Path(__file__).with_name("targets.c")], check=True)
    return executable


@contextmanager
def run_target(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """Run a target, wait until it is ready, and kill it at the end."""
    with subprocess.Popen([compile_targets(), *map(str, arguments)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                sys.exit(f"the target {arguments} did not start (vm.max_map_count?)")
            yield process
        finally:
            process.kill()


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process for some work, user and system, seconds."""
    before = time.process_time()
    work()
    return time.process_time() - before


def cpu_seconds_of(*command: object) -> float:
    """CPU time of a command, user and system, seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_ratio(
    ours: Callable[[], float], theirs: Callable[[], float], pairs: int = PAIRS
) -> tuple[float, float, float]:
    """Measure two things alternately.

    Returns:
        The median ratio of ours to theirs, and the medians of both.
    """
    measured = [(ours(), theirs()) for _ in range(pairs)]
    ratio = statistics.median(a / b for a, b in measured)
    return ratio, statistics.median(a for a, _ in measured), statistics.median(b for _, b in measured)
