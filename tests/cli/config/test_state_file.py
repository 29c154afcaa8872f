"""What is remembered of the dashboard from one time to the next."""

import json
import os
import stat
from contextlib import nullcontext
from pathlib import Path

import pytest

from smapstop.cli.config.preferences import Preferences
from smapstop.cli.config.state_file import read_state, save_state
from smapstop.errors import SmapstopError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is remembered; there is no such directory yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "smapstop" / "dashboard.json"


def test_what_was_changed_is_there_the_next_time_and_so_is_what_was_changed_before(file: Path) -> None:
    assert read_state() == Preferences()
    save_state({"sort": "rss", "reverse": True, "columns": ["name", "rss"]})
    save_state({"theme": "nord", "sort": "name"})
    assert read_state() == Preferences(columns=("name", "rss"), sort="name", reverse=True, theme="nord")
    assert [path.name for path in file.parent.iterdir()] == ["dashboard.json"]


def test_it_is_for_the_users_eyes_only(file: Path) -> None:
    old = os.umask(0)
    try:
        save_state({"pane": 12})
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in file.parents[:2]} == {0o700}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sort": ', "[" * 100_000, "\x00\xff", '{"a": ' * 30_000])
def test_a_broken_file_is_as_good_as_none_and_is_replaced(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="latin-1")
    assert read_state() == Preferences()
    save_state({"pane": 12})
    assert json.loads(file.read_text()) == {"pane": 12}


def test_what_makes_no_sense_any_more_is_left_out_and_the_rest_is_not(file: Path) -> None:
    save_state({"theme": "of-old", "columns": ["name", "gone"], "interval": 0, "pane": 12, "sort": ["rss"]})
    assert read_state() == Preferences(pane=12)


def test_what_is_no_setting_is_not_kept(file: Path) -> None:
    save_state({"of_another_version": 1})
    save_state({"pane": 12})
    assert json.loads(file.read_text()) == {"pane": 12}


@pytest.mark.parametrize("what", ["directory", "pipe", "dangling"])
def test_something_else_in_its_place_disturbs_nobody(file: Path, what: str) -> None:
    file.parent.mkdir(parents=True)
    if what == "directory":
        file.mkdir()
    elif what == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("nowhere")
    assert read_state() == Preferences()
    refused = pytest.raises(SmapstopError, match=r"dashboard\.json': Is a directory")
    with refused if what == "directory" else nullcontext():
        save_state({"pane": 12})
    assert read_state() == (Preferences() if what == "directory" else Preferences(pane=12))
    assert len(list(file.parent.iterdir())) == 1


def test_a_place_where_nothing_can_be_written_is_an_error_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(SmapstopError, match=r"file/smapstop/dashboard\.json': Not a directory"):
        save_state({"pane": 12})
    assert read_state() == Preferences()
