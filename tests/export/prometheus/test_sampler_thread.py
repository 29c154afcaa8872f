"""The thread that samples: it publishes figures, ends when asked to, and says why it ended otherwise."""

import queue
import threading
import time

from stepped_program import DEADLINE_SECONDS, wait_until

from smapstop.export.prometheus.sampler_thread import SamplerThread
from smapstop.model.fleet.figures import FleetFigures


class Fleet:
    """A fleet that counts its steps."""

    def __init__(self) -> None:
        self.steps = 0
        self.fails = False

    @property
    def due_ns(self) -> int:
        return time.monotonic_ns() + 1_000_000

    def step(self) -> None:
        self.steps += 1
        if self.fails:
            raise ValueError("no good")

    def figures(self) -> FleetFigures:
        return FleetFigures((), cost_ns=self.steps)


def test_figures_are_those_after_the_last_step_and_the_thread_ends() -> None:
    fleet, errors = Fleet(), list[BaseException]()
    sampler = SamplerThread(fleet, errors.append)
    assert sampler.latest().cost_ns == 0, "there are figures before the first step"
    before = threading.active_count()
    with sampler:
        wait_until(lambda: sampler.latest().cost_ns >= 3)
    assert threading.active_count() == before
    assert not errors


def test_an_error_is_handed_over() -> None:
    fleet, errors = Fleet(), queue.SimpleQueue[BaseException]()
    fleet.fails = True
    with SamplerThread(fleet, errors.put):
        assert str(errors.get(timeout=DEADLINE_SECONDS)) == "no good"
