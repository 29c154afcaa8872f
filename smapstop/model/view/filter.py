"""Which rows of a sheet are shown, and in which order."""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.model.kinds import Kind, likely_section
from smapstop.model.labels import Purpose, purpose_label
from smapstop.model.view.sort import Mask, sort_column
from smapstop.model.view.table_data import TableData
from smapstop.proc.columns import ABSENT
from smapstop.proc.fields import FIELD_BY_NAME

RowFilter = Callable[[TableData], Mask]
"""Which rows of a sheet pass."""

_UNITS = {"": 1, "k": 1, "m": 1 << 10, "g": 1 << 20, "t": 1 << 30}
_COMPARISONS: dict[str, Callable[[NDArray[np.int64], float], Mask]] = {
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    "=": np.equal,
}
_AMOUNT = re.compile(
    r"(?P<field>[a-z_]+)(?P<than>>=|<=|!=|>|<|=)(?P<number>-?\d+(?:\.\d+)?)(?P<unit>[kmgt]?)(?:i?b)?", re.I
)
_COMPARISON_START = re.compile(r"(?P<field>[a-z_]+)(?:>=|<=|!=|>|<|=).*", re.I)
"""A comparison, but for what may be wrong with its amount."""


def parse_filter(expression: str) -> RowFilter:
    """The filter that an expression describes: terms separated by spaces, all of which must hold.

    A term is a part of the name (`libc`), `!` and a term for its opposite, `kind:heap`, `perm:w` (all the letters),
    an address in the mapping (`0x7f…`), or a comparison of a field, kB or with a unit: `rss>10M`, `delta!=0`.

    Raises:
        SmapstopError: A term makes no sense.
    """
    tests = [_parse_term(word) for word in expression.split()]

    def passes(sheet: TableData) -> Mask:
        keep = np.ones(len(sheet), bool)
        for test in tests:
            keep &= test(sheet)
        return keep

    return passes


def _parse_term(word: str) -> RowFilter:
    """The test of one term."""
    if word.startswith("!") and len(word) > 1:
        inner = _parse_term(word[1:])
        return lambda sheet: ~inner(sheet)
    if word.startswith("kind:"):
        return _kind_filter(word.removeprefix("kind:"))
    if word.startswith("perm:"):
        letters = set(word.removeprefix("perm:"))
        return _text_filter("perms", lambda text: letters <= set(text))
    if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", word):
        address = np.uint64(int(word, 16))
        return lambda sheet: (sheet.start <= address) & (address < sheet.end)
    if comparison := _AMOUNT.fullmatch(word):
        return _amount_filter(comparison)
    if (begun := _COMPARISON_START.fullmatch(word)) and begun["field"].lower() in (*FIELD_BY_NAME, "delta"):
        raise SmapstopError(f"no amount in {word!r} in the filter", "as in rss>10M: kB, or with K, M, G, T")
    in_name, in_part = _text_filter("name", lambda text: word.lower() in text.lower()), _part_filter(word.lower())
    return lambda sheet: in_name(sheet) | in_part(sheet) | _has_label(sheet, word.lower())


def _kind_filter(wanted: str) -> RowFilter:
    names = [kind.value for kind in Kind]
    found = [i for i, name in enumerate(names) if wanted and name.startswith(wanted.lower())]
    if not found:
        raise SmapstopError(f"no kind {wanted!r} in the filter", f"kinds are {', '.join(names)}")
    return lambda sheet: np.isin(sheet.kind, found)


def _text_filter(column: str, holds: Callable[[str], bool]) -> RowFilter:
    """Whether a text passes; one look at each distinct text."""

    def passes(sheet: TableData) -> Mask:
        codes, inverse = np.unique(getattr(sheet, column), return_inverse=True)
        passing = np.array([holds(sheet.texts[code]) for code in codes.tolist()], bool)
        return passing[inverse] if len(codes) else np.zeros(0, bool)

    return passes


def _part_filter(word: str) -> RowFilter:
    """Whether the part of a file that is shown after its name holds a text: `.data`."""
    in_part = _text_filter("perms", lambda text: word in likely_section(text))
    files = list(Kind).index(Kind.FILE)
    return lambda sheet: (sheet.kind == files) & in_part(sheet)


def _has_label(sheet: TableData, word: str) -> Mask:
    """Whether what is said of memory without a name holds a text."""
    uses, texts = sheet.purposes, sheet.texts
    said = np.array([word in str(purpose_label(use, "", None) or "") for use in Purpose], bool)[uses.purpose]
    for owner in np.unique(uses.owner).tolist():
        of_file = uses.owner == owner
        if owner:
            said[of_file] = word in str(purpose_label(Purpose.BSS, texts[owner], None)).lower()
    of_threads = {id_: word in str(purpose_label(0, "", stack)).lower() for id_, stack in sheet.stacks.items()}
    known = np.isin(sheet.ids, list(of_threads)) & (sheet.name == 0)
    said[known] = np.isin(sheet.ids[known], [id_ for id_, found in of_threads.items() if found])
    return said


def _amount_filter(comparison: re.Match[str]) -> RowFilter:
    field = comparison["field"].lower()
    compare = _COMPARISONS[comparison["than"]]
    amount = float(comparison["number"]) * _UNITS[comparison["unit"].lower()]

    def passes(sheet: TableData) -> Mask:
        column = sort_column(sheet, field)
        if column is None:
            raise SmapstopError(f"no field {field!r} in the filter", f"fields are {', '.join(sheet.fields)}, delta")
        printed: Mask = np.ones(len(column), bool) if field == "delta" else column != ABSENT
        return printed & compare(column, amount)

    return passes


def group_filter(table: TableData, group: int) -> str:
    """The filter that shows the mappings of a group, as far as its name can be said in one term; else their kind."""
    row = int(np.flatnonzero(table.ids == group)[0])
    name = table.texts[int(table.name[row])]
    kind = list(Kind)[int(table.kind[row])].value
    return f"kind:{kind}" if name == kind or " " in name else name
