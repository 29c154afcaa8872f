"""What the user would rather have, from a file: how the dashboard begins, and its keys."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeGuard

from smapstop.cli.arguments import BUDGET_LIMITS, INTERVAL_LIMITS
from smapstop.errors import SmapstopError

if TYPE_CHECKING:  # it imports numpy
    from smapstop.model.view.sort import Sorting

PANE_LIMITS = (3, 200)
"""The lowest and the highest that the panes below the table can be."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the user would rather have; None where they said nothing."""

    interval: float | None = None
    """Time between readings, seconds."""
    budget: float | None = None
    """What reading may take of one CPU, percent."""
    columns: tuple[str, ...] | None = None
    sort: str | None = None
    """The column to sort by, or "moved"."""
    reverse: bool | None = None
    """Whether against the direction that is usual for it."""
    theme: str | None = None
    pane: int | None = None
    """The height of the panes below the table, lines."""
    keys: Mapping[str, tuple[str, ...]] | None = None
    """Other keys than the usual ones, in Textual's spelling, by the names of what they do."""

    def with_defaults(self, other: "Preferences") -> "Preferences":
        """These, and what another file says where these say nothing."""
        return Preferences(
            **{
                name: getattr(self if getattr(self, name) is not None else other, name)
                for name in (field.name for field in fields(self))
            }
        )

    @property
    def sorting(self) -> "Sorting | None":
        """The order of the rows."""
        return None if self.sort is None else sorting_of(self.sort, reverse=bool(self.reverse))


NO_PREFERENCES = Preferences()


SettingLocator = Callable[[str], str]
"""Says where a setting stands, by its name: `sort`, or of a key `keys.sort`."""


def parse_preferences(table: Mapping[str, object], where: SettingLocator) -> Preferences:
    """The preferences in a table as TOML or JSON have it.

    Raises:
        SmapstopError: There is no such setting, or something is wrong with its value.
    """
    found: dict[str, object] = {}
    for name, value in table.items():
        with _locate_errors(where(name)):
            if name not in SETTING_PARSERS:
                raise SmapstopError(f"no setting {name!r}", f"there are {', '.join(SETTING_PARSERS)}")
            found[name] = SETTING_PARSERS[name](value)
    if "keys" in found:
        found["keys"] = _parse_keymap(_parse_key_table(found["keys"]), where)
    return Preferences(**found)  # type: ignore[arg-type]


@contextmanager
def _locate_errors(where: str) -> Iterator[None]:
    """Say where it is wrong, when it is."""
    try:
        yield
    except SmapstopError as error:
        raise SmapstopError(f"{where}: {error.what}", error.remedy) from None


def sorting_of(key: str, *, reverse: bool = False) -> "Sorting":
    """The order of the rows by a column, or by what moved most recently.

    Raises:
        SmapstopError: Nothing is sorted by that.
    """
    from smapstop.model.view.sort import Sorting
    from smapstop.text.columns import SORTABLE

    usual = Sorting()
    if key not in (usual.key, *SORTABLE):
        raise SmapstopError(f"no column {key!r} to sort by", f"there are {usual.key}, {', '.join(SORTABLE)}")
    descending = SORTABLE[key].descending if key in SORTABLE else usual.descending
    return Sorting(key, descending=descending != reverse)


# how each setting is read


def _number_parser(name: str, least: float, most: float, unit: str) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise SmapstopError(f"{name} = {_format_value(value)}", f"give {unit} from {least:g} to {most:g}")
        return value

    return read


def _parse_columns(value: object) -> tuple[str, ...]:
    from smapstop.text.columns import find_columns

    if not _is_string_list(value) or not value:
        raise SmapstopError(f"columns = {_format_value(value)}", 'give a list, as ["name", "rss", "delta"]')
    find_columns(value)
    return tuple(value)


def _parse_sort(value: object) -> str:
    return sorting_of(str(value)).key


def _parse_reverse(value: object) -> bool:
    if not isinstance(value, bool):
        raise SmapstopError(f"reverse = {_format_value(value)}", "give true or false")
    return value


def _parse_theme(value: object) -> str:
    from smapstop.ui.theme.app_theme import theme_names

    if value not in theme_names():
        raise SmapstopError(f"no theme {_format_value(value)}", f"there are {', '.join(theme_names())}")
    return str(value)


def _parse_key_table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise SmapstopError(f"keys = {_format_value(value)}", 'give a table: [keys], and in it sort = "o"')
    return value


SETTING_PARSERS: Mapping[str, Callable[[object], object]] = {
    "interval": _number_parser("interval", *INTERVAL_LIMITS, "seconds"),
    "budget": _number_parser("budget", *BUDGET_LIMITS, "percent of one CPU"),
    "columns": _parse_columns,
    "sort": _parse_sort,
    "reverse": _parse_reverse,
    "theme": _parse_theme,
    "pane": _number_parser("pane", *PANE_LIMITS, "lines"),
    "keys": _parse_key_table,
}
"""Every setting, and what reads its value; it raises `SmapstopError`."""


def _parse_keymap(table: Mapping[str, object], where: SettingLocator) -> dict[str, tuple[str, ...]]:
    """The keys in a table of them, none of which is for two things."""
    from smapstop.ui.keys.keymap import Keymap, key_name

    changed = {}
    for name, given in table.items():
        with _locate_errors(where(f"keys.{name}")):
            changed[name] = _parse_keys(name, given)
    for key, one, other in Keymap(changed).find_clashes():
        name, kept = (one, other) if one in changed else (other, one)
        with _locate_errors(where(f"keys.{name}")):
            raise SmapstopError(f"{name}: {key_name(key)} is the key of {kept}", f"give {name} or {kept} another")
    return changed


def _parse_keys(name: str, given: object) -> tuple[str, ...]:
    """The keys that a row of the table shall have."""
    from smapstop.ui.keys.keymap import KEY_HINT, parse_key
    from smapstop.ui.keys.table import KEY

    if name not in KEY:
        raise SmapstopError(f"no key is for {name!r}", f"there are {', '.join(KEY)}")
    texts = [given] if isinstance(given, str) else given
    if not _is_string_list(texts) or not texts:
        raise SmapstopError(f"{name} = {_format_value(given)}", 'give a key, or some: "o" or ["o", "F6"]')
    keys = {text: parse_key(text) for text in texts}
    wrong = next((text for text, key in keys.items() if key is None), None)
    if wrong is not None:
        raise SmapstopError(f"{name}: no key {wrong!r}", KEY_HINT)
    return tuple(key for key in keys.values() if key is not None)


def _is_string_list(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _format_value(value: object) -> str:
    """A value about as the file has it, cut when it is long."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
