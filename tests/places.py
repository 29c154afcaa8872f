"""Where the repository and what the tests read lie; and names for what they put where others see it."""

import itertools
import os
from pathlib import Path

TESTS = Path(__file__).parent
"""A test file may move and still find what it reads."""
ROOT = TESTS.parent
PROGRAMS = TESTS / "programs"
DATA = TESTS / "data"
_numbers = itertools.count()


def own_name(word: str) -> str:
    """A name that no other test uses, nor another run of the tests on this machine; it ends with a word.

    What is its own comes first: of the name of a process the kernel keeps 15 bytes.
    """
    return f"{os.getpid():x}-{next(_numbers):x}-{word}"
