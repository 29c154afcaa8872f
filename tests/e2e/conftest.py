"""The real thing in a real terminal. A test fails when a process that it started survives its terminal."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.terminals import Terminals


@pytest.fixture(autouse=True)
def _unlimited_budget(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no costly process: one reading that takes long is not paid for with a minute without any."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "smapstop").mkdir()
    (folder / "smapstop" / "config.toml").write_text("budget = 100\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminals]:
    """Opens terminals; nothing may be left of them after the test."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: the end-to-end tests need it")
    terminals = Terminals(tmp_path)
    yield terminals
    assert terminals.close() == []
