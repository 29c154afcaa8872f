"""Detect mapped files on memory file systems: their pages are shared memory."""

import os
import stat

import numpy as np

from smapstop.proc.added_fields import MEMORY_FILESYSTEM
from smapstop.proc.columns import ABSENT, Amounts, Mappings, strip_deleted
from smapstop.proc.mountinfo import read_memory_devices
from smapstop.proc.process import ProcDir


class MemoryFilesystems:
    """Add the column `MEMORY_FILESYSTEM` to readings of a process, from the first one that has such a file.

    Mounts are read only when a device appears that the reading before did not have; files on disks never need them,
    since only file systems without a block device (major number 0) can be in memory.
    """

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._device_values: dict[str, int] = {}
        self._node_values: dict[tuple[str, str], int] = {}
        self._is_needed = False

    def add_to(self, mappings: Mappings) -> Mappings:
        """Return the mappings with the column, if any of their files ever was on a memory file system."""
        present = np.flatnonzero(np.bincount(mappings.device)).tolist()
        devices = [mappings.strings[code] for code in present]
        if any(device not in self._device_values for device in devices):
            self._read_devices(devices)
        self._is_needed |= any(self._device_values[device] == 1 for device in devices)
        if not self._is_needed:
            return mappings
        by_code = np.full(len(mappings.strings), ABSENT, np.int64)
        by_code[present] = [self._device_values[device] for device in devices]
        column: Amounts = np.where(mappings.inode > 0, by_code[mappings.device], ABSENT)
        self._correct_device_nodes(mappings, column)
        return mappings.with_fields({MEMORY_FILESYSTEM: column})

    def _read_devices(self, devices: list[str]) -> None:
        """Find the file systems of the devices of a reading, and forget others: their numbers may be used again."""
        diskless = any(device.startswith("00:") and device != "00:00" for device in devices)
        in_memory = read_memory_devices(self._process) if diskless else {}
        on_disk = {device: False for device in devices if not device.startswith("00:")}
        self._device_values = {device: int((on_disk | in_memory).get(device, ABSENT)) for device in devices}

    def _correct_device_nodes(self, mappings: Mappings, column: Amounts) -> None:
        """Set 0 for device files: they lie on a memory file system, what they map does not."""
        seen = {}
        for row in np.flatnonzero(column == 1).tolist():
            name = mappings.name_of(row)
            if name.startswith("/dev/"):
                key = name, mappings.string_at(mappings.device, row)
                if key not in seen:
                    seen[key] = self._node_values[key] if key in self._node_values else self._node_value(name)
                column[row] = seen[key]
        self._node_values = seen

    def _node_value(self, name: str) -> int:
        """1 for an ordinary file below /dev, 0 for a device, `ABSENT` when it cannot be found."""
        try:
            fd = self._process.open(f"root{strip_deleted(name)}", os.O_PATH)
        except OSError:
            return 1 if name.startswith("/dev/shm/") else ABSENT
        try:
            return int(stat.S_ISREG(os.fstat(fd).st_mode))
        finally:
            os.close(fd)
