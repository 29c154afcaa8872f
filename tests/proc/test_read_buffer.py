import os
from pathlib import Path

import pytest

from smapstop.proc.read_buffer import CHUNK_BYTES, ReadBuffer


def read(memory: ReadBuffer, path: Path) -> memoryview:
    fd = os.open(path, os.O_RDONLY)
    try:
        return memory.read(fd)
    finally:
        os.close(fd)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 8 * CHUNK_BYTES, 100 * CHUNK_BYTES + 1])
def test_a_file_of_any_size_is_read_whole(size: int, tmp_path: Path) -> None:
    text = os.urandom(size)
    (tmp_path / "file").write_bytes(text)

    assert read(ReadBuffer(), tmp_path / "file") == text


def test_a_shorter_reading_has_nothing_of_a_longer_one(tmp_path: Path) -> None:
    memory = ReadBuffer()
    for text in (b"long" * CHUNK_BYTES, b"short", b"", b"longer" * CHUNK_BYTES):
        (tmp_path / "file").write_bytes(text)

        assert read(memory, tmp_path / "file") == text


def test_the_memory_of_a_reading_is_used_again_and_may_not_be_written(tmp_path: Path) -> None:
    memory = ReadBuffer()
    (tmp_path / "file").write_bytes(b"first")
    first = read(memory, tmp_path / "file")
    (tmp_path / "file").write_bytes(b"after")

    assert read(memory, tmp_path / "file") == first
    assert first.readonly


def test_what_cannot_be_read_is_reported_and_the_file_stays_open(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(IsADirectoryError):
        ReadBuffer().read(fd)
    os.close(fd)
