import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.proc.read_buffer import CHUNK_BYTES, WORD_BYTES, ReadBuffer

TEXT = bytes(range(251)) * 4001
"""A text of several pieces, whose length is no multiple of that of a word."""


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


@given(st.lists(st.integers(0, len(TEXT) - 1), max_size=9))
def test_bytes_that_change_are_in_the_words_that_changed_and_no_others_are(places: list[int]) -> None:
    text = bytearray(TEXT)
    buffer = ReadBuffer()
    buffer.replace(text)
    buffer.take_changes()
    for place in places:
        text[place] ^= 1
    changed = {place for place in places if text[place] != TEXT[place]}

    assert buffer.replace(text) == text

    changes = buffer.take_changes()
    assert changes is not None
    covered = {place for offset in changes.tolist() for place in range(offset, offset + WORD_BYTES)}
    assert changed <= covered
    assert len(changes) <= len(changed)


def test_changes_of_texts_that_nobody_asked_about_are_not_lost() -> None:
    buffer = ReadBuffer()
    buffer.replace(TEXT)
    buffer.take_changes()
    buffer.replace(b"x" + TEXT[1:])
    buffer.replace(b"x" + TEXT[1:-1] + b"x")
    changes = buffer.take_changes()

    assert changes is not None
    assert changes.tolist() == [0, len(TEXT) - WORD_BYTES]


@pytest.mark.parametrize("between", [TEXT[:-1], TEXT + b"x", b"", bytes(len(TEXT))])
def test_a_text_of_another_length_and_one_that_changed_all_over_count_as_changed_as_a_whole(between: bytes) -> None:
    buffer = ReadBuffer()
    buffer.replace(TEXT)

    assert buffer.take_changes() is None

    buffer.replace(between)
    buffer.replace(TEXT)

    assert buffer.text == TEXT
    assert buffer.take_changes() is None


def test_after_a_text_that_could_not_be_read_all_of_the_next_counts_as_changed(tmp_path: Path) -> None:
    buffer = ReadBuffer()
    buffer.replace(TEXT)
    buffer.take_changes()
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(IsADirectoryError):
        buffer.read(fd)
    os.close(fd)
    buffer.replace(b"")

    assert buffer.take_changes() is None

    buffer.replace(TEXT)

    assert buffer.take_changes() is None
