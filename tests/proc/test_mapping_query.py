"""Mappings at single addresses, as maps has them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from stepped_program import SteppedProgram

from smapstop.proc.mapping_query import query_mappings
from smapstop.proc.process import ProcDir


def test_a_mapping_is_found_by_any_of_its_addresses(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("first_touch")) as stepping, ProcDir(stepping.pid) as process:
        lines = [line.split() for line in process.read_maps().decode().splitlines()]
        span, perms, _, _, inode, *_ = next(line for line in lines if line[-1] == "[heap]" or line[1] == "rw-p")
        start, end = (int(address, 16) for address in span.split("-"))
        try:
            found = query_mappings(process, [0, start, end - 1, 1 << 46], 10)
        except OSError as error:
            pytest.skip(str(error))
        assert found[0] == (start, end, perms, int(inode))
        assert len(found) == 1
        assert query_mappings(process, [0, start], 1) == []
