"""What the fuzz targets begin with, and what they once found."""

import pytest
from fuzz import TARGETS, target_of


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_fuzzed_is_right_about_its_seeds_and_about_what_was_found(name: str) -> None:
    target = target_of(name)
    for data in (*target.seeds(), *target.found().values()):
        target.check(data)
