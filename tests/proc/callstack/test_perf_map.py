"""The file in which a program names the code that it wrote: it grows, and may be anybody's."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smapstop.proc.callstack.perf_map import MAX_ENTRIES, PerfMap
from smapstop.proc.process import ProcDir

PID, INNER_PID = 4711, 12


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a process in a container of its own has its file, in a /proc of our own."""
    place = tmp_path / str(PID) / "root" / "tmp" / f"perf-{INNER_PID}.map"
    place.parent.mkdir(parents=True)
    uid = os.getuid()
    status = f"Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nNSpid:\t{PID}\t{INNER_PID}\n"
    (tmp_path / str(PID) / "status").write_text(status)
    return place


@pytest.fixture
def names(tmp_path: Path, file: Path) -> Iterator[PerfMap]:
    with ProcDir(PID, str(tmp_path)) as process:
        yield PerfMap(process)


def name_at(names: PerfMap, address: int) -> str | None:
    entry = names.find(address)
    return None if entry is None else entry.name


def test_names_are_found_by_address_in_the_process_s_own_root(names: PerfMap, file: Path) -> None:
    file.write_text("1000 10 py::f:/a b.py\n0x2000 0x0000000000000010 void Main.run(int)\n")
    assert [name_at(names, address) for address in (0xFFF, 0x1000, 0x100F, 0x1010, 0x2001)] == [
        None,
        "py::f:/a b.py",
        "py::f:/a b.py",
        None,
        "void Main.run(int)",
    ]


def test_what_is_added_is_read_at_the_next_tick_and_whole_lines_only(names: PerfMap, file: Path) -> None:
    file.write_text("1000 10 first\n2000 10 sec")
    assert name_at(names, 0x1000) == "first"
    with file.open("a") as more:
        more.write("ond\n")
    assert name_at(names, 0x2000) is None  # it was looked for in this tick
    names.begin_tick()
    assert name_at(names, 0x2000) == "second"
    file.write_text("3000 10 anew\n")
    names.begin_tick()
    assert name_at(names, 0x3000) == "anew"
    assert name_at(names, 0x2000) is None


def test_the_latest_of_functions_at_an_address_counts(names: PerfMap, file: Path) -> None:
    file.write_text("1000 100 long\n1010 10 inside\n1000 100 later\n")
    assert name_at(names, 0x1018) == "later"


@pytest.mark.parametrize("kind", ["none", "link", "pipe", "folder"])
def test_what_is_no_file_names_nothing(names: PerfMap, file: Path, tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    other.write_text("1000 10 other\n")
    if kind == "link":
        file.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    assert name_at(names, 0x1000) is None


def test_a_file_of_another_user_names_nothing(names: PerfMap, file: Path, tmp_path: Path) -> None:
    file.write_text("1000 10 foreign\n")
    status = tmp_path / str(PID) / "status"
    status.write_text(status.read_text().replace(f"\t{os.getuid()}\t{os.getuid()}", "\t54321\t54321", 1))
    assert name_at(names, 0x1000) is None


@pytest.mark.parametrize(
    "line",
    [b"", b"1000", b"1000 10", b"x 10 f", b"1000 -1 f", b"1000  10 f", b"10000000000000000000 1 f", b"\xff" * 99],
)
def test_a_line_that_is_none_is_left_out(names: PerfMap, line: bytes) -> None:
    names.add_lines(line + b"\n5000 1 good\n")
    assert name_at(names, 0x5000) == "good"
    assert name_at(names, 0x1000) is None


def test_names_are_text_and_bounded(names: PerfMap) -> None:
    names.add_lines(b"1000 10 \xff\x1b[31m" + b"x" * 5000 + b"\n")
    name = name_at(names, 0x1000)
    assert name is not None
    assert name.startswith("\\xff\x1b[31mxxx")
    assert len(name) < 1100


def test_there_are_so_many_and_no_more(names: PerfMap) -> None:
    begun = time.process_time()
    names.add_lines(b"".join(b"%x 1 f\n" % address for address in range(MAX_ENTRIES + 10)))
    assert name_at(names, MAX_ENTRIES - 1) == "f"
    assert name_at(names, MAX_ENTRIES + 1) is None
    assert time.process_time() - begun < 30
