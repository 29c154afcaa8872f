"""The config file: what it may say, and what is reported of one that is wrong."""

import re
from pathlib import Path

import pytest
from places import ROOT

from smapstop.cli.config.config_file import read_config, user_directory
from smapstop.cli.config.preferences import Preferences
from smapstop.cli.config.state_file import read_state, save_state
from smapstop.errors import SmapstopError
from smapstop.model.view.sort import Sorting

ALL = """
# how it begins
interval = 0.5
budget = 2
columns = ["name", "rss", "delta", "happened"]
sort = "rss"
reverse = true
theme = "nord"
pane = 12
alerts = ["rss>5M", "limit>90%"]

[keys]
sort = "S"
mark = ["M", "F8", "ctrl+←"]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of a user who has no variables for its parts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


def written(directory: Path, text: str | bytes) -> str:
    file = directory / "config.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(file)


def test_it_says_how_the_dashboard_begins_and_its_keys(tmp_path: Path) -> None:
    wanted = read_config(written(tmp_path, ALL))
    assert wanted == Preferences(
        interval=0.5,
        budget=2,
        columns=("name", "rss", "delta", "happened"),
        sort="rss",
        reverse=True,
        theme="nord",
        pane=12,
        alerts=("rss>5M", "limit>90%"),
        keys={"sort": ("S",), "mark": ("M", "f8", "ctrl+left")},
    )
    assert wanted.sorting == Sorting("rss", descending=False)


def test_the_one_in_the_guide_is_taken(tmp_path: Path) -> None:
    """And so is what it says of the keys: not two things for one of them."""
    text = ROOT.joinpath("smapstop/guide/keys.md").read_text()
    (example,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert (read_config(written(tmp_path, example)).keys or {})["sort"] == ("S",)


def test_it_is_the_users_and_need_not_be(home: Path) -> None:
    assert read_config() == Preferences()
    (home / ".config" / "smapstop").mkdir(parents=True)
    written(home / ".config" / "smapstop", "interval = 2")
    assert read_config() == Preferences(interval=2)


@pytest.mark.parametrize("reported", ["", "config", "./x"])
def test_a_directory_that_is_not_absolute_is_none(home: Path, monkeypatch: pytest.MonkeyPatch, reported: str) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", reported)
    assert user_directory("config") == home / ".config" / "smapstop"


def test_a_directory_that_is_absolute_is_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "elsewhere"))
    assert user_directory("config") == home / "elsewhere" / "smapstop"
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert user_directory("state") == home / ".local" / "state" / "smapstop"


def test_a_user_without_a_home_has_no_config_and_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as any number."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with monkeypatch.context() as nobody:
        nobody.setattr("os.getuid", lambda: 4_000_000_000)
        assert user_directory("config") is None
        assert read_config() == read_state() == Preferences()
        save_state({"pane": 12})


@pytest.mark.parametrize(
    ("text", "line", "reported"),
    [
        ("interval = 0", 1, "interval = 0: give seconds from 0.05 to 3600"),
        ("\ninterval = '1'", 2, "interval = '1': give seconds from 0.05 to 3600"),
        ("interval = true", 1, "interval = true: give seconds from 0.05 to 3600"),
        ("interval = nan", 1, "interval = nan: give seconds from 0.05 to 3600"),
        ("budget = 101", 1, "budget = 101: give percent of one CPU from 0.01 to 100"),
        ("columns = 'rss'", 1, "columns = 'rss': give a list: ["),
        ("alerts = 'rss>5M'", 1, "alerts = 'rss>5M': give a list: ["),
        ('alerts = ["rss>"]', 1, "alert 'rss>', word 1: invalid amount in 'rss>': write it as rss>500M"),
        ("columns = []", 1, "columns = []: give a list: ["),
        ("columns = ['rss', 'rsss']", 1, "no column 'rsss': the columns are name, "),
        ("sort = 1", 1, "no column '1' to sort by: the columns are moved, name,"),
        ("reverse = 1", 1, "reverse = 1: give true or false"),
        ("theme = 'noir'", 1, "no theme 'noir': the themes are ansi-dark,"),
        ("pane = 2", 1, "pane = 2: give lines from 3 to 200"),
        ("keys = 1", 1, "keys = 1: give a table"),
        ("colour = 1", 1, "no setting 'colour': the settings are interval, budget,"),
        ("[sort]\nx = 1", 1, "no column \"{'x': 1}\" to sort by"),
        ("\n[keys]\n\nsort = 1", 4, "sort = 1: give a key or a list"),
        ("keys.sort = []", 1, "sort = []: give a key or a list"),
        ("[keys]\n'sort' = 'F99'", 2, "sort: no key 'F99': give a character, or a name"),
        ("[keys]\nsorting = 's'", 2, "no action 'sorting': the actions are help, quit,"),
        (
            "[keys]\nmark = 'x'\nsort = 'd'",
            3,
            "sort: d is already the key of compare: give sort or compare another key",
        ),
        ("[keys]\nmark = 'x'\nsort = 'x'", 3, "sort: x is already the key of mark: give sort or mark another key"),
        ("interval = \n", 1, "Invalid value: write TOML"),
        ("\n\n[keys", 3, "Expected ']' at the end of a table declaration: write TOML"),
        ("a = 1\na = 2", 2, "Cannot overwrite a value: write TOML"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_file_the_line_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, reported: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SmapstopError) as raised:
        read_config(file)
    assert str(raised.value).startswith(f"{file}, line {line}: {reported}")
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    texts: tuple[tuple[str | bytes, str], ...] = (
        ("interval = 1" + "0" * 5000, "cannot read {}: a number is too long, or lists nest too deeply"),
        ("columns = " + "[" * 5000, "cannot read {}: a number is too long, or lists nest too deeply"),
        (b"sort = '\xff'", "cannot read {}: it is not UTF-8"),
    )
    for text, reported in texts:
        file = written(tmp_path, text)
        with pytest.raises(SmapstopError) as raised:
            read_config(file)
        assert str(raised.value).startswith(reported.format(file))
    for file, reported in (
        (str(tmp_path / "none"), f"no config file '{tmp_path}/none'"),
        (str(tmp_path), f"cannot read {tmp_path}: Is a directory"),
    ):
        with pytest.raises(SmapstopError) as raised:
            read_config(file)
        assert str(raised.value).startswith(reported)
