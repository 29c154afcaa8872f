"""Which rows of a sheet are shown, and in which order."""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.model.kinds import Kind, file_part
from smapstop.model.labels import Use, label
from smapstop.model.view.sort import Mask, column_of
from smapstop.model.view.table_data import Sheet
from smapstop.proc.columns import ABSENT
from smapstop.proc.fields import FIELD_BY_NAME

Test = Callable[[Sheet], Mask]
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
_BEGUN = re.compile(r"(?P<field>[a-z_]+)(?:>=|<=|!=|>|<|=).*", re.I)
"""A comparison, but for what may be wrong with its amount."""


def filter_of(expression: str) -> Test:
    """The filter that an expression describes: terms separated by spaces, all of which must hold.

    A term is a part of the name (`libc`), `!` and a term for its opposite, `kind:heap`, `perm:w` (all the letters),
    an address in the mapping (`0x7f…`), or a comparison of a field, kB or with a unit: `rss>10M`, `delta!=0`.

    Raises:
        SmapstopError: A term makes no sense.
    """
    tests = [_term(word) for word in expression.split()]

    def passes(sheet: Sheet) -> Mask:
        keep = np.ones(len(sheet), bool)
        for test in tests:
            keep &= test(sheet)
        return keep

    return passes


def _term(word: str) -> Test:
    """The test of one term."""
    if word.startswith("!") and len(word) > 1:
        inner = _term(word[1:])
        return lambda sheet: ~inner(sheet)
    if word.startswith("kind:"):
        return _kind_test(word.removeprefix("kind:"))
    if word.startswith("perm:"):
        letters = set(word.removeprefix("perm:"))
        return _text_test("perms", lambda text: letters <= set(text))
    if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", word):
        address = np.uint64(int(word, 16))
        return lambda sheet: (sheet.start <= address) & (address < sheet.end)
    if comparison := _AMOUNT.fullmatch(word):
        return _amount_test(comparison)
    if (begun := _BEGUN.fullmatch(word)) and begun["field"].lower() in (*FIELD_BY_NAME, "delta"):
        raise SmapstopError(f"no amount in {word!r} in the filter", "as in rss>10M: kB, or with K, M, G, T")
    in_name, in_part = _text_test("name", lambda text: word.lower() in text.lower()), _part_test(word.lower())
    return lambda sheet: in_name(sheet) | in_part(sheet) | _has_label(sheet, word.lower())


def _kind_test(wanted: str) -> Test:
    names = [kind.value for kind in Kind]
    found = [i for i, name in enumerate(names) if wanted and name.startswith(wanted.lower())]
    if not found:
        raise SmapstopError(f"no kind {wanted!r} in the filter", f"kinds are {', '.join(names)}")
    return lambda sheet: np.isin(sheet.kind, found)


def _text_test(column: str, holds: Callable[[str], bool]) -> Test:
    """Whether a text passes; one look at each distinct text."""

    def test(sheet: Sheet) -> Mask:
        codes, inverse = np.unique(getattr(sheet, column), return_inverse=True)
        passing = np.array([holds(sheet.texts[code]) for code in codes.tolist()], bool)
        return passing[inverse] if len(codes) else np.zeros(0, bool)

    return test


def _part_test(word: str) -> Test:
    """Whether the part of a file that is shown after its name holds a text: `.data`."""
    in_part = _text_test("perms", lambda text: word in file_part(text))
    files = list(Kind).index(Kind.FILE)
    return lambda sheet: (sheet.kind == files) & in_part(sheet)


def _has_label(sheet: Sheet, word: str) -> Mask:
    """Whether what is said of memory without a name holds a text."""
    uses, texts = sheet.uses, sheet.texts
    said = np.array([word in str(label(use, "", None) or "") for use in Use], bool)[uses.use]
    for owner in np.unique(uses.owner).tolist():
        of_file = uses.owner == owner
        if owner:
            said[of_file] = word in str(label(Use.BSS, texts[owner], None)).lower()
    of_threads = {id_: word in str(label(0, "", stack)).lower() for id_, stack in sheet.stacks.items()}
    known = np.isin(sheet.ids, list(of_threads)) & (sheet.name == 0)
    said[known] = np.isin(sheet.ids[known], [id_ for id_, found in of_threads.items() if found])
    return said


def _amount_test(comparison: re.Match[str]) -> Test:
    field = comparison["field"].lower()
    compare = _COMPARISONS[comparison["than"]]
    amount = float(comparison["number"]) * _UNITS[comparison["unit"].lower()]

    def test(sheet: Sheet) -> Mask:
        column = column_of(sheet, field)
        if column is None:
            raise SmapstopError(f"no field {field!r} in the filter", f"fields are {', '.join(sheet.fields)}, delta")
        printed: Mask = np.ones(len(column), bool) if field == "delta" else column != ABSENT
        return printed & compare(column, amount)

    return test


def members_filter(sheet: Sheet, group: int) -> str:
    """The filter that shows the mappings of a group, as far as its name can be said in one term; else their kind."""
    row = int(np.flatnonzero(sheet.ids == group)[0])
    name = sheet.texts[int(sheet.name[row])]
    kind = list(Kind)[int(sheet.kind[row])].value
    return f"kind:{kind}" if name == kind or " " in name else name
