"""Preferences of the user: initial settings of the dashboard, and its keys."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, TypeGuard

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.number_limits import BUDGET_LIMITS, INTERVAL_LIMITS, SPLIT_LIMITS

if TYPE_CHECKING:  # they import numpy
    from smapstop.model.alerts.expression import Alert
    from smapstop.model.view.sort import Sorting
    from smapstop.model.view.view_state import Units

PANE_LIMITS = (3, 200)
"""Minimum and maximum height of the panes below the table, lines."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Preferences of the user; None where not set."""

    interval: float | None = None
    """Time between samples, seconds."""
    budget: float | None = None
    """CPU budget of sampling, percent of one CPU."""
    columns: tuple[str, ...] | None = None
    widths: Mapping[str, int] | None = None
    """Widths of columns of the table, cells, by column."""
    units: "Units | None" = None
    """Unit of amounts."""
    sort: str | None = None
    """The column to sort by, or "moved" (last changed)."""
    reverse: bool | None = None
    """Whether to sort against the default direction of the column."""
    theme: str | None = None
    pane: int | None = None
    """The height of the panes below the table, lines."""
    inspector: int | None = None
    """The inspector's share of the width, or of the height below the table, percent."""
    commands: tuple[str, ...] | None = None
    """Commands that were typed before, the oldest first."""
    filters: tuple[str, ...] | None = None
    """Filters typed in earlier sessions, the oldest first."""
    alerts: tuple[str, ...] | None = None
    """Alerts, as for `--alert`."""
    keys: Mapping[str, tuple[str, ...]] | None = None
    """Changed keys, in Textual's spelling, by the name of their action."""

    def with_defaults(self, other: "Preferences") -> "Preferences":
        """Return these preferences, with those that are None taken from `other`."""
        return Preferences(
            **{
                name: getattr(self if getattr(self, name) is not None else other, name)
                for name in (field.name for field in fields(self))
            }
        )

    @property
    def sorting(self) -> "Sorting | None":
        """Order of the rows; None if not set."""
        return None if self.sort is None else sorting_of(self.sort, reverse=bool(self.reverse))

    def alerts_and(self, texts: Sequence[str]) -> "tuple[Alert, ...]":
        """Parse the alerts, and more; equal ones count once.

        Raises:
            SmapstopError: One is invalid.
        """
        from smapstop.model.alerts.expression import parse_alert

        return tuple(dict.fromkeys(parse_alert(text) for text in (*(self.alerts or ()), *texts)))


NO_PREFERENCES = Preferences()


SettingLocator = Callable[[str], str]
"""Function that locates a setting in its file, by name: `sort`, or `keys.sort` for a key."""


def parse_preferences(table: Mapping[str, object], where: SettingLocator) -> Preferences:
    """Parse preferences from a table of TOML or JSON.

    Raises:
        SmapstopError: A setting is unknown, or its value is invalid.
    """
    parsed: dict[str, object] = {}
    for name, value in table.items():
        with _locate_errors(where(name)):
            if name not in SETTING_PARSERS:
                raise SmapstopError(f"no setting {name!r}", f"the settings are {', '.join(SETTING_PARSERS)}")
            parsed[name] = SETTING_PARSERS[name](value)
    if "keys" in parsed:
        parsed["keys"] = _parse_keymap(_parse_key_table(parsed["keys"]), where)
    return Preferences(**parsed)  # type: ignore[arg-type]


@contextmanager
def _locate_errors(where: str) -> Iterator[None]:
    """Prefix errors with their location."""
    try:
        yield
    except SmapstopError as error:
        raise SmapstopError(f"{where}: {error.what}", error.remedy) from None


def sorting_of(key: str, *, reverse: bool = False) -> "Sorting":
    """Make the sorting by a column, or by the last change.

    Raises:
        SmapstopError: There is no such column, or it cannot be sorted by.
    """
    from smapstop.model.view.sort import Sorting
    from smapstop.text.table_columns import SORTABLE

    default = Sorting()
    if key not in (default.key, *SORTABLE):
        raise SmapstopError(f"no column {key!r} to sort by", f"the columns are {default.key}, {', '.join(SORTABLE)}")
    descending = SORTABLE[key].descending if key in SORTABLE else default.descending
    return Sorting(key, descending=descending != reverse)


# parsers of the settings


def _number_parser(name: str, least: float, most: float, unit: str) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise SmapstopError(f"{name} = {_format_value(value)}", f"give {unit} from {least:g} to {most:g}")
        return value

    return read


def _lines_parser(name: str, example: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        if not _is_string_list(value):
            raise SmapstopError(f"{name} = {_format_value(value)}", f"give a list: {example}")
        return tuple(value)

    return read


def _parse_columns(value: object) -> tuple[str, ...]:
    from smapstop.text.table_columns import find_columns

    if not _is_string_list(value) or not value:
        raise SmapstopError(f"columns = {_format_value(value)}", 'give a list: ["name", "rss", "delta"]')
    find_columns(value)
    return tuple(value)


def _parse_widths(value: object) -> dict[str, int]:
    from smapstop.text.table_columns import WIDTH_LIMITS, find_columns

    if not isinstance(value, dict):
        raise SmapstopError(f"widths = {_format_value(value)}", "give a table: { name = 40, rss = 9 }")
    find_columns(list(value))
    parsers = {key: _number_parser(f"widths.{key}", *WIDTH_LIMITS, "cells") for key in value}
    return {key: round(parsers[key](cells)) for key, cells in value.items()}


def _parse_units(value: object) -> str:
    from smapstop.model.view.view_state import UNITS

    if value not in UNITS:
        raise SmapstopError(f"no unit {_format_value(value)}", f"the units are {', '.join(UNITS)}")
    return str(value)


def _parse_sort(value: object) -> str:
    return sorting_of(str(value)).key


def _parse_reverse(value: object) -> bool:
    if not isinstance(value, bool):
        raise SmapstopError(f"reverse = {_format_value(value)}", "give true or false")
    return value


def _parse_theme(value: object) -> str:
    from smapstop.ui.theme.app_theme import theme_names

    if value not in theme_names():
        raise SmapstopError(f"no theme {_format_value(value)}", f"the themes are {', '.join(theme_names())}")
    return str(value)


def _parse_alerts(value: object) -> tuple[str, ...]:
    from smapstop.model.alerts.expression import parse_alert

    texts = _lines_parser("alerts", '["rss>500M", "limit>90%"]')(value)
    return tuple(parse_alert(text).text for text in texts)


def _parse_key_table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise SmapstopError(f"keys = {_format_value(value)}", 'give a table: [keys], then sort = "o"')
    return value


SETTING_PARSERS: Mapping[str, Callable[[object], object]] = {
    "interval": _number_parser("interval", *INTERVAL_LIMITS, "seconds"),
    "budget": _number_parser("budget", *BUDGET_LIMITS, "percent of one CPU"),
    "columns": _parse_columns,
    "widths": _parse_widths,
    "units": _parse_units,
    "sort": _parse_sort,
    "reverse": _parse_reverse,
    "theme": _parse_theme,
    "pane": _number_parser("pane", *PANE_LIMITS, "lines"),
    "inspector": _number_parser("inspector", *SPLIT_LIMITS, "percent"),
    "commands": _lines_parser("commands", '["sort pss", "group kind"]'),
    "filters": _lines_parser("filters", '["rss>10M", "libc"]'),
    "alerts": _parse_alerts,
    "keys": _parse_key_table,
}
"""Parser of the value of each setting; it raises `SmapstopError`."""


def _parse_keymap(table: Mapping[str, object], where: SettingLocator) -> dict[str, tuple[str, ...]]:
    """Parse the `keys` table.

    Raises:
        SmapstopError: An action or a key is unknown, or a key has two actions.
    """
    from smapstop.ui.keys.keymap import Keymap, key_name

    changed = {}
    for name, value in table.items():
        with _locate_errors(where(f"keys.{name}")):
            changed[name] = _parse_keys(name, value)
    for key, one, other in Keymap(changed).find_clashes():
        name, rival = (one, other) if one in changed else (other, one)
        with _locate_errors(where(f"keys.{name}")):
            raise SmapstopError(
                f"{name}: {key_name(key)} is already the key of {rival}", f"give {name} or {rival} another key"
            )
    return changed


def _parse_keys(name: str, value: object) -> tuple[str, ...]:
    """Parse the keys of an action: one, or a list."""
    from smapstop.ui.keys.keymap import KEY_HINT, parse_key
    from smapstop.ui.keys.table import KEY

    if name not in KEY:
        raise SmapstopError(f"no action {name!r}", f"the actions are {', '.join(KEY)}")
    texts = [value] if isinstance(value, str) else value
    if not _is_string_list(texts) or not texts:
        raise SmapstopError(f"{name} = {_format_value(value)}", 'give a key or a list: "o" or ["o", "F6"]')
    keys = {text: parse_key(text) for text in texts}
    wrong = next((text for text, key in keys.items() if key is None), None)
    if wrong is not None:
        raise SmapstopError(f"{name}: no key {wrong!r}", KEY_HINT)
    return tuple(key for key in keys.values() if key is not None)


def _is_string_list(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _format_value(value: object) -> str:
    """Format a value roughly as in the file, truncated to 40 characters."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
