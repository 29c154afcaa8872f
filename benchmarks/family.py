"""P14: cost of following a family, all of whose members change each second, and how old what is shown gets."""

import queue
import time
from collections.abc import Iterator
from contextlib import closing

import psutil

from benchmarks.figures import Measurement
from benchmarks.measure import run_target
from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import Attach, FollowFamily, Pace, SampleMembers
from smapstop.source.base import SourceMessage
from smapstop.source.live import LiveSource

MEMBERS, SAMPLED, SECONDS = 50, 5, 20
SETTLE_SECONDS = 8
"""Time after which all members have been read."""


def measurements() -> Iterator[Measurement]:
    """Measure a family as the open view follows it: the totals of all, and samples of some."""
    with run_target("family", MEMBERS) as process:
        share, age, readings = _follow(process.pid)
    what = f"{MEMBERS} processes of 300 mappings, all of them changing, followed once a second"
    yield Measurement("P14", what, "", 100 * share, 5, f"{readings} readings in {SECONDS} s", "% of a CPU")
    yield Measurement("P14", "greatest age of the totals of one of them", "", age, 5, "", "s")


def _follow(pid: int) -> tuple[float, float, int]:
    """Share of a CPU that the sampler takes, greatest age of a member's memory in seconds, and number of readings."""
    messages = queue.SimpleQueue[SourceMessage]()
    with closing(LiveSource()) as source:
        source.start(messages.put)
        children = [child.pid for child in psutil.Process(pid).children()]
        for request in (Attach(pid, Pace(), callers=True), FollowFamily(), SampleMembers(tuple(children[:SAMPLED]))):
            source.request(request)
        time.sleep(SETTLE_SECONDS)
        (sampler,) = (each for each in psutil.Process().children() if "smapstop.sampling" in each.cmdline())
        _readings(messages)
        began, before = time.monotonic(), sum(sampler.cpu_times()[:2])
        time.sleep(SECONDS)
        took, used = time.monotonic() - began, sum(sampler.cpu_times()[:2]) - before
    readings = _readings(messages)
    age_ns = max(int((each.monotonic_ns + each.cost_ns - each.read_ns).max()) for each in readings)
    return used / took, age_ns / 1e9, len(readings)


def _readings(messages: queue.SimpleQueue[SourceMessage]) -> list[FamilyReading]:
    """The readings that came so far."""
    found = []
    while not messages.empty():
        message = messages.get()
        if isinstance(message, FamilyReading):
            found.append(message)
    return found
