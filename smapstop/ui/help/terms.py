"""Find the term under the pointer in a line of the dashboard, and what it means."""

import re
from collections.abc import Mapping
from functools import cache

from smapstop.proc.added_fields import ADDED_FIELDS
from smapstop.proc.fields import FIELDS
from smapstop.text import format as fmt
from smapstop.text.mapping_detail import perms_text
from smapstop.text.mechanisms import EXPLANATIONS, meaning_of
from smapstop.text.table_columns import Column
from smapstop.text.vm_flags import flag_at, flag_help
from smapstop.ui.help.content import INFERRED, PRINCIPLES, WHOLE_CHANGES

_EXPLAINED = ("perms", "happened")
"""Columns whose cells have terms."""
_PERMISSIONS = re.compile(r"(?<!\S)[r-][w-][x-][ps](?!\S)")


def term_help(text: str, x: int) -> str:
    """Meaning of the term at a cell of a line; empty if there is none.

    Args:
        text: The line, as it is drawn.
        x: Cell from the left.
    """
    at = fmt.fitting_length(text, x)
    for match in _PERMISSIONS.finditer(text):
        if match.start() <= at < match.end():
            return f"{match[0]}: {perms_text(match[0])}"
    flag = flag_at(text, at)
    if flag:
        return f"{flag}: {flag_help(flag)}"
    for match in _pattern().finditer(text):
        if match.start() <= at < match.end():
            return f"{match[0]}: {_meanings()[match[0]]}"
    return ""


def table_help(column: Column | None, line: int, text: str, x: int) -> str:
    """What a cell of the table is about: the column of a title, a term; empty for nothing that needs words.

    Args:
        column: The column under the pointer.
        line: Line of the table; the first has the titles.
        text: That line, as it is drawn.
        x: Cell from the left.
    """
    if column is None:
        return ""
    if not line:
        return f"{column.title}: {column.help} Drag its right edge for its width."
    return term_help(text, x) if column.key in _EXPLAINED else ""


@cache
def _meanings() -> Mapping[str, str]:
    """Meanings by term: fields by their labels, mechanisms by their long and short names, lifecycle events."""
    meanings: dict[str, str] = {}
    for entry in (*PRINCIPLES, *INFERRED, *WHOLE_CHANGES):
        for word in entry.word.split(", "):
            if word[:1].islower() or "-" in word:  # not a heading
                meanings[word] = entry.meaning
    for what, explanation in EXPLANATIONS.items():
        meanings |= dict.fromkeys((explanation.label, explanation.short), meaning_of(what))
    for field in (*FIELDS, *ADDED_FIELDS):
        meanings[field.label] = field.help
    return meanings


@cache
def _pattern() -> re.Pattern[str]:
    """Matches any term as a whole, the longest one first."""
    terms = sorted(_meanings(), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, terms))})(?![\w-])")
