"""Control groups with a memory limit, made for a test and removed after it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stepped_program import wait_until

LIMIT_BYTES = 16 << 20
VERSION_1 = Path("/sys/fs/cgroup/memory")


@contextmanager
def limited_group(*inner: str) -> Iterator[Path]:
    """A control group with a limit, and those inside it, which have none; the innermost one.

    Skips the test where none can be made.
    """
    outer = VERSION_1 / f"smapstop-test-{os.getpid()}"
    try:
        outer.mkdir()
    except OSError as error:
        pytest.skip(f"no control group of version 1 can be made: {error}")
    groups = [outer]
    try:
        (outer / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
        for name in inner:
            groups.append(groups[-1] / name)
            groups[-1].mkdir()
        for group in groups:
            (group / "memory.swappiness").write_text("0")  # other tests may have made room to swap
        yield groups[-1]
    finally:
        for group in reversed(groups):
            wait_until(lambda group=group: _is_removed(group))  # type: ignore[misc]


def _is_removed(group: Path) -> bool:
    """Remove a group; false while the kernel has not let go of its last process."""
    try:
        group.rmdir()
    except OSError:
        return False
    return True
