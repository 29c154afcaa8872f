"""Instants of a trace for the page faults of a tick: a mapping, and who asked for its memory."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from smapstop.export.steps import Step
from smapstop.export.trace_counters import short_name
from smapstop.model.callers.call_stacks import BEYOND
from smapstop.model.callers.folding import fold_frames
from smapstop.model.history.log_entry import MappingRef, ref_of
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.callstack.frames import Frame
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
    """Stacks of the page faults of a step, with those that only carry left out, the largest first."""
    faults = step.tick.faults
    if faults is None:
        return
    shown = step.shown_mask(faults.mapping)
    counts: Counter[tuple[int, tuple[Frame, ...]]] = Counter()
    for mapping, stack, count in zip(
        faults.mapping[shown].tolist(), faults.stack[shown].tolist(), faults.faults[shown].tolist(), strict=True
    ):
        counts[mapping, fold_frames(faults.stacks.frames_of(stack) or (BEYOND,))] += count
    for (mapping, frames), count in counts.most_common(MAX_CALLERS):
        ref = _find(step.after, mapping) or (_find(step.before, mapping) if step.before else None)
        name = "no longer mapped" if ref is None else short_name(ref)
        asker = "not known who asked" if frames[0] == BEYOND else f"by {frame_text(frames[0])}"
        yield CallerInstant(
            f"{name}: {count:,} fault{'s' * (count != 1)} {asker}",
            {
                "faults": count,
                "mapping": None if ref is None else printable(ref.name),
                "start": None if ref is None else f"{ref.start:#x}",
                "callers": CALLED_BY.join(map(frame_text, frames)),
                "source": frames[0].source and printable(frames[0].source),
            },
        )


def _find(snapshot: MapSnapshot, mapping: int) -> MappingRef | None:
    """Name and place of a mapping in a snapshot."""
    rows = np.flatnonzero(snapshot.ids == mapping)
    return ref_of(snapshot.mappings, int(rows[0])) if len(rows) else None
