"""Page faults as rows of the tables of a recording, and back."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from smapstop.model.callers.call_stacks import CallStacks
from smapstop.model.callers.folding import fold_frames
from smapstop.model.callers.page_faults import NO_LONGER_MAPPED, PageFaults
from smapstop.proc.callstack.frames import Frame
from smapstop.recording.schema import FAULT_PREFIX, FAULT_TOTALS, Cell, TableRow, to_signed, to_unsigned


class FaultRows(NamedTuple):
    """Rows of a tick in the tables of page faults; a new frame comes before the stacks that have it."""

    faults: list[TableRow]
    call_stacks: list[TableRow]
    """Stacks that no tick before has. The number of the first is 1, like that of the first frame."""
    frames: list[TableRow]


NO_FAULT_ROWS = FaultRows([], [], [])


class FaultEncoder:
    """Encodes the faults of the ticks of a recording, in order. Its stacks have numbers of their own."""

    def __init__(self) -> None:
        self._stacks = CallStacks()
        self._source: CallStacks | None = None
        self._numbers: dict[int, int] = {}
        """Number of each stack of the source."""

    def encode(self, number: int, faults: PageFaults | None) -> FaultRows:
        """Encode the faults of a tick."""
        if faults is None:
            return NO_FAULT_ROWS
        if faults.stacks is not self._source:
            self._source, self._numbers = faults.stacks, {}
        stacks_before, frames_before = len(self._stacks), self._stacks.frame_count
        stacks = [self._number_of(stack) for stack in faults.stack.tolist()]
        mappings = [None if mapping == NO_LONGER_MAPPED else mapping for mapping in faults.mapping.tolist()]
        rows, frames = self._stacks.additions_since(stacks_before, frames_before)
        return FaultRows(
            [
                (number, mapping, stack, count)
                for mapping, stack, count in zip(mappings, stacks, faults.faults.tolist(), strict=True)
            ],
            [
                (number, stack, caller, position + 1, function_of(self._stacks.frames_of(stack)))
                for stack, (caller, position) in enumerate(rows, stacks_before)
            ],
            [
                (number, at, frame.name, frame.file, to_signed([frame.offset])[0], frame.source, int(frame.inlined))
                for at, frame in enumerate(frames, frames_before + 1)
            ],
        )

    def _number_of(self, stack: int) -> int:
        """Number of a stack of the source, here."""
        number = self._numbers.get(stack)
        if number is None:
            assert self._source is not None
            number = self._numbers[stack] = self._stacks.intern(self._source.frames_of(stack))
        return number


def function_of(frames: tuple[Frame, ...]) -> str:
    """Function that asked for the memory, as text; empty without frames."""
    folded = fold_frames(frames)
    if not folded:
        return ""
    return folded[0].name or f"{folded[0].file}+{folded[0].offset:#x}"


def fault_totals(faults: PageFaults | None) -> dict[str, Cell]:
    """Encode the totals as columns of `ticks`; there are none without faults."""
    return {} if faults is None else {f"{FAULT_PREFIX}{name}": getattr(faults, name) for name in FAULT_TOTALS}


def decode_faults(tick: Mapping[str, Cell], rows: FaultRows, stacks: CallStacks) -> PageFaults | None:
    """Decode the faults of a tick; None if they were not watched.

    Args:
        tick: Row of `ticks`.
        rows: Its other rows.
        stacks: Stacks of the ticks before; those that are new are added.

    Raises:
        ValueError: The rows are damaged. So are values that raise TypeError or OverflowError.
    """
    frames = [
        Frame(name, file, to_unsigned(offset), source, any(inlined))
        for _, _, name, file, offset, source, *inlined in rows.frames
    ]
    stacks.extend([(caller, frame - 1) for _, _, caller, frame, _ in rows.call_stacks], frames)
    totals = [tick.get(f"{FAULT_PREFIX}{name}") for name in FAULT_TOTALS]
    if None in totals:
        return None
    stack = np.array([row[2] for row in rows.faults], np.int32)
    if len(stack) and not 0 <= stack.min() <= stack.max() < len(stacks):
        raise ValueError("faults refer to stacks that there are not")
    mapping = [NO_LONGER_MAPPED if row[1] is None else row[1] for row in rows.faults]
    columns = np.array(mapping, np.int64), stack, np.array([row[3] for row in rows.faults], np.int64)
    minor, major, seen, lost, in_system_calls = map(int, totals)  # type: ignore[arg-type]
    return PageFaults(minor, major, seen, lost, in_system_calls, *columns, stacks)
