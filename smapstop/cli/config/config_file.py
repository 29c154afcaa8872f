"""Config file: the user's permanent settings of the dashboard, in TOML."""

import re
import tomllib
from pathlib import Path
from typing import Literal

from smapstop.cli.config.preferences import Preferences, parse_preferences
from smapstop.errors import SmapstopError


def user_directory(kind: Literal["config", "state"]) -> Path | None:
    """Find the user's directory for config or state (XDG base directories); None without a home directory."""
    import platformdirs

    try:
        paths = platformdirs.PlatformDirs("smapstop")
        return paths.user_config_path if kind == "config" else paths.user_state_path
    except RuntimeError:
        return None


def read_config(file: str | None = None) -> Preferences:
    """Read a config file; by default the user's, which may not exist.

    Raises:
        SmapstopError: It cannot be read, or is invalid; the message names the file and the line.
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
    except (ValueError, RecursionError):  # a number of thousands of digits, or lists nested too deeply
        raise SmapstopError(
            f"cannot read {path}: a number is too long, or lists nest too deeply", 'write TOML: theme = "nord"'
        ) from None
    return parse_preferences(table, lambda name: f"{path}, line {_find_line(name, text)}")


def _parse_toml_error(message: str, text: str) -> tuple[str, int]:
    """Split an error of tomllib into the reason and the line."""
    match = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", message)
    if match is None:  # "(at end of document)"
        return message.partition(" (at")[0], text.count("\n") + 1
    return match[1], int(match[2])


def _find_line(name: str, text: str) -> int:
    """Find the line of a setting; for a key of an inline table, the line of the table."""
    table, _, key = name.rpartition(".")
    section = ""
    fallback = 1
    for number, line in enumerate(text.split("\n"), 1):
        header = re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line)
        assignment = re.match(r"""\s*([^=#]*?)\s*=""", line)
        section = header[1] if header else section
        key_text = assignment[1].replace('"', "").replace("'", "") if assignment else ""
        full_name = ".".join(filter(None, (section, key_text)))
        if full_name == name:
            return number
        if full_name == (table or key):
            fallback = number
    return fallback
