"""Groups of mappings by name, kind and file: which mappings share one, and what it is called."""

import numpy as np
import pytest
from factories import mappings_of

from smapstop.model.grouping import Grouping, group_ids, group_keys, group_name, purpose_of_group
from smapstop.model.kinds import kind_codes
from smapstop.model.purpose_groups import PURPOSE_GROUPS, PurposeGroup

MAPPINGS = mappings_of(
    (10, 20, "rw-p", "[heap]"),
    (30, 40, "rw-p", ""),
    (50, 60, "r-xp", "/lib/c"),
    (60, 64, "rw-p", "/lib/c"),
    (70, 80, "rw-p", "[anon:cache]"),
    (90, 99, "rw-s", "/memfd:pool"),
)
PURPOSES = np.array(
    [
        PURPOSE_GROUPS.index(PurposeGroup(name))
        for name in ("main heap", "malloc", "code", "program data", "other", "shared memory")
    ]
)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("name", ["[heap]", "anonymous", "/lib/c", "/lib/c", "[anon:cache]", "/memfd:pool"]),
        ("kind", ["heap", "anonymous", "file", "file", "anonymous", "shared"]),
        ("purpose", ["main heap", "malloc", "code", "program data", "other", "shared memory"]),
        ("file", ["heap", "anonymous", "/lib/c", "/lib/c", "anonymous", "shared"]),
    ],
)
def test_mappings_are_in_the_group_of_that_name(by: Grouping, expected: list[str]) -> None:
    keys = group_keys(kind_codes(MAPPINGS), MAPPINGS.name, PURPOSES, by)

    assert [group_name(MAPPINGS.strings, key) for key in keys.tolist()] == expected
    purposes = [purpose_of_group(group) for group in group_ids(keys).tolist()]
    assert purposes == (expected if by == "purpose" else [None] * len(expected))


def test_ids_of_groups_are_negative_and_lead_back_to_their_keys() -> None:
    keys = np.arange(4)

    assert (group_ids(keys) < 0).all()
    assert group_ids(group_ids(keys)).tolist() == [0, 1, 2, 3]
