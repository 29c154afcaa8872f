"""State file: settings changed in the dashboard, saved for the next session.

Errors of reading are ignored: without the file, the dashboard starts with its defaults.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from smapstop.cli.atomic_file import open_atomic_file
from smapstop.cli.config.config_file import user_directory
from smapstop.cli.config.preferences import SETTING_PARSERS, Preferences, parse_preferences
from smapstop.errors import SmapstopError

_MAX_BYTES = 1 << 16
"""Maximum size; a longer file is not one that smapstop wrote."""


def _state_path() -> Path | None:
    """Path of the state file; None for a user without a home directory."""
    directory = user_directory("state")
    return directory and directory / "dashboard.json"


def read_state() -> Preferences:
    """Read the saved state, without the settings that are invalid."""
    preferences = Preferences()
    for name, value in _read_table().items():
        with suppress(SmapstopError):
            preferences = preferences.with_defaults(parse_preferences({name: value}, str))
    return preferences


def save_state(changes: Mapping[str, object]) -> None:
    """Save changed settings and leave the other saved ones; without a home directory, do nothing.

    The file is private to the user (0600), and written atomically.

    Raises:
        SmapstopError: The file cannot be written; the message names it.
    """
    path = _state_path()
    if path is None:
        return
    known = {name: value for name, value in _read_table().items() if name in SETTING_PARSERS}
    try:
        for folder in reversed(path.parents):  # `mkdir(parents=True)` applies the mode only to the last
            if not folder.exists():
                folder.mkdir(mode=0o700)
        with open_atomic_file(path, sync=False) as file:
            file.write(json.dumps(known | dict(changes), indent=1).encode())
    except OSError as error:
        raise SmapstopError(f"cannot create {str(path)!r}: {error.strerror}") from error


def _read_table() -> Mapping[str, object]:
    """Read the file as a table, which is empty if there is no file or it is damaged."""
    path = _state_path()
    try:
        if path is None or not path.is_file():  # opening a pipe would block
            return {}
        with path.open("rb") as file:
            table = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}
