"""The function that made most of the page faults of a mapping."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from smapstop.model.callers.call_stacks import BEYOND, IN_SYSTEM_CALL, CallStacks
from smapstop.model.callers.folding import fold_frames
from smapstop.model.callers.page_faults import PageFaults
from smapstop.proc.callstack.frames import Frame


@dataclass(frozen=True, slots=True)
class TopFunction:
    """The function that made most of the faults of a mapping."""

    frame: Frame
    """With its line, if all its faults were on the same one."""
    faults: int
    """Those that it made."""
    seen: int
    """Those that were seen in the mapping."""


def top_function(faults: PageFaults, mapping: int) -> TopFunction | None:
    """Find the function that made most of the faults of a mapping; None if it is not known."""
    counts = function_counts(faults, mapping)
    by_function: Counter[tuple[str | None, str, int]] = Counter()
    for frame, count in counts.items():
        by_function[_identity(frame)] += count
    if not by_function:
        return None
    name, most = by_function.most_common(1)[0]
    frames = [frame for frame in counts if _identity(frame) == name]
    if frames[0] in (BEYOND, IN_SYSTEM_CALL):
        return None
    frame = frames[0] if len({frame.source for frame in frames}) == 1 else frames[0]._replace(source=None)
    return TopFunction(frame, most, by_function.total())


def function_counts(faults: PageFaults, mapping: int) -> Counter[Frame]:
    """Count the faults of a mapping by who asked for the memory; `BEYOND` and `IN_SYSTEM_CALL` are not known."""
    here = faults.mapping == mapping
    counts: Counter[Frame] = Counter()
    for stack, count in zip(faults.stack[here].tolist(), faults.faults[here].tolist(), strict=True):
        counts[_innermost(faults.stacks, stack)] += count
    return counts


_SCRIPT = re.compile(r"py::|(?:JS|LazyCompile|Function|Script):")
"""Begins the names of functions of a language that is interpreted, or compiled at run time."""


@lru_cache(1 << 14)
def _innermost(stacks: CallStacks, stack: int) -> Frame:
    """The function that asked for the memory: the innermost that does not only carry; `BEYOND` if it is not known.

    Of a script it is the script's own, not one of the interpreter; of a stripped program, the innermost with a name.
    """
    frames = fold_frames(stacks.frames_of(stack))
    named = (frame for frame in frames if frame.name)
    return next(filter(is_script, frames), next(named, BEYOND))


def is_script(frame: Frame) -> bool:
    """Whether a function is of a script, such as Python's, and not of its interpreter."""
    return bool(_SCRIPT.match(frame.name or ""))


def _identity(frame: Frame) -> tuple[str | None, str, int]:
    """What makes two frames the same function; without a name, the place."""
    return frame.name, frame.file, frame.offset if frame.name is None else 0
