"""Which mapping of a process grew: each is matched by where it is, not by what it is called."""

import numpy as np
from factories import mappings_of

from smapstop.model.compare.address_comparison import compare_addresses

BEFORE = [
    (10, 20, "rw-p", "", 4),
    (30, 40, "rw-p", "", 8),
    (50, 60, "r--p", "/lib/a", 12),
    (70, 80, "rw-p", "", 16),
    (90, 95, "rw-p", "[stack]", 4),
]
AFTER = [
    (10, 25, "rw-p", "", 44),
    (32, 40, "rw-p", "", 8),
    (50, 60, "rw-p", "/lib/a", 12),
    (85, 86, "r--p", "/lib/b", 4),
    (90, 95, "rw-p", "[stack]", 4),
]


def test_every_mapping_says_what_happened_to_it() -> None:
    found = compare_addresses(mappings_of(*BEFORE), mappings_of(*AFTER))
    assert found is not None
    rows = [
        (name, *(side and (side[0] >> 12, side[1] >> 12) for side in (change.before, change.after)), change.what)
        for name, change in zip(found.names, found.mappings, strict=True)
    ]
    assert rows == [
        ("anonymous", (10, 20), (10, 25), ("grow",)),
        ("anonymous", (30, 40), (32, 40), ("shrink",)),
        ("/lib/a", (50, 60), (50, 60), ("protect",)),
        ("anonymous", (70, 80), None, ("unmap",)),
        ("/lib/b", None, (85, 86), ("map",)),
        ("[stack]", (90, 95), (90, 95), ()),
    ]
    sides = (found.before, found.after)
    for side, expected in zip(sides, ([4, 8, 12, 16, 0, 4], [44, 8, 12, 0, 4, 4]), strict=True):
        column = side.get("rss")
        assert column is not None
        assert column.tolist() == expected
        assert side.mapping_count.tolist() == np.sign(expected).tolist()


def test_two_processes_are_not_compared() -> None:
    assert compare_addresses(mappings_of(*BEFORE), mappings_of((110, 120), (190, 195, "rw-p", "[stack]"))) is None
