"""Parse filter expressions into predicates on the rows of a table."""

import re
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.model.kinds import Kind
from smapstop.model.labels import purpose_label
from smapstop.model.purpose_groups import PURPOSE_GROUPS, PurposeGroup
from smapstop.model.purposes import Purpose
from smapstop.model.short_names import without_path
from smapstop.model.view.row_names import row_section
from smapstop.model.view.sort import Mask, sort_column
from smapstop.model.view.table_data import TableData
from smapstop.proc.added_fields import HIDDEN_FIELDS
from smapstop.proc.columns import ABSENT
from smapstop.proc.fields import FIELD_BY_NAME

RowFilter = Callable[[TableData], Mask]
"""Mask of the rows of a table that pass."""

UNITS_KB = {"": 1, "k": 1, "m": 1 << 10, "g": 1 << 20, "t": 1 << 30}
"""Units of amounts, kB."""
COMPARISONS: dict[str, Callable[[NDArray[np.int64], float], Mask]] = {
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    "=": np.equal,
}
"""Comparisons as they are written; those that begin with another come before it."""
_AMOUNT = re.compile(
    r"(?P<field>[a-z_]+)(?P<than>>=|<=|!=|>|<|=)(?P<number>-?\d+(?:\.\d+)?)(?P<unit>[kmgt]?)(?:i?b)?", re.I
)
_COMPARISON_START = re.compile(r"(?P<field>[a-z_]+)(?:>=|<=|!=|>|<|=).*", re.I)
"""A comparison, whether or not its amount is valid."""


def parse_filter(expression: str) -> RowFilter:
    """Parse a filter: terms separated by spaces, all of which must match.

    A term is a part of the name (`libc`), `!` and a term to negate it, `kind:heap`, `purpose:stacks`, `perm:w` (all
    of the letters), an address in the mapping (`0x7f…`), or a comparison of a field, in kB or with a unit: `rss>10M`,
    `delta!=0`.

    Raises:
        SmapstopError: A term is invalid.
    """
    tests = [_parse_term(word) for word in expression.split()]

    def passes(table: TableData) -> Mask:
        keep = np.ones(len(table), bool)
        for test in tests:
            keep &= test(table)
        return keep

    return passes


def complete_filter(expression: str, fields: Iterable[str]) -> list[str]:
    """Complete the last word of a filter: fields, kinds, purposes.

    Args:
        expression: What was typed.
        fields: Fields that may be compared.
    """
    *before, word = expression.split(" ")
    term = word.removeprefix("!")
    words = [
        *("kind:", "purpose:", "perm:"),
        *(f"{name}>" for name in (*fields, "delta") if name not in HIDDEN_FIELDS),
        *(f"kind:{kind.value}" for kind in Kind if ":" in term),
        *(f"purpose:{_purpose_word(group)}" for group in PURPOSE_GROUPS if ":" in term),
    ]
    found = [each for each in words if each.startswith(term.lower()) and each != term.lower()]
    return [" ".join((*before, word[: len(word) - len(term)] + each)) for each in found]


def name_words(expression: str) -> tuple[str, ...]:
    """Words of a filter to find in names, in lower case."""
    words = expression.lower().split()
    return tuple(word for word in words if not re.match(r"!|kind:|purpose:|perm:|0x|[a-z_]+[<>=!]", word))


def _parse_term(word: str) -> RowFilter:
    """Parse one term."""
    if word.startswith("!") and len(word) > 1:
        inner = _parse_term(word[1:])
        return lambda table: ~inner(table)
    if word.startswith("kind:"):
        return _kind_filter(word.removeprefix("kind:"))
    if word.startswith("purpose:"):
        return _purpose_filter(word.removeprefix("purpose:"))
    if word.startswith("perm:"):
        letters = set(word.removeprefix("perm:"))
        return _text_filter("perms", lambda text: letters <= set(text))
    if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", word):
        address = np.uint64(int(word, 16))
        return lambda table: (table.start <= address) & (address < table.end)
    if comparison := _AMOUNT.fullmatch(word):
        return _amount_filter(comparison)
    if (started := _COMPARISON_START.fullmatch(word)) and started["field"].lower() in (*FIELD_BY_NAME, "delta"):
        raise SmapstopError(f"invalid amount in filter term {word!r}", "write it as rss>10M: kB, or with K, M, G, T")
    in_name, in_part = _text_filter("name", lambda text: word.lower() in _searched(text)), _part_filter(word.lower())
    return lambda table: in_name(table) | in_part(table) | _has_label(table, word.lower())


def _searched(name: str) -> str:
    """A name as the kernel prints it, and as it is shown, in lower case."""
    return f"{name} {without_path(name)}".lower()


def _kind_filter(prefix: str) -> RowFilter:
    """Match kinds that begin with a prefix."""
    names = [kind.value for kind in Kind]
    codes = [i for i, name in enumerate(names) if prefix and name.startswith(prefix.lower())]
    if not codes:
        raise SmapstopError(f"no kind {prefix!r} in the filter", f"kinds are {', '.join(names)}")
    return lambda table: np.isin(table.kind, codes)


def _purpose_filter(prefix: str) -> RowFilter:
    """Match purposes that begin with a prefix; hyphens stand for spaces."""
    names = [_purpose_word(group) for group in PURPOSE_GROUPS]
    codes = [i for i, name in enumerate(names) if prefix and name.startswith(prefix.lower())]
    if not codes:
        raise SmapstopError(f"no purpose {prefix!r} in the filter", f"purposes are {', '.join(names)}")
    return lambda table: np.isin(table.purpose_groups(), codes)


def _purpose_word(group: PurposeGroup) -> str:
    """Name of a purpose as a filter has it: without spaces."""
    return group.value.lower().replace(" ", "-")


def _text_filter(column: str, matches: Callable[[str], bool]) -> RowFilter:
    """Match the strings of a column, each distinct one tested once."""

    def passes(table: TableData) -> Mask:
        codes, inverse = np.unique(getattr(table, column), return_inverse=True)
        matching = np.array([matches(table.texts[code]) for code in codes.tolist()], bool)
        return matching[inverse] if len(codes) else np.zeros(0, bool)

    return passes


def _part_filter(word: str) -> RowFilter:
    """Match the section shown after the name of a file, such as `.data`."""

    def passes(table: TableData) -> Mask:
        first, of_row = _distinct_rows(table.kind, table.name, table.perms, table.data_files)
        matching = [word in row_section(table, row) for row in first.tolist()]
        return np.array(matching, bool)[of_row]

    return passes


def _distinct_rows(*columns: NDArray[np.integer | np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row of each distinct combination of small numbers, and the combination of each row, shape (n,)."""
    keys = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        keys = keys * (int(column.max(initial=0)) + 1) + column
    _, first, of_row = np.unique(keys, return_index=True, return_inverse=True)
    return first, of_row


def _has_label(table: TableData, word: str) -> Mask:
    """Mask of nameless memory whose label contains a word."""
    purposes, texts = table.purposes, table.texts
    matches = np.zeros(len(table), bool)
    labelled = np.flatnonzero(purposes.purpose)
    some = purposes.take(labelled)
    first, of_row = _distinct_rows(some.purpose, some.owner, some.proven.astype(np.int8))
    distinct = zip(*(column[first].tolist() for column in (some.purpose, some.owner, some.proven)), strict=True)
    labels = [purpose_label(purpose, texts[owner], proven=proven) for purpose, owner, proven in distinct]
    matches[labelled] = np.array([word in str(label).lower() for label in labels], bool)[of_row]
    for row in np.flatnonzero(np.isin(table.ids, list(table.stacks)) & (purposes.purpose == Purpose.STACK)).tolist():
        matches[row] = word in str(table.label(row)).lower()
    return matches


def _amount_filter(comparison: re.Match[str]) -> RowFilter:
    """Compare a field with an amount."""
    field = comparison["field"].lower()
    compare = COMPARISONS[comparison["than"]]
    amount = float(comparison["number"]) * UNITS_KB[comparison["unit"].lower()]

    def passes(table: TableData) -> Mask:
        column = sort_column(table, field)
        if column is None:
            names = ", ".join(name for name in table.field_names if name not in HIDDEN_FIELDS)
            raise SmapstopError(f"no field {field!r} in the filter", f"fields are {names}, delta")
        printed: Mask = np.ones(len(column), bool) if field == "delta" else column != ABSENT
        return printed & compare(column, amount)

    return passes
