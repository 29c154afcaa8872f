"""How far mappings extend: what maps prints, read as seldom as it is dear."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stepped_program import SteppedProgram

from smapstop.proc.mapping_query import FoundMapping
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.faults import extents
from smapstop.sampling.faults.extents import ExtentReader, parse_extents


def test_extents_are_those_of_smaps(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("kinds")) as stepping, ProcDir(stepping.pid) as process:
        parsed, mappings = parse_extents(process.read_maps()), parse_smaps(process.read_smaps())

    assert parsed.start.tolist() == mappings.start.tolist()
    assert parsed.end.tolist() == mappings.end.tolist()
    assert parsed.inode.tolist() == mappings.inode.tolist()
    assert [perms.decode() for perms in parsed.perms.tolist()] == list(map(mappings.perms_of, range(len(mappings))))


def test_nothing_is_parsed_of_nothing() -> None:
    assert [len(column) for column in parse_extents(b"")] == [0] * 4
    assert parse_extents(b"damaged\n").start.dtype == np.uint64


def test_mappings_at_addresses_are_those_of_maps(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("kinds")) as stepping, ProcDir(stepping.pid) as process:
        every = parse_extents(process.read_maps())
        some = np.flatnonzero(every.start < np.uint64(1 << 63))[::2]  # [vsyscall] is not found
        found = ExtentReader(process, 1.0).read(np.append(every.end[some] - np.uint64(1), np.uint64(4096)))

    assert found is not None
    assert set(every.start[some].tolist()) <= set(found.start.tolist())
    columns = (dict(zip(of.start.tolist(), zip(*of[1:], strict=True), strict=True)) for of in (found, every))
    of_found, of_every = columns
    assert {start: of_every[start] for start in of_found} == of_found


def test_without_queries_all_are_read_but_not_again_before_that_is_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> list[FoundMapping]:
        raise OSError(errno.ENOTTY, "no such ioctl")

    monkeypatch.setattr(extents, "query_mappings", unsupported)
    with ProcDir(os.getpid()) as process:
        reader, anywhere = ExtentReader(process, 1e-9), np.array([4096], np.uint64)
        first = reader.read(anywhere)
        assert first is not None
        assert len(first.start) > 10
        assert reader.read(anywhere) is None
