"""The thread that samples: it publishes figures, ends when asked to, and says why it ended otherwise."""

import queue
import threading
import time
from contextlib import closing
from urllib.request import urlopen

from stepped_program import DEADLINE_SECONDS, wait_until

from smapstop.export.prometheus.sampler_thread import SamplerThread
from smapstop.export.prometheus.server import MetricsServer
from smapstop.model.fleet.figures import FleetFigures


class Fleet:
    """A fleet that counts its steps."""

    def __init__(self) -> None:
        self.steps = 0
        self.fails = False
        self.cost_ns = 0
        self.budget = 1.0

    @property
    def due_ns(self) -> int:
        return time.monotonic_ns() + 1_000_000

    def step(self) -> None:
        self.steps += 1
        began_ns = time.thread_time_ns()
        while time.thread_time_ns() < began_ns + self.cost_ns:
            pass
        if self.fails:
            raise ValueError("no good")

    def figures(self) -> FleetFigures:
        return FleetFigures((), cost_ns=self.steps, budget=self.budget)


def test_figures_are_those_after_the_last_step_and_the_thread_ends() -> None:
    fleet, errors = Fleet(), list[BaseException]()
    sampler = SamplerThread(fleet, errors.append)
    assert sampler.latest().cost_ns == 0, "there are figures before the first step"
    before = set(threading.enumerate())
    with sampler:
        wait_until(lambda: sampler.latest().cost_ns >= 3)
    assert set(threading.enumerate()) <= before
    assert not errors


def test_all_that_a_step_takes_is_within_the_budget() -> None:
    fleet = Fleet()
    fleet.cost_ns, fleet.budget = 5_000_000, 0.1
    began = time.monotonic()
    with SamplerThread(fleet, print):
        wait_until(lambda: fleet.steps >= 4)
    assert time.monotonic() - began >= 3 * 0.05


def test_a_scrape_never_waits_for_a_reading() -> None:
    class Stuck(Fleet):
        def step(self) -> None:
            reads.set()
            assert goes_on.wait(DEADLINE_SECONDS)

    reads, goes_on = threading.Event(), threading.Event()
    with (
        SamplerThread(Stuck(), print) as sampler,
        closing(MetricsServer(("127.0.0.1", 0), sampler.latest, "kind")) as server,
    ):
        server.start()
        assert reads.wait(DEADLINE_SECONDS)
        with urlopen(server.url, timeout=DEADLINE_SECONDS) as reply:
            assert b"smapstop_cpu_budget_ratio 1.0" in reply.read()
        goes_on.set()


def test_an_error_is_handed_over() -> None:
    fleet, errors = Fleet(), queue.SimpleQueue[BaseException]()
    fleet.fails = True
    with SamplerThread(fleet, errors.put):
        assert str(errors.get(timeout=DEADLINE_SECONDS)) == "no good"
