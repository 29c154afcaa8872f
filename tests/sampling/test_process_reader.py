"""Readings of a process of files, which says what real ones say too rarely."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smapstop.proc.process import ProcDir
from smapstop.sampling.process_reader import ProcessReader

RECORD = "{}000-{}000 rw-p 00000000 00:00 0 \nRss:{:>12} kB\nVmFlags: rd wr \n"


class Files:
    """A process of files, and its reader."""

    def __init__(self, root: Path) -> None:
        self.directory = root / "4711"
        (self.directory / "task").mkdir(parents=True)
        self.process = ProcDir(4711, str(root))
        self.reader = ProcessReader(self.process)
        self.write("statm", "100 50 0 0 0 0 0\n")
        self.write("status", "Name:\tp\n")
        self.write("smaps_rollup", RECORD.format("10", "30", 12))
        self.stat(image=1)

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def stat(self, image: int, state: str = "S") -> None:
        self.write("stat", f"4711 (p) {state} {' '.join(['1'] * 44)} {image} 0 0 0 0\n")

    def smaps(self, *rows: tuple[str, str, int]) -> None:
        self.write("smaps", "".join(RECORD.format(*row) for row in rows))


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    files = Files(tmp_path)
    files.smaps(("10", "20", 4), ("20", "30", 8))
    with files.process:
        yield files


def test_a_reading_has_every_mapping(files: Files) -> None:
    reading = files.reader.read("smaps")

    assert (reading.tier, reading.has_mappings, reading.torn, reading.executed) == ("smaps", True, False, False)
    assert reading.mappings.start.tolist() == [0x10000, 0x20000]
    assert (reading.rollup, reading.missing) == ({}, "")
    assert reading.counters.pid == 4711
    assert reading.read_ns > 0


def test_a_cheaper_reading_has_no_mappings_and_the_texts_of_the_others(files: Files) -> None:
    whole, totals, counters = (files.reader.read(tier) for tier in ("smaps", "rollup", "counters"))

    assert [reading.has_mappings for reading in (whole, totals, counters)] == [True, False, False]
    assert [len(reading.mappings) for reading in (totals, counters)] == [0, 0]
    assert totals.mappings.strings is counters.mappings.strings is whole.mappings.strings
    assert (totals.rollup, counters.rollup) == ({"rss": 12}, {})


def test_a_new_program_is_read_whole_whatever_was_asked_for(files: Files) -> None:
    files.reader.read("smaps")
    files.stat(image=2)
    new, after = files.reader.read("counters"), files.reader.read("counters")

    assert (new.executed, new.tier, len(new.mappings)) == (True, "smaps", 2)
    assert (after.executed, after.tier) == (False, "counters")


def test_overlapping_records_are_dropped_and_the_reading_is_torn(files: Files) -> None:
    files.smaps(("10", "20", 4), ("10", "30", 12))
    reading = files.reader.read("smaps")

    assert reading.torn
    assert reading.mappings.end.tolist() == [0x30000]


def test_a_process_that_ended_has_no_reading(files: Files) -> None:
    files.stat(image=1, state="Z")
    with pytest.raises(ProcessLookupError):
        files.reader.read("smaps")
