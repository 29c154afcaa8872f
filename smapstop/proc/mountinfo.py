"""File systems by device, as mounted for a process (proc(5): /proc/PID/mountinfo)."""

from contextlib import suppress

from smapstop.proc.process import ProcDir

_MEMORY_TYPES = frozenset((b"tmpfs", b"ramfs", b"devtmpfs", b"rootfs", b"hugetlbfs"))
"""File systems that keep their files in memory only; rootfs is the tmpfs or ramfs of an initramfs."""
_LAYERED_TYPES = frozenset((b"overlay", b"aufs", b"ecryptfs"))
"""File systems whose files lie on others, which may be in memory."""


def parse_mountinfo(text: bytes) -> dict[str, bool]:
    """Parse mountinfo: whether each device keeps its files in memory only; unknown ones are left out.

    Returns:
        By `major:minor` in hex, as smaps prints them.
    """
    devices = {}
    for line in text.splitlines():
        mount, _, filesystem = line.partition(b" - ")
        words, kind = mount.split(), filesystem.split(maxsplit=1)
        if len(words) > 2 and kind and kind[0] not in _LAYERED_TYPES:
            major, _, minor = words[2].partition(b":")
            if major.isdigit() and minor.isdigit():
                devices[f"{int(major):02x}:{int(minor):02x}"] = kind[0] in _MEMORY_TYPES
    return devices


def read_memory_devices(process: ProcDir) -> dict[str, bool]:
    """Read which devices keep their files in memory only: of all mounts in the process's mount namespace and in ours.

    Device numbers are the same in all namespaces; a process in a chroot sees only the mounts in it.
    """
    devices: dict[str, bool] = {}
    for name in ("/proc/self/mountinfo", "mountinfo"):
        with suppress(OSError):  # then by the other's mounts alone
            devices |= parse_mountinfo(process.read(name))
    return devices
