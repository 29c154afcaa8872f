"""That no test waits for ever: tests that would, run by a pytest of their own."""

import os
import subprocess
import sys
from pathlib import Path

import time_limit

HANGING = """
import asyncio, subprocess, sys, threading, time
import pytest

@pytest.fixture
def down():
    yield
    time.sleep(1000)

@pytest.fixture
def up():
    threading.Event().wait()

def test_down_after_failure(down):
    assert False

def test_up(up):
    pass

def test_sleep():
    time.sleep(1000)

def test_child():
    with subprocess.Popen(["sleep", "1000"]) as child:
        try:
            child.wait()
        finally:
            child.kill()

def test_caught():
    try:
        time.sleep(1000)
    except BaseException:
        time.sleep(1000)

async def test_await():
    await asyncio.sleep(1000)

async def test_stuck():
    time.sleep(1000)

def test_good():
    pass
"""
SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
faulthandler_timeout = 0.5
"""


def test_whatever_hangs_fails_and_the_next_test_runs(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    environment = os.environ | {"PYTHONPATH": str(Path(time_limit.__file__).parent)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "time_limit", "-p", "no:cacheprovider", "-p", "no:xdist"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)

    assert {line.partition(" - ")[0] for line in run.stdout.splitlines() if " test_hanging.py::" in line} == {
        f"{what} test_hanging.py::test_{name}"
        for what, name in [
            ("FAILED", "down_after_failure"),
            ("ERROR", "down_after_failure"),
            ("ERROR", "up"),
            ("FAILED", "sleep"),
            ("FAILED", "child"),
            ("FAILED", "caught"),
            ("FAILED", "await"),
            ("FAILED", "stuck"),
        ]
    }, run.stdout
    assert "1 passed" in run.stdout
