"""Check that /proc is mounted and belongs to our pid namespace."""

import os

from smapstop.errors import SmapstopError


def require_proc(root: str = "/proc") -> None:
    """Check that pids in /proc match those of our pid namespace.

    They do not in a new pid namespace (pid_namespaces(7)) in which /proc was not remounted: its pids are then those
    of the outer namespace.

    Raises:
        SmapstopError: They do not match, or /proc is not mounted.
    """
    remedy = "mount -t proc proc /proc"
    try:
        own_pid = os.readlink(f"{root}/self")
    except OSError as error:
        raise SmapstopError(f"{root} is not mounted, so no process can be read", remedy) from error
    if own_pid != str(os.getpid()):
        raise SmapstopError(f"{root} belongs to another pid namespace", f"{remedy}, or unshare --mount-proc")
