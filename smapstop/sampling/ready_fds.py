"""Which fds are readable; any number of them, and any numbers: select knows only those below 1,024."""

import math
import select
from collections.abc import Iterable


def ready_fds(fds: Iterable[int], seconds: float | None = 0) -> set[int]:
    """Fds that are readable, at an end, or broken; waits for the first of them if none is.

    Args:
        fds: The fds.
        seconds: Time to wait at most; None for any.
    """
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return {fd for fd, _ in poll.poll(None if seconds is None else math.ceil(seconds * 1000))}
