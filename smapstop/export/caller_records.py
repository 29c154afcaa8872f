"""Turn the page faults of a tick into flat records: a call stack in a mapping each."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from smapstop.export.steps import Step
from smapstop.model.callers.call_stacks import BEYOND
from smapstop.model.callers.folding import fold_frames
from smapstop.model.history.culprits import culprit_of_entry
from smapstop.model.history.log_entry import LogEntry, MappingRef, ref_of
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.columns import strip_deleted
from smapstop.report.json_fields import Record

CALLER_COLUMNS = (
    *("tick", "at", "seconds", "mapping", "name", "start", "end", "perms"),
    *("faults", "function", "file", "source", "callers"),
)
"""Columns of the records as a table."""


class CountedCallers(NamedTuple):
    """Page faults of a call stack in a mapping."""

    mapping: int
    ref: MappingRef | None
    """The mapping; None if it is not known any more."""
    frames: tuple[Frame, ...]
    """Innermost first, without those that are skipped; `BEYOND` alone if nothing is known."""
    faults: int


def counted_callers(step: Step, most: int | None = None) -> Iterator[CountedCallers]:
    """Call stacks of the page faults of a step, the largest first.

    Args:
        step: The step.
        most: How many at most; None for all.
    """
    faults = step.tick.faults
    if faults is None:
        return
    shown = step.shown_mask(faults.mapping)
    counts: Counter[tuple[int, tuple[Frame, ...]]] = Counter()
    for mapping, stack, count in zip(
        faults.mapping[shown].tolist(), faults.stack[shown].tolist(), faults.faults[shown].tolist(), strict=True
    ):
        counts[mapping, fold_frames(faults.stacks.frames_of(stack) or (BEYOND,))] += count
    for (mapping, frames), count in counts.most_common(most):
        ref = _find(step.after, mapping) or (_find(step.before, mapping) if step.before else None)
        yield CountedCallers(mapping, ref, frames, count)


def _find(snapshot: MapSnapshot, mapping: int) -> MappingRef | None:
    """Name and place of a mapping in a snapshot."""
    rows = np.flatnonzero(snapshot.ids == mapping)
    return ref_of(snapshot.mappings, int(rows[0])) if len(rows) else None


def caller_records(step: Step) -> Iterator[Record]:
    """Records of the page faults of a step, by who made them; None means unknown."""
    for mapping, ref, frames, count in counted_callers(step):
        function = frames[0]
        yield {
            "mapping": None if ref is None else mapping,
            "name": strip_deleted(ref.name) if ref else None,
            "start": f"{ref.start:#x}" if ref else None,
            "end": f"{ref.end:#x}" if ref else None,
            "perms": ref.perms if ref else None,
            "faults": count,
            "function": None if function == BEYOND else function.name,
            "file": function.file or None,
            "source": function.source,
            "callers": [place_text(frame) for frame in frames[1:]],
        }


def place_text(frame: Frame) -> str:
    """Name of a function, as it is; its place in the file, or in memory, if it has none."""
    if frame.name is not None:
        return frame.name
    return f"{frame.file.rpartition('/')[2]}+{frame.offset:#x}" if frame.file else f"{frame.offset:#x}"


def culprit_record(entry: LogEntry) -> Record:
    """Function that caused an event; empty if that is not known."""
    culprit = culprit_of_entry(entry)
    if culprit is None:
        return {}
    frame = culprit.frame
    return {
        "by": place_text(frame),
        "by_source": frame.source,
        "by_all": culprit.is_alone,
        "by_sure": culprit.sure,
    }
