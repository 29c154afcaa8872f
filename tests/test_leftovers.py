"""That nothing is left of a run of the tests that ends or is killed: a pytest of its own starts what stays."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from places import TESTS
from stepped_program import has_ended, wait_until

STARTING = """
import os, signal, subprocess, sys, tempfile, time
from leftovers import terminating, undone_by

def write(name, value):
    with open(name + ".new", "w") as file:
        file.write(str(value))
    os.rename(name + ".new", name)

def test_starting():
    deaf = "trap '' HUP INT TERM; sleep 1000"
    far = [
        subprocess.Popen(["sleep", "1000"], start_new_session=True),
        subprocess.Popen(["sh", "-c", deaf], process_group=0),
        subprocess.Popen(["sleep", "1000"]),
        subprocess.Popen(["sleep", "1000"], env={}),
    ]
    for process in far[2:]:
        process.send_signal(signal.SIGSTOP)
    if not os.fork():
        os.execlp("sh", "sh", "-c", "setsid sleep 1000 & echo $! >daemon.new; mv daemon.new daemon")
    write("pids", " ".join(str(process.pid) for process in far))
    write("directory", tempfile.mkdtemp(dir="/var/tmp"))
    with terminating(far[3].pid), undone_by('echo "$1" >undone', "as it was"):
        write("set", "")
        sys.stdin.read()
"""


@pytest.mark.parametrize("end", [subprocess.Popen.kill, subprocess.Popen.communicate], ids=["killed", "by itself"])
def test_processes_directories_and_settings_end_with_the_run(
    tmp_path: Path, end: Callable[["subprocess.Popen[bytes]"], object]
) -> None:
    (tmp_path / "conftest.py").write_text("from leftovers import pytest_configure\n")
    (tmp_path / "test_starting.py").write_text(STARTING)
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as run:
        wait_until(lambda: (tmp_path / "set").exists() and (tmp_path / "daemon").exists())
        pids = [*map(int, (tmp_path / "pids").read_text().split()), int((tmp_path / "daemon").read_text())]
        directory = Path((tmp_path / "directory").read_text())
        assert directory.is_dir()
        assert not any(map(has_ended, pids))
        end(run)
        wait_until(lambda: all(map(has_ended, pids)) and not directory.exists())
        wait_until(lambda: (tmp_path / "undone").exists() and (tmp_path / "undone").read_text() == "as it was\n")
