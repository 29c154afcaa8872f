"""The config file: what the user writes down to have the dashboard begin so, always."""

import re
import tomllib
from pathlib import Path
from typing import Literal

from smapstop.cli.config.preferences import Preferences, parse_preferences
from smapstop.errors import SmapstopError


def user_directory(kind: Literal["config", "state"]) -> Path | None:
    """The user's directory for smapstop's config or state (XDG base directories); None without a home directory."""
    import platformdirs

    try:
        paths = platformdirs.PlatformDirs("smapstop")
        return paths.user_config_path if kind == "config" else paths.user_state_path
    except RuntimeError:
        return None


def read_config(file: str | None = None) -> Preferences:
    """What a config file says; without one the user's, who need not have any.

    Raises:
        SmapstopError: It cannot be read, or something in it is wrong; told with the file and the line.
    """
    if file is not None:
        path = Path(file)
    elif directory := user_directory("config"):
        path = directory / "config.toml"
    else:
        return Preferences()
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if file is None:
            return Preferences()
        raise SmapstopError(f"no config file {file!r}", "smapstop guide keys describes the settings") from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SmapstopError(f"cannot read {path}: {why}", "make it readable, or move it away") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        why, line = _parse_toml_error(str(error), text)
        raise SmapstopError(f"{path}, line {line}: {why}", 'write TOML: theme = "nord"') from None
    except (ValueError, RecursionError):  # a number of thousands of digits, a list in a list in a list …
        raise SmapstopError(f"{path} is beyond what TOML is read to", 'write TOML: theme = "nord"') from None
    return parse_preferences(table, lambda name: f"{path}, line {_find_line(name, text)}")


def _parse_toml_error(said: str, text: str) -> tuple[str, int]:
    """What is wrong with a TOML text, and the line."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", said)
    if found is None:  # "(at end of document)"
        return said.partition(" (at")[0], text.count("\n") + 1
    return found[1], int(found[2])


def _find_line(name: str, text: str) -> int:
    """The line on which a setting stands; of a key in a table of one line, that line."""
    table, _, key = name.rpartition(".")
    inside = ""
    found = 1
    for number, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line)
        written = re.match(r"""\s*([^=#]*?)\s*=""", line)
        inside = header[1] if header else inside
        told = ".".join(filter(None, (inside, written[1].replace('"', "").replace("'", "") if written else "")))
        if told == name:
            return number
        if told == (table or key):
            found = number
    return found
