"""What the user changed in the dashboard, remembered for the next time. Nothing here ever disturbs anybody."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from smapstop.cli.atomic_file import open_atomic_file
from smapstop.cli.config.config_file import user_directory
from smapstop.cli.config.preferences import SETTING_PARSERS, Preferences, parse_preferences
from smapstop.errors import SmapstopError

_MAX_BYTES = 1 << 16
"""A file that is longer is none of ours."""


def _state_path() -> Path | None:
    """The file; None for a user without a home directory."""
    directory = user_directory("state")
    return directory and directory / "dashboard.json"


def read_state() -> Preferences:
    """What is remembered; what is broken, or makes no sense any more, is not."""
    found = Preferences()
    for name, value in _read_table().items():
        with suppress(SmapstopError):
            found = found.with_defaults(parse_preferences({name: value}, str))
    return found


def save_state(changes: Mapping[str, object]) -> None:
    """Remember some preferences, and what was remembered of the others; without a place for it, do not.

    The file is the user's alone (0600), and always whole.
    """
    path = _state_path()
    if path is None:
        return
    known = {name: value for name, value in _read_table().items() if name in SETTING_PARSERS}
    with suppress(OSError, SmapstopError):
        for folder in reversed(path.parents):  # of `mkdir` with `parents` only the last one is the user's alone
            if not folder.exists():
                folder.mkdir(mode=0o700)
        with open_atomic_file(path, sync=False) as file:
            file.write(json.dumps(known | dict(changes), indent=1).encode())


def _read_table() -> Mapping[str, object]:
    """What the file has; nothing when there is none, or it is broken."""
    path = _state_path()
    try:
        if path is None or not path.is_file():  # a pipe would have us wait
            return {}
        with path.open("rb") as file:
            table = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}
