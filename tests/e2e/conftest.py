"""The real thing in a real terminal. A test fails when a process that it started survives its terminal."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.terminals import Terminals


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminals]:
    """Opens terminals; nothing may be left of them after the test."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: the end-to-end tests need it")
    terminals = Terminals(tmp_path)
    yield terminals
    assert terminals.close() == []
