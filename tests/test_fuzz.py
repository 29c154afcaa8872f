"""What the fuzz targets begin with, and what they once found."""

import pytest
from fuzz import TARGETS, load_target


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_fuzzed_is_right_about_its_seeds_and_about_what_was_found(name: str) -> None:
    target = load_target(name)
    try:
        for data in (*target.seeds(), *target.findings().values()):
            target.check(data)
    finally:
        target.close()
