"""Whether /proc is there, and speaks of processes by the numbers that the kernel knows them by here."""

import os

from smapstop.errors import SmapstopError


def require_proc(root: str = "/proc") -> None:
    """Make sure that a pid means the same process to /proc as to the kernel.

    It does not in a pid namespace of one's own (pid_namespaces(7)) in which /proc was not mounted again: there the
    numbers of /proc are those of the namespace outside.

    Raises:
        SmapstopError: It does not, or /proc is not mounted.
    """
    remedy = "mount -t proc proc /proc"
    try:
        itself = os.readlink(f"{root}/self")
    except OSError as error:
        raise SmapstopError(f"{root} is not mounted, and only it knows of processes", remedy) from error
    if itself != str(os.getpid()):
        raise SmapstopError(f"{root} is that of another pid namespace", f"{remedy}, or unshare --mount-proc")
