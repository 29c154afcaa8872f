"""Page faults by the function that asked for the memory, and which of them made most."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_stacks import BEYOND, IN_SYSTEM_CALL, CallStacks
from smapstop.model.callers.page_faults import PageFaults
from smapstop.proc.callstack.frames import Frame

MAX_FUNCTIONS = 16
"""Functions that are remembered of faults; those with the fewest are forgotten."""


@dataclass(frozen=True, slots=True)
class TopFunction:
    """The function that made most of some faults."""

    frame: Frame
    """With its line, if all its faults were on the same one."""
    faults: int
    """Those that it made."""


@dataclass(frozen=True, slots=True)
class FunctionFaults:
    """Page faults in some mappings, by the function that asked for the memory."""

    counts: tuple[tuple[Frame, int], ...]
    """The largest first; a function once for each of its lines. `BEYOND` if it is not known."""
    seen: int
    """All those that were seen, also of functions that are forgotten."""
    has_losses: bool
    """Whether some faults of the process were lost."""
    has_hidden: bool
    """Whether some faults of the process were in system calls, not visible."""
    is_mixed: bool = False
    """Whether they brought the pages of several events."""

    def merged_with(self, other: "FunctionFaults") -> "FunctionFaults":
        """Merge with those of another time."""
        counts = Counter(dict(self.counts))
        counts.update(dict(other.counts))
        return FunctionFaults(
            tuple(counts.most_common(MAX_FUNCTIONS)),
            self.seen + other.seen,
            self.has_losses or other.has_losses,
            self.has_hidden or other.has_hidden,
            self.is_mixed or other.is_mixed,
        )

    @property
    def top(self) -> TopFunction | None:
        """The function that made most of them; None if it is not known."""
        by_function: Counter[tuple[str | None, str, int]] = Counter()
        for frame, count in self.counts:
            by_function[frame.identity] += count
        if not by_function:
            return None
        name, most = by_function.most_common(1)[0]
        frames = [frame for frame, _ in self.counts if frame.identity == name]
        if frames[0] in (BEYOND, IN_SYSTEM_CALL):
            return None
        has_one_line = len({frame.source for frame in frames}) == 1
        return TopFunction(frames[0] if has_one_line else frames[0]._replace(source=None), most)


def function_faults(faults: PageFaults, mappings: Iterable[int], *, is_mixed: bool = False) -> FunctionFaults:
    """Faults in some mappings by function, see `FunctionFaults`."""
    counts = Counter[Frame]()
    for mapping in mappings:
        counts.update(function_counts(faults, mapping))
    largest = tuple(counts.most_common(MAX_FUNCTIONS))
    return FunctionFaults(largest, counts.total(), faults.lost > 0, faults.in_system_calls > 0, is_mixed)


def function_counts(faults: PageFaults, mapping: int) -> Counter[Frame]:
    """Count the faults of a mapping by who asked for the memory; `BEYOND` and `IN_SYSTEM_CALL` are not known."""
    counts, rows = Counter[Frame](), _rows_by_mapping(faults)
    for at in rows.of_mapping.get(mapping, ()):
        counts[_innermost(faults.stacks, rows.stack[at])] += rows.faults[at]
    return counts


@dataclass(frozen=True, slots=True)
class _SortedRows:
    """Rows of some faults, in order of their mapping."""

    of_mapping: dict[int, range]
    stack: list[int]
    faults: list[int]


@lru_cache(4)
def _rows_by_mapping(faults: PageFaults) -> _SortedRows:
    """Sort the rows by mapping; cached, since each event of a tick asks for them."""
    order = np.argsort(faults.mapping, kind="stable")
    mappings, first = np.unique(faults.mapping[order], return_index=True)
    starts = [*first.tolist(), len(order)]
    return _SortedRows(
        {mapping: range(low, high) for mapping, (low, high) in zip(mappings.tolist(), pairwise(starts), strict=True)},
        faults.stack[order].tolist(),
        faults.faults[order].tolist(),
    )


_SCRIPT = re.compile(r"py::|(?:JS|LazyCompile|Function|Script):")
"""Begins the names of functions of a language that is interpreted, or compiled at run time."""


@lru_cache(1 << 14)
def _innermost(stacks: CallStacks, stack: int) -> Frame:
    """The function that asked for the memory: the innermost that is not skipped; `BEYOND` if it is not known.

    Of a script it is the script's own, not one of the interpreter; of a stripped program, the innermost with a name.
    """
    from smapstop.model.callers.folding import fold_frames  # compiles its rules: only when there is a stack

    frames = fold_frames(stacks.frames_of(stack))
    named = (frame for frame in frames if frame.name)
    return next(filter(is_script, frames), next(named, BEYOND))


def is_script(frame: Frame) -> bool:
    """Whether a function is of a script, such as Python's, and not of its interpreter."""
    return bool(_SCRIPT.match(frame.name or ""))
