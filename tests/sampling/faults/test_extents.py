"""How far mappings extend: what maps prints, read as seldom as it is dear."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from stepped_program import SteppedProgram

from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.faults.extents import ExtentReader, parse_extents


def test_extents_are_those_of_smaps(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("kinds")) as stepping, ProcDir(stepping.pid) as process:
        extents, mappings = parse_extents(process.read_maps()), parse_smaps(process.read_smaps())

    assert extents.start.tolist() == mappings.start.tolist()
    assert extents.end.tolist() == mappings.end.tolist()
    assert extents.inode.tolist() == mappings.inode.tolist()
    assert [perms.decode() for perms in extents.perms.tolist()] == list(map(mappings.perms_of, range(len(mappings))))


def test_nothing_is_parsed_of_nothing() -> None:
    assert [len(column) for column in parse_extents(b"")] == [0] * 4
    assert parse_extents(b"damaged\n").start.dtype == np.uint64


def test_they_are_not_read_again_before_that_is_paid_for() -> None:
    with ProcDir(os.getpid()) as process:
        reader = ExtentReader(process, 1e-9)
        assert reader.read() is not None
        assert reader.read() is None
