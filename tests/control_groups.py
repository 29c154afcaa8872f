"""Control groups with a memory limit, made for a test and removed after it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from leftovers import undone_by

LIMIT_BYTES = 16 << 20
VERSION_1 = Path("/sys/fs/cgroup/memory")
REMOVE = """
for group; do
    tries=0
    while [ -d "$group" ] && ! rmdir "$group" 2>/dev/null; do  # the kernel has not let go of its last process
        [ $((tries += 1)) -lt 6000 ] || exit 1
        sleep 0.01
    done
done
"""
"""How a shell removes groups, the innermost first."""


@contextmanager
def limited_group(*inner: str) -> Iterator[Path]:
    """A control group with a limit, and those inside it, which have none; the innermost one.

    Skips the test where none can be made.
    """
    try:
        outer = Path(tempfile.mkdtemp(dir=VERSION_1))
    except OSError as error:
        pytest.skip(f"no control group of version 1 can be made: {error}")
    groups = [outer.joinpath(*inner[:depth]) for depth in range(len(inner) + 1)]
    with undone_by(REMOVE, *reversed(groups)):
        (outer / "memory.limit_in_bytes").write_text(str(LIMIT_BYTES))
        for group in groups:
            group.mkdir(exist_ok=True)
            (group / "memory.swappiness").write_text("0")  # other tests may have made room to swap
        yield groups[-1]
