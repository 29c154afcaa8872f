"""Where the repository and what the tests read lie; a test file may move and still find them."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PROGRAMS = TESTS / "programs"
DATA = TESTS / "data"
