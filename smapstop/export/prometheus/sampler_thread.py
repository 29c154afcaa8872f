"""Sample a fleet in a thread of its own, so that a scrape never waits for a process."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from smapstop.model.fleet.figures import FleetFigures
from smapstop.model.protocol import GRACE_SECONDS


class Fleet(Protocol):
    """A fleet that is watched; see `FleetWatch`."""

    @property
    def due_ns(self) -> int:
        """When something is due, monotonic clock, ns."""

    def step(self) -> None:
        """Do what is due."""

    def figures(self) -> FleetFigures:
        """Figures of all that is known now."""


class SamplerThread:
    """Thread that does what a fleet has due, and publishes its figures; a context that ends with the thread.

    Args:
        fleet: The fleet; from now on only the thread uses it.
        fail: Called, in the thread, with an error that ended it.
    """

    def __init__(self, fleet: Fleet, fail: Callable[[BaseException], object]) -> None:
        self._fleet = fleet
        self._fail = fail
        self._figures = fleet.figures()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="smapstop-fleet", daemon=True)

    def latest(self) -> FleetFigures:
        """Latest figures."""
        return self._figures

    def __enter__(self) -> "SamplerThread":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(GRACE_SECONDS)

    def _run(self) -> None:
        """Body of the thread."""
        try:
            next_ns = self._fleet.due_ns
            while not self._stop.wait(max(0.0, (next_ns - time.monotonic_ns()) / 1e9)):
                next_ns = max(self._step(), self._fleet.due_ns)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the thread raises it
            self._fail(error)

    def _step(self) -> int:
        """Do what is due, and return when the budget has paid for it, monotonic clock, ns.

        The fleet paces its readings; this is for the rest: finding out who is there, and adding up.
        """
        began_ns, cpu_ns = time.monotonic_ns(), time.thread_time_ns()
        self._fleet.step()
        self._figures = self._fleet.figures()
        return began_ns + int((time.thread_time_ns() - cpu_ns) / self._figures.budget)
