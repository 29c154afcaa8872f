"""Exit status of a process that is not our child, from a pidfd on kernels that retain it."""

import fcntl
import os
import struct

_PIDFD_GET_INFO = 0xC040_FF0B
"""PIDFD_GET_INFO, an ioctl on a pidfd (include/uapi/linux/pidfd.h, since Linux 6.13)."""
_INFO_EXIT = 1 << 3
"""PIDFD_INFO_EXIT: the exit status, available after the process was reaped (since Linux 6.15)."""
_INFO = struct.Struct("<QQ11Ii")
"""struct pidfd_info, first version: mask, cgroup id, eleven ids, exit code."""


def read_wait_status(pidfd: int) -> int | None:
    """Return the wait status of a process that exited and was reaped; `None` if the kernel does not provide it."""
    buffer = bytearray(_INFO.pack(_INFO_EXIT, *[0] * 13))
    try:
        fcntl.ioctl(pidfd, _PIDFD_GET_INFO, buffer)
    except OSError:
        return None
    mask, *_, status = _INFO.unpack(buffer)
    return status if mask & _INFO_EXIT else None


def split_wait_status(status: int) -> tuple[int | None, int | None]:
    """Return a wait status as (exit status, `None`) or (`None`, signal)."""
    code = os.waitstatus_to_exitcode(status)
    return (code, None) if code >= 0 else (None, -code)
