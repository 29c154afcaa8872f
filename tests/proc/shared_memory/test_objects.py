"""What shared-memory objects hold, of our own process."""

import mmap
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smapstop.proc.process import ProcDir
from smapstop.proc.shared_memory import objects
from smapstop.proc.shared_memory.objects import MappedObject, ObjectKey, ObjectReader, object_of
from smapstop.proc.smaps.parser import parse_smaps

PAGE = mmap.PAGESIZE


class Unprivileged(ProcDir):
    """Our process, as somebody reads it who is not root."""

    searches = 0

    def stat(self, name: str) -> os.stat_result:
        if name.startswith("map_files/"):
            raise PermissionError
        return super().stat(name)

    def list_names(self, name: str, limit: int) -> list[str]:
        self.searches += 1
        return super().list_names(name, limit)


@pytest.fixture
def process() -> Iterator[Unprivileged]:
    with Unprivileged(os.getpid()) as process:
        yield process


@pytest.fixture
def memfd() -> Iterator[int]:
    fd = os.memfd_create("arena")
    os.ftruncate(fd, 16 * PAGE)
    yield fd
    os.close(fd)


def mapped(name: str) -> list[MappedObject]:
    """The objects of our mappings with this in their name."""
    mappings = parse_smaps(Path("/proc/self/smaps").read_bytes())
    return [
        object_of(
            mappings.string_at(mappings.device, row),
            int(mappings.inode[row]),
            mappings.name_of(row),
            int(mappings.start[row]),
            int(mappings.end[row]),
        )
        for row in range(len(mappings))
        if name in mappings.name_of(row)
    ]


def held(reader: ObjectReader, each: list[MappedObject]) -> list[int | None]:
    """What each object holds, pages; None where it is unknown."""
    reader.find(each)
    sizes = reader.read()
    return [sizes[one.key] * 1024 // PAGE if one.key in sizes else None for one in each]


def test_a_memfd_is_found_by_its_file_descriptor(process: Unprivileged, memfd: int) -> None:
    with mmap.mmap(memfd, 16 * PAGE) as memory:
        reader, each = ObjectReader(process), mapped("memfd:arena")
        assert held(reader, each) == [0]
        memory[: 3 * PAGE] = bytes(3 * PAGE)
        assert held(reader, each) == [3]
        memory.madvise(mmap.MADV_DONTNEED)
        assert held(reader, each) == [3], "that frees nothing"
        os.pwrite(memfd, b"1", 8 * PAGE)
        assert held(reader, each) == [4]
        assert process.searches == 1


def test_a_file_on_tmpfs_is_found_by_its_path_and_when_deleted_by_its_file_descriptor(
    process: Unprivileged, memory_directory: Path
) -> None:
    path = memory_directory / "a\nfile"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        os.ftruncate(fd, 8 * PAGE)
        with mmap.mmap(fd, 8 * PAGE) as memory:
            memory[: 2 * PAGE] = bytes(2 * PAGE)
            reader = ObjectReader(process)
            assert held(reader, mapped(str(memory_directory))) == [2]
            assert process.searches == 0
            path.unlink()
            assert held(reader, mapped(str(memory_directory))) == [None], "it is not there any more"
            assert held(reader, mapped(str(memory_directory))) == [2]
    finally:
        os.close(fd)


def test_of_an_object_without_file_descriptor_nothing_is_known_but_to_root(process: Unprivileged) -> None:
    with mmap.mmap(-1, 8 * PAGE, mmap.MAP_SHARED) as memory:
        memory[: 2 * PAGE] = bytes(2 * PAGE)
        each = mapped("/dev/zero")
        assert held(ObjectReader(process), each) == [None]
        assert process.searches == 0, "no file descriptor can lead to it"
        if os.geteuid() == 0:
            with ProcDir(os.getpid()) as as_root:
                assert held(ObjectReader(as_root), each) == [2]


def test_a_closed_file_is_searched_for_ever_more_rarely(process: Unprivileged) -> None:
    closed = MappedObject(ObjectKey(1, 2**40, is_sysv=False), "/memfd:arena (deleted)", PAGE, 2 * PAGE)
    reader = ObjectReader(process)

    searches = []
    for _ in range(40):
        assert held(reader, [closed]) == [None]
        searches.append(process.searches)

    assert [searches.index(count) for count in range(1, 7)] == [0, 2, 6, 14, 23, 32]


def test_a_file_descriptor_that_was_used_again_is_not_believed(process: Unprivileged) -> None:
    fd = os.memfd_create("arena")
    os.ftruncate(fd, PAGE)
    with mmap.mmap(fd, PAGE) as _:
        reader, each = ObjectReader(process), mapped("memfd:arena")
        assert held(reader, each) == [0]
        other = os.memfd_create("arena")
        os.pwrite(other, b"1", 0)
        kept = os.dup(fd)
        os.dup2(other, fd)
        assert reader.read() == {}
        assert held(reader, each) == [0], "found again, by the other file descriptor"
        for one in (fd, other, kept):
            os.close(one)


def test_a_file_system_that_counts_no_blocks_says_nothing(process: Unprivileged, memfd: int) -> None:
    with mmap.mmap(memfd, PAGE) as _:
        reader, each = ObjectReader(process), mapped("memfd:arena")
        assert held(reader, each) == [0]
        assert held(reader, [replace(one, name="/run/file") for one in each]) == [None], "it may be a ramfs"


def test_what_is_beyond_the_limits_is_unknown(
    process: Unprivileged, memfd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mmap.mmap(memfd, PAGE) as _, mmap.mmap(-1, PAGE, mmap.MAP_SHARED) as _:
        each = [*mapped("/dev/zero"), *mapped("memfd:arena")]
        monkeypatch.setattr(objects, "MAX_OBJECTS", 1)
        assert held(ObjectReader(process), each) == [None, None]
        monkeypatch.setattr(objects, "MAX_OBJECTS", 2)
        monkeypatch.setattr(objects, "MAX_FDS", 0)
        assert held(ObjectReader(process), each) == [None, None]
        monkeypatch.setattr(objects, "MAX_FDS", 2048)
        assert held(ObjectReader(process), each) == [None, 0]
