"""The list of faults survived names tests that there are."""

import re
from pathlib import Path

TESTS = Path(__file__).parent


def test_every_test_that_the_list_names_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (TESTS / "README.md").read_text())
    assert len(named) > 40
    missing = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (TESTS / file).read_text()]
    assert missing == []
