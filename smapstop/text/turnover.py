"""Pages of a file that were read from disk and left again between two readings: the amounts do not show them."""

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.kinds import Kind
from smapstop.text.units import UnitFormat

_MIN_READS = 16
"""Fewer reads from disk are not worth a sentence."""
_MIN_RATIO = 2
"""How many times more was read than stayed, or than Rss fell by."""
_SMALLEST_PAGE_KB = 4


def turnover_text(history: MappingHistory, number: int, unit: UnitFormat) -> str:
    """Say that far more pages were read from disk than stayed; empty where that is not so, or not known.

    In memory that may not be written, a major fault maps at least one page that was not mapped. Only of the whole
    process is it known how many faults were major: all faults elsewhere are counted as if they had been.

    Args:
        history: History of the mapping.
        number: A tick that read the mappings.
        unit: Format of Rss.
    """
    state = history.states[history.step_at(number)]
    if number <= history.first_tick or state.kind != Kind.FILE or "w" in state.perms or "rss" not in history.fields:
        return ""
    faults = history.timeline.faults.since_reading(number)
    if faults is None:
        return ""
    elsewhere = faults.counted - int(faults.of_mapping(history.mapping).faults.sum())
    reads = faults.major - elsewhere
    was, now = (float(history.field("rss", history.step_at(tick))[-1]) for tick in (number - 1, number))
    if reads < _MIN_READS or reads * _SMALLEST_PAGE_KB < _MIN_RATIO * abs(now - was):
        return ""
    changed = f"changed by {unit.change(now - was)}" if now != was else "did not change"
    return (
        f"At least {reads:,} page faults read it from disk between the last two readings, but Rss {changed}: "
        "as many pages left again."
    )
