"""Instants of a trace for the page faults of a tick: a mapping, and who asked for its memory."""

from collections.abc import Iterator
from typing import NamedTuple

from smapstop.export.caller_records import counted_callers
from smapstop.export.steps import Step
from smapstop.export.trace_counters import short_name
from smapstop.model.callers.call_stacks import BEYOND
from smapstop.report.json_fields import Record
from smapstop.text.callers import CALLED_BY, frame_text
from smapstop.text.format import printable

LANE_TITLE = "page faults, by who asked"
MAX_CALLERS = 20
"""Instants of a tick: the stacks with the most faults."""


class CallerInstant(NamedTuple):
    """A stack with page faults in a mapping."""

    title: str
    arguments: Record


def caller_instants(step: Step) -> Iterator[CallerInstant]:
    """Stacks of the page faults of a step, with those that are skipped left out, the largest first."""
    for _, ref, frames, count in counted_callers(step, MAX_CALLERS):
        name = "no longer mapped" if ref is None else short_name(ref)
        by = ", callers not known" if frames[0] == BEYOND else f" by {frame_text(frames[0])}"
        yield CallerInstant(
            f"{name}: {count:,} fault{'s' * (count != 1)}{by}",
            {
                "faults": count,
                "mapping": None if ref is None else printable(ref.name),
                "start": None if ref is None else f"{ref.start:#x}",
                "callers": CALLED_BY.join(map(frame_text, frames)),
                "source": frames[0].source and printable(frames[0].source),
            },
        )
