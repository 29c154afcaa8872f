"""Work on the screen in slices, one per frame: keys that are pressed meanwhile do not wait for all of it."""

from collections.abc import Callable, Iterator

from textual.message_pump import MessagePump
from textual.timer import Timer

_FRAME_SECONDS = 1 / 60


class FrameSlices:
    """Does work on the screen, one piece of work after another.

    Args:
        target: The screen.
    """

    def __init__(self, target: MessagePump) -> None:
        self._target = target
        self._work: Iterator[object] | None = None
        self._next: Callable[[], Iterator[object]] | None = None
        self._timer: Timer | None = None

    def do_now(self, work: Iterator[object]) -> None:
        """Do some work now, in place of what is left of earlier work."""
        self._work = self._next = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        for _ in work:
            pass

    def begin(self, work: Callable[[], Iterator[object]]) -> None:
        """Do some work in slices, once the earlier work is done; only the latest that waits for that is done.

        Args:
            work: Begins the work; a slice ends at each `yield`.
        """
        if self._work is None:
            self._work = work()
            self._run_slice()
        else:
            self._next = work

    def _run_slice(self) -> None:
        """Run the next slice."""
        work, self._timer = self._work, None
        if work is None:
            return
        if next(work, self) is self and self._work is work:  # it ended, and was not replaced meanwhile
            waiting, self._next = self._next, None
            self._work = None if waiting is None else waiting()
        if self._work is not None and self._timer is None:
            self._timer = self._target.set_timer(_FRAME_SECONDS, self._run_slice)
