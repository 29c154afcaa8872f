"""Two readings are of one process if its memory is where it was; addresses are in pages."""

from typing import Any

import numpy as np
import pytest
from factories import mappings_of

from smapstop.model.identity import match_readings
from smapstop.model.same_process import is_same_process

Rows = list[tuple[Any, ...]]
PROCESS: Rows = [
    (16, 20, "r-xp", "/bin/a"),
    (30, 40, "rw-p", "[heap]"),
    (90, 99, "rw-p", "[stack]"),
    (200, 201, "r-xp", "[vsyscall]"),
]


@pytest.mark.parametrize(
    ("after", "same"),
    [
        (PROCESS, True),
        ([PROCESS[0], (30, 80, "rw-p", "[heap]"), *PROCESS[2:]], True),
        ([(300, 301)], False),
        ([(16, 20, "r-xp", "/bin/b"), (31, 41, "rw-p", "/x"), (80, 89, "rw-p", "[stack]"), PROCESS[3]], False),
        ([PROCESS[0], (50, 60, "rw-p", "[heap]"), (70, 79, "rw-p", "[stack]"), PROCESS[3]], False),
        ([(50, 54, "r-xp", "/bin/a"), PROCESS[3]], False),
        ([(85, 99, "rw-p", "[stack]")], True),
        ([PROCESS[3]], True),
    ],
)
def test_who_shares_memory_in_its_place_is_the_same(after: Rows, same: bool) -> None:
    before, later = mappings_of(*PROCESS), mappings_of(*after)
    match = match_readings(before, np.arange(len(before)), later, 100)
    assert is_same_process(before, later, match.previous_rows) is same
