"""Table of call stacks: each once, as the frame of a function that was called from another stack."""

from collections.abc import Iterable

from smapstop.proc.callstack.frames import Frame

NO_STACK = 0
"""Id of the stack of faults whose callers are not known."""
BEYOND = Frame("…", "", 0)
"""Outermost frame of a stack whose further callers are not known."""
IN_SYSTEM_CALL = Frame("[system call]", "", 0)
"""Stands for the code of the kernel, where no stack was sampled."""
MAX_STACKS = 100_000

_NO_FRAME = -1
StackRow = tuple[int, int]
"""Id of the stack that called, and position of the frame."""


class CallStacks:
    """Call stacks by id, in order of appearance; ids never change. Stacks with the same callers share them."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._frame_positions: dict[Frame, int] = {}
        self._rows: list[StackRow] = [(NO_STACK, _NO_FRAME)]
        self._ids: dict[StackRow, int] = {}

    def __len__(self) -> int:
        """Number of stacks, `NO_STACK` included."""
        return len(self._rows)

    @property
    def frame_count(self) -> int:
        """Number of different frames."""
        return len(self._frames)

    def intern(self, frames: Iterable[Frame]) -> int:
        """Return the id of a stack, innermost frame first, and add it if it is new.

        `NO_STACK` once the table is full.
        """
        stack = NO_STACK
        for frame in reversed(tuple(frames)):
            position = self._frame_positions.get(frame, len(self._frames))
            called = self._ids.get((stack, position))
            if called is None:
                if len(self._rows) > MAX_STACKS:
                    return NO_STACK
                if position == len(self._frames):
                    self._add_frame(frame)
                called = self._add_row((stack, position))
            stack = called
        return stack

    def frames_of(self, stack: int) -> tuple[Frame, ...]:
        """Return the frames of a stack, innermost first."""
        frames = []
        while stack:
            stack, position = self._rows[stack]
            frames.append(self._frames[position])
        return tuple(frames)

    def additions_since(self, stacks: int, frames: int) -> tuple[list[StackRow], list[Frame]]:
        """Return what was added after the first stacks and frames: rows, and frames that their positions refer to."""
        return self._rows[stacks:], self._frames[frames:]

    def extend(self, rows: Iterable[StackRow], frames: Iterable[Frame]) -> None:
        """Append what another table added (see `additions_since`), so that ids agree in both.

        Raises:
            ValueError: A row refers to a stack or a frame that is not in the table.
        """
        for frame in frames:
            self._add_frame(frame)
        for caller, position in rows:
            if not (0 <= caller < len(self._rows) and 0 <= position < len(self._frames)):
                raise ValueError(f"no stack {caller} or frame {position}")
            self._add_row((caller, position))

    def _add_frame(self, frame: Frame) -> None:
        self._frame_positions[frame] = len(self._frames)
        self._frames.append(frame)

    def _add_row(self, row: StackRow) -> int:
        stack = self._ids[row] = len(self._rows)
        self._rows.append(row)
        return stack
