"""Strange shells."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Make a command of a Python script, which plays a strange shell."""

    def make(text: str) -> str:
        path = tmp_path / "strange.py"
        path.write_text(text)
        return f"{sys.executable} {path}"

    return make
