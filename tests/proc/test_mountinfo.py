"""Which devices keep their files in memory only, by the mounts of a process."""

import os
from pathlib import Path

from smapstop.proc.mountinfo import parse_mountinfo, read_memory_devices
from smapstop.proc.process import ProcDir

MOUNTS = b"""\
21 1 254:0 / / rw,relatime - ext4 /dev/vda rw
22 21 0:5 / /dev rw,relatime - devtmpfs devtmpfs rw,mode=755
23 22 0:26 / /dev/shm rw,relatime shared:3 - tmpfs tmpfs rw
24 21 0:300 / /mnt/a\\040b rw,relatime shared:4 master:1 - hugetlbfs none rw
25 21 0:31 / /merged rw,relatime - overlay overlay rw,upperdir=/run/u
26 21 0:32 / /home rw,relatime - btrfs /dev/vdb rw
27 21 0:2 / /rootfs rw - rootfs rootfs rw
"""


def test_devices_are_named_as_smaps_names_them_and_layers_are_unknown() -> None:
    in_memory = {"00:05", "00:1a", "00:12c", "00:02"}
    assert parse_mountinfo(MOUNTS) == dict.fromkeys(in_memory, True) | {"fe:00": False, "00:20": False}


def test_damaged_mounts_are_left_out() -> None:
    assert parse_mountinfo(b"\n1 2\n1 2 x:y / / - tmpfs\n1 2 0:7 / /\n1 2 0:8 / / - tmpfs\n") == {"00:08": True}


def test_the_mounts_of_a_process_are_added_to_ours(tmp_path: Path) -> None:
    (tmp_path / "4711").mkdir()
    (tmp_path / "4711" / "mountinfo").write_bytes(b"1 2 0:9999 / /x rw - tmpfs none rw\n")
    with ProcDir(os.getpid()) as process:
        ours = read_memory_devices(process)
    with ProcDir(4711, str(tmp_path)) as process:
        assert read_memory_devices(process) == ours | {"00:270f": True}
    (tmp_path / "4711" / "mountinfo").unlink()
    with ProcDir(4711, str(tmp_path)) as process:
        assert read_memory_devices(process) == ours
