"""The file of a mapping, which may be anybody's: what it says of its pages, or that it is damaged."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import elftools.elf.elffile  # noqa: F401  imported late where it is used; here it is watched, too
import numpy as np

from smapstop.proc.elf.debug_files import debug_file_paths
from smapstop.proc.elf.elf_file import read_elf
from smapstop.proc.elf.symbols import find_symbols_by_range, find_symbols_in_ranges
from smapstop.proc.pages.pagemap import PAGE_BYTES

MOST_NAMES = 4


def check(data: bytes) -> None:
    """Read it, and ask what lies on some of its pages."""
    fd = os.memfd_create("fuzzed")
    try:
        os.write(fd, data)
        elf = read_elf(fd)
        assert bool(elf.missing_reason) or len(elf.symbols)
        assert len(elf.symbols) == len(elf.name_offsets) == len(elf.bindings)
        assert all(
            path.startswith("/") and "\0" not in path
            for path in debug_file_paths("/a/b", elf.build_id, elf.debug_link)
        )
        pages = np.array([[0, 1], [1, 3], [4, 9], [9, 1 << 40]], np.uint64) * np.uint64(PAGE_BYTES)
        for perms in ("r-xp", "rw-p"):
            together = find_symbols_in_ranges(elf, fd, pages, perms, most=MOST_NAMES)
            each = find_symbols_by_range(elf, fd, pages, perms, most=MOST_NAMES)
            assert len(each) == len(pages)
            assert len(together.names) <= MOST_NAMES
            if not together.missing_reason:
                assert {name for one in each for name in one.names} >= set(together.names[:1])
    finally:
        os.close(fd)


def seeds() -> Iterator[bytes]:
    """Small files of each kind, if there is a compiler; else those that are at hand."""
    yield b"\x7fELF\x02\x01\x01" + bytes(57)
    yield b"no ELF"
    if shutil.which("cc") is None:
        yield Path("/bin/true").read_bytes()
        return
    bare = ["-fPIC", "-nostdlib", "-Wl,-z,max-page-size=4096", "-Wl,-z,noseparate-code", "-Wl,--build-id"]
    with tempfile.TemporaryDirectory() as directory:
        source, file = Path(directory, "a.c"), Path(directory, "a")
        source.write_text("int page1[9] = {1}; static int page2; int f(void) { return page1[1] + page2; }\n")
        for options in (["-shared"], ["-shared", "-s"], ["-shared", "-g"], ["-c"], ["-shared", "-m32"]):
            command = ["cc", "-o", str(file), str(source), *options, *([] if "-c" in options else bare)]
            if subprocess.run(command, capture_output=True).returncode == 0:
                yield file.read_bytes()
