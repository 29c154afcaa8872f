"""Kinds of memory that the kernel names misleadingly, on a real process; files on a tmpfs by its mounts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from stepped_program import SteppedProgram

from smapstop.model.kinds import Kind, kind_at
from smapstop.proc.added_fields import MEMORY_FILESYSTEM
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.added_columns.memory_filesystems import MemoryFilesystems
from smapstop.sampling.process_reader import ProcessReader

KINDS = {
    "io_uring": Kind.DEVICE,
    "perf": Kind.DEVICE,
    "aio": Kind.DEVICE,
    "zero-private": Kind.ANONYMOUS,
    "zero-shared": Kind.SHARED,
    "huge-private": Kind.ANONYMOUS,
    "huge-shared": Kind.SHARED,
    "secret": Kind.SHARED,
    "tmpfs": Kind.SHARED,
    "tmpfs-deleted": Kind.SHARED,
}


def row_at(mappings: Mappings, address: int) -> int:
    return int(mappings.start.tolist().index(address))


def test_each_kind_of_memory_that_a_program_can_map(program: Callable[..., Path], memory_directory: Path) -> None:
    seen = {}
    with SteppedProgram(program("kinds"), memory_directory / "file") as stepping, ProcDir(stepping.pid) as process:
        reader = ProcessReader(process)
        for _ in KINDS:
            label, address = stepping.words[0], stepping.address
            if address:
                mappings = reader.read("smaps").mappings
                seen[label] = kind_at(mappings, row_at(mappings, address))
            if label != "tmpfs-deleted":
                stepping.go()
    assert seen == {label: KINDS[label] for label in seen}
    assert seen.keys() >= {"zero-private", "zero-shared", "huge-private", "tmpfs", "tmpfs-deleted"}


def test_a_file_is_on_a_memory_filesystem_wherever_that_is_mounted(
    program: Callable[..., Path], memory_directory: Path
) -> None:
    with SteppedProgram(program("kinds"), memory_directory / "file") as stepping, ProcDir(stepping.pid) as process:
        while stepping.words[0] != "tmpfs":
            stepping.go()
        texts = process.read_smaps().replace(bytes(memory_directory), b"/srv/in memory")
        mappings = MemoryFilesystems(process).add_to(parse_smaps(texts))
        column = mappings.get(MEMORY_FILESYSTEM)
        assert column is not None
        row = row_at(mappings, stepping.address)
        assert (column[row], mappings.name_of(row)) == (1, "/srv/in memory/file")
        assert kind_at(mappings, row) is Kind.SHARED
        program_row = int(np.flatnonzero(mappings.inode > 0)[0])
        assert (column[program_row], column[len(mappings) - 1]) == (0, ABSENT)
        stepping.go()


def test_a_process_without_such_files_has_no_such_column_until_it_has_one(
    program: Callable[..., Path], memory_directory: Path
) -> None:
    with SteppedProgram(program("kinds"), memory_directory / "file") as stepping, ProcDir(stepping.pid) as process:
        reader = ProcessReader(process)
        before = reader.read("smaps").mappings
        assert MEMORY_FILESYSTEM not in before.fields
        while stepping.words[0] != "tmpfs":
            stepping.go()
        after = reader.read("smaps").mappings
        assert {MEMORY_FILESYSTEM, *before.fields} <= set(after.fields)
        stepping.go()
