"""Text of the last change of each visible row of a table, or of what is inferred of it since it was read."""

from smapstop.model.history.repeats import MAX_REPEATS
from smapstop.model.history.trend import RUN_CHANGES
from smapstop.text import format as fmt
from smapstop.text.events import BETWEEN, group_change_text
from smapstop.text.inferred import inferred_row_text
from smapstop.text.lifecycle import ago_text
from smapstop.text.units import process_format
from smapstop.text.visible_rows import VisibleRows

_MIN_PART = 8
"""Least cells of a part of a verdict that is cut."""
_NOT_IN_THIS_RUN = "not in this run"
"""For mappings that only the previous run has, when compared with it: gone, but never in this run."""


def change_texts(shown: VisibleRows, width: int) -> list[str]:
    """What is inferred of each row since it was read, or its last change, with the age of either."""
    texts, inferred = _last_change_texts(shown, width), shown.view.table.inferred
    if inferred is None:
        return texts
    unit = process_format(shown.view)
    for at, (row, number) in enumerate(
        zip(shown.indices.tolist(), inferred.last[shown.indices].tolist(), strict=True)
    ):
        if number >= 0:
            age = _age(shown, number)
            texts[at] = f"{inferred_row_text(shown.view, row, unit, width - len(age) - 3)} · {age}"
    return texts


def _last_change_texts(shown: VisibleRows, width: int) -> list[str]:
    """Last change of each row, with its age."""
    timeline, last_changed = shown.timeline, shown.last_changed
    if shown.group_series:
        entries_of_rows = shown.group_series.metric.entries(shown.ids, last_changed)
        unit = process_format(shown.view)
        texts = [
            group_change_text(timeline, entries, number, unit)
            for entries, number in zip(entries_of_rows, last_changed, strict=True)
        ]
    else:
        texts = [
            shown.row_series.text_of_change(mapping, number) if number >= timeline.oldest else ""
            for mapping, number in zip(shown.ids.tolist(), last_changed, strict=True)
        ]
    repeats = [""] * len(texts) if shown.group_series else _repeat_texts(shown)
    ages = [_age(shown, number) if text else "" for text, number in zip(texts, last_changed, strict=True)]
    before_history = f"before {fmt.clock(timeline.header(timeline.oldest).wall_ns)}"
    never = [_NOT_IN_THIS_RUN if gone else "" for gone in shown.view.table.gone[shown.indices].tolist()]
    return [
        _last_change_text(text, again, age, width) if text else before_history if number >= 0 else otherwise
        for text, again, age, number, otherwise in zip(texts, repeats, ages, last_changed, never, strict=True)
    ]


def _repeat_texts(shown: VisibleRows) -> list[str]:
    """How often in a row the last change of each row happened: " ×14"; empty if not several times."""
    oldest, repeats = shown.timeline.oldest, shown.row_series.repeats
    counts = [
        repeats(mapping, number) if number >= oldest else 1
        for mapping, number in zip(shown.ids.tolist(), shown.last_changed, strict=True)
    ]
    return ["" if count < RUN_CHANGES else f" ×{count}{'+' * (count == MAX_REPEATS)}" for count in counts]


def _last_change_text(text: str, again: str, age: str, width: int) -> str:
    """A change, how often it happened if there is room for it, and its age."""
    room = width - len(age) - 3
    if fmt.cell_width(text + again) <= room:
        return f"{text}{again} · {age}"
    if fmt.cell_width(text) > room:
        text = _first_parts(text, room)
    return f"{text} · {age}"


def _first_parts(text: str, room: int) -> str:
    """Cut a verdict to its room; drop parts of which hardly anything would be left."""
    cut = fmt.clip(text, room)
    whole, _, rest = cut.removesuffix(fmt.CUT).rpartition(BETWEEN.strip())
    return f"{whole.rstrip()} {fmt.CUT}" if whole and fmt.cell_width(rest.strip()) < _MIN_PART else cut


def _age(shown: VisibleRows, number: int) -> str:
    """Age of a tick."""
    return ago_text(shown.timeline.header(number), shown.view.snapshot.tick, shown.view.overdue_ns)
