"""The budget on real processes that are dear to read. No timing is asserted: only what follows from the costs."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stepped_program import DEADLINE_SECONDS, SteppedProgram

from smapstop.model.protocol import Pace
from smapstop.model.tick import Tick
from smapstop.proc.process import ProcDir
from smapstop.sampling.sampler import Sampler

Program = Callable[[str], Path]


def sample_until(sampler: Sampler, ticks: list[Tick], holds: Callable[[], bool]) -> None:
    """Sample whenever it is due, until something holds of the ticks."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < end, [(tick.tier, costs(tick) / 1e6) for tick in ticks]
        time.sleep(max(0, sampler.pacer.due_ns - time.monotonic_ns()) / 1e9)
        ticks.append(sampler.sample())


def costs(tick: Tick) -> int:
    """What is charged at least: a reading that once stood still is not charged in full."""
    return max(tick.cpu_ns, min(tick.read_ns, 4 * tick.cpu_ns))


@pytest.mark.parametrize(
    ("mappings", "resident_mib", "pace"),
    [
        (60_000, 1, Pace(50_000_000, 0.5)),  # its smaps takes about 200 ms
        (10, 512, Pace(10_000_000, 0.2)),  # … about 7 ms, all of it for looking at every page
    ],
)
def test_a_dear_process_is_read_less_often_and_a_cheap_one_every_time(
    program: Program, mappings: int, resident_mib: int, pace: Pace
) -> None:
    with (
        SteppedProgram(program("dear"), str(mappings), str(resident_mib)) as stepping,
        ProcDir(stepping.pid) as process,
    ):
        sampler = Sampler(process, pace)
        ticks = [sampler.sample()]
        sample_until(sampler, ticks, lambda: sum(tick.tier == "smaps" for tick in ticks) == 4)
        passed = ticks[-1].monotonic_ns - ticks[0].monotonic_ns
        dearest = max(map(costs, ticks))

        assert len(ticks) > 4  # between them only what is cheap was read
        assert {tick.tier for tick in ticks} <= {"smaps", "rollup", "counters"}
        assert sum(map(costs, ticks[:-1])) <= pace.budget * passed + dearest
        assert ticks[-1].smaps_interval_ns > pace.interval_ns

        stepping.go()
        sample_until(sampler, ticks, lambda: [tick.tier for tick in ticks[-3:]] == ["smaps"] * 3)
        sample_until(sampler, ticks, lambda: ticks[-1].smaps_interval_ns == pace.interval_ns)
