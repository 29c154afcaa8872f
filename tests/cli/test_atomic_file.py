"""A file that is written is there whole, or not at all."""

import stat
from pathlib import Path

import pytest

from smapstop.cli.atomic_file import open_atomic_file
from smapstop.errors import SmapstopError


def test_the_old_file_is_there_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with open_atomic_file(path, mode=0o640) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("sync", [True, False])
def test_a_new_file_is_the_users_alone(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "file"
    with open_atomic_file(path, sync=sync) as file:
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_who_fails_to_write_it_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError), open_atomic_file(tmp_path / "file") as file:
        file.writelines((b"half", "no bytes"))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_without_a_directory_it_cannot_be_created(tmp_path: Path) -> None:
    with pytest.raises(SmapstopError, match="cannot create"), open_atomic_file(tmp_path / "none" / "file"):
        pass
