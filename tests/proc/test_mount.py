import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from smapstop.errors import SmapstopError
from smapstop.proc.mount import require_proc

SMAPSTOP = (sys.executable, "-m", "smapstop")
VERBS = (
    ("snapshot", "-p", "1"),
    ("snapshot", "-p", "sleep"),
    ("pages", "-p", "1", "[heap]"),
    ("record", "-o", "x.smaps", "-p", "1"),
    ("record", "-o", "x.smaps", "--", "true"),
)


def test_our_own_is_right() -> None:
    require_proc()


def test_one_that_is_not_mounted_is_said(tmp_path: Path) -> None:
    with pytest.raises(SmapstopError, match="is not mounted"):
        require_proc(str(tmp_path))


def test_one_of_another_namespace_is_said(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to(str(os.getpid() + 1))
    with pytest.raises(SmapstopError, match="another pid namespace"):
        require_proc(str(tmp_path))


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_no_process_is_taken_for_another_that_has_its_number_outside(verb: tuple[str, ...], tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Upf", "true"], capture_output=True).returncode:
        pytest.skip("no pid namespace of our own here")
    command = ["unshare", "-Urpf", *SMAPSTOP, *verb]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 2
    assert told.stderr.startswith("smapstop: /proc belongs to another pid namespace: mount -t proc")
    assert told.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
