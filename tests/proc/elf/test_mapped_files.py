"""Files of mappings: found, opened, cached and evicted."""

import mmap
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stepped_program import SteppedProgram
from watched_program import FREESTANDING, PIE, Compiler, WatchedProgram, watch_program

from smapstop.proc.elf import mapped_files
from smapstop.proc.elf.mapped_files import ElfCache, open_mapped_file
from smapstop.proc.elf.symbols import Symbols
from smapstop.proc.pages.pagemap import PAGE_BYTES
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps

pytestmark = pytest.mark.skipif(PAGE_BYTES != 4096, reason="the programs' pages are of 4 kB")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")


def test_files_are_read_once_while_they_stay_the_same(compiler: Compiler, tmp_path: Path) -> None:
    file = Path(shutil.copy(compiler("freestanding", *FREESTANDING), tmp_path))
    files = ElfCache()
    fd = os.open(file, os.O_RDWR)
    try:
        first = files.get(fd)
        assert files.get(fd) is first
        os.utime(fd, ns=(0, 0))
        changed = files.get(fd)
        assert changed is not first
        assert files.get(fd) is changed
    finally:
        os.close(fd)


@pytest.mark.parametrize("limit", ["MAX_CACHED_FILES", "MAX_CACHED_SYMBOLS"])
def test_the_file_that_was_not_used_for_longest_is_forgotten(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    files = ElfCache()
    paths = [shutil.copy(compiler("freestanding", *FREESTANDING), tmp_path / name) for name in "abc"]
    a, b, c = (os.open(path, os.O_RDONLY) for path in paths)
    try:
        first, second = files.get(a), files.get(b)
        monkeypatch.setattr(
            mapped_files, limit, {"MAX_CACHED_FILES": 2, "MAX_CACHED_SYMBOLS": 2 * len(first.symbols)}[limit]
        )
        assert files.get(a) is first
        third = files.get(c)
        assert files.get(a) is first
        assert files.get(c) is third
        assert files.get(b) is not second
    finally:
        for fd in (a, b, c):
            os.close(fd)


NOWHERE = (0, PAGE_BYTES)
"""No mapping, and so no file in map_files."""


def opened(process: ProcDir, name: str, place: tuple[int, int], device: str, inode: int) -> int | None:
    """The inode of the file that is opened for a mapping."""
    fd = open_mapped_file(process, name, *place, device, inode)
    if fd is None:
        return None
    try:
        return os.fstat(fd).st_ino
    finally:
        os.close(fd)


def test_file_of_a_mapping_is_opened_if_it_is_still_the_same(compiler: Compiler, tmp_path: Path) -> None:
    copy = Path(shutil.copy(compiler("known_pages", *PIE), tmp_path / "new\nline"))
    with watch_program(copy) as target:
        mappings, row = target.mapping()
        name, device, inode = (
            mappings.name_of(row),
            mappings.string_at(mappings.device, row),
            int(mappings.inode[row]),
        )
        assert name.endswith("/new\\012line")
        assert opened(target.process, name, NOWHERE, device, inode) == copy.stat().st_ino == inode
        assert opened(target.process, name, NOWHERE, device, inode + 1) is None
        assert opened(target.process, name, NOWHERE, "08:7f", inode) is None or device.startswith("00:")
        assert opened(target.process, name + "x", NOWHERE, device, inode) == inode, "it is the program that runs"
        assert opened(target.process, "", NOWHERE, "00:00", 0) is None


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    status = pipe.stat()
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    with ProcDir(os.getpid()) as process:
        assert opened(process, str(pipe), NOWHERE, device, status.st_ino) is None


def test_program_that_was_replaced_is_not_mistaken_for_the_one_that_runs(compiler: Compiler, tmp_path: Path) -> None:
    copy = Path(shutil.copy(compiler("known_pages", *PIE), tmp_path))
    with watch_program(copy) as target:
        copy.unlink()
        shutil.copy(compiler("one_page", *FREESTANDING), copy)
        assert target.next_copied_symbols() == Symbols(("page1",)), (
            "found as the program of the process, also without root"
        )
        mappings, row = target.mapping()
        name, device, inode = (
            mappings.name_of(row),
            mappings.string_at(mappings.device, row),
            int(mappings.inode[row]),
        )
        assert name.endswith(" (deleted)")
        assert opened(target.process, name, NOWHERE, device, inode) == inode != copy.stat().st_ino


def test_file_that_was_deleted_is_found_by_its_mapping_by_root(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * PAGE_BYTES)
    with file.open("rb") as open_file, mmap.mmap(open_file.fileno(), 0, prot=mmap.PROT_READ):
        inode = file.stat().st_ino
        file.unlink()
        with ProcDir(os.getpid()) as process:
            mappings = parse_smaps(process.read_maps())
            row = int(np.flatnonzero(mappings.inode == inode)[0])
            name, device = mappings.name_of(row), mappings.string_at(mappings.device, row)
            place = int(mappings.start[row]), int(mappings.end[row])
            assert opened(process, name, place, device, inode) == (inode if os.geteuid() == 0 else None)
            assert opened(process, name, NOWHERE, device, inode) is None


@needs_root
@pytest.mark.parametrize("kind", ["tmpfs", "overlay"])
def test_file_in_the_mount_namespace_of_the_process(compiler: Compiler, tmp_path: Path, kind: str) -> None:
    upper, place = tmp_path / "upper", tmp_path / "place"
    lower = compiler("known_pages", *PIE).parent
    name = compiler("known_pages", *PIE).name
    mounts = {
        "tmpfs": f"mount -t tmpfs none {place} && cp {lower}/{name} {place}",
        "overlay": f"mount -t tmpfs none {upper} && mkdir {upper}/upper {upper}/work && mount -t overlay overlay "
        f"-o lowerdir={lower},upperdir={upper}/upper,workdir={upper}/work {place}",
    }
    upper.mkdir()
    place.mkdir()
    script = f"({mounts[kind]}) >&2 && exec {place}/{name} || echo none 0"
    with (
        SteppedProgram("unshare", "--mount", "sh", "-c", script) as program,
        ProcDir(program.pid) as process,
    ):
        if program.words[0] == "none":
            pytest.skip(f"no {kind} can be mounted here")
        target = WatchedProgram(process, program)
        mappings, row = target.mapping()
        device, inode = mappings.string_at(mappings.device, row), int(mappings.inode[row])
        assert not (place / name).exists()
        assert opened(process, mappings.name_of(row), NOWHERE, device, inode) is not None
        assert target.next_copied_symbols() == Symbols(("page1",))


def test_anonymous_memory_has_no_names(program: Callable[[str], Path]) -> None:
    with watch_program(program("again")) as target:
        mappings, row = target.mapping()
        assert target.files.find_symbols(target.process, mappings, row, [target.copied_pages]) == [
            Symbols(missing_reason="is not a file")
        ]
