"""The list of faults survived names tests that there are."""

import re
from pathlib import Path

from places import TESTS


def is_there(file: Path, test: str) -> bool:
    """Whether a file has a test."""
    return file.exists() and f"def {test}(" in file.read_text()


def test_every_test_that_the_list_names_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (TESTS / "README.md").read_text())
    assert len(named) > 40
    missing = [(file, test) for file, test in named if not is_there(TESTS / file, test)]
    assert missing == []
