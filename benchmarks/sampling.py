"""P1 to P3, P9, P11, P12, P15, P16: cost of a sample relative to cat of smaps, and its cost to the target."""

import shutil
import signal
import statistics
import time
from collections.abc import Callable, Iterator

import psutil

from benchmarks.figures import Measurement
from benchmarks.measure import cpu_seconds, cpu_seconds_of, measure_ratio, run_target
from smapstop.model.protocol import Attach, Pace
from smapstop.proc.process import ProcDir
from smapstop.proc.remote.process import RemoteMachine, RemoteProcDir
from smapstop.proc.remote.shell import RemoteShell
from smapstop.sampling.sampler import Sampler

EAGER_PACE = Pace(1, 1.0)
"""Read smaps at every tick."""
CHANGES = {"moving": ", 5 % changed", "renewed": ", 5 % came or went"}
"""What changes between two samples, by the target that changes it on SIGUSR1."""


def measurements() -> Iterator[Measurement]:
    """Measure samples, other tools, growth, and the cost to the target."""
    yield measure_sample("P1", 60_000, 1.25, first=True)
    yield measure_sample("P2", 1_000, 1.4)
    yield measure_sample("P3", 60_000, 1.25, "moving")
    yield measure_sample("P16", 60_000, 1.25, "renewed")
    yield measure_via()
    yield from measure_peers()
    yield measure_growth()
    yield from measure_target_cost()


def cat_seconds(pid: int) -> float:
    """CPU time of `cat` of smaps, without that of starting cat, seconds."""
    return cpu_seconds_of("cat", f"/proc/{pid}/smaps") - cpu_seconds_of("cat", "/dev/null")


def measure_sample(
    name: str, mappings: int, goal: float, target: str = "many", *, first: bool = False
) -> Measurement:
    """CPU time of a full sample relative to cat: the first sample or a later one, with or without changes."""
    with run_target(target, mappings) as process, ProcDir(process.pid) as directory:
        sampler = Sampler(directory, EAGER_PACE)
        sampler.sample()

        def ours() -> float:
            if target in CHANGES:
                process.send_signal(signal.SIGUSR1)
                assert process.stdout is not None
                process.stdout.readline()
            measured = Sampler(directory, EAGER_PACE) if first else sampler
            repeats = max(1, 10_000 // mappings)
            return cpu_seconds(lambda: [measured.sample() for _ in range(repeats)]) / repeats

        times, we, they = measure_ratio(ours, lambda: cat_seconds(process.pid))
    what = f"{'first' if first else 'one more'} sample of {mappings:,} mappings{CHANGES.get(target, '')}"
    return Measurement(name, what, "CPU of cat", times, goal, f"{we * 1e3:.1f} ms against {they * 1e3:.1f} ms")


def measure_via() -> Measurement:
    """CPU time here of one more sample of 1,000 mappings through a shell, relative to one that is read directly."""
    repeats = 10
    with (
        run_target("many", 1_000) as process,
        ProcDir(process.pid) as directory,
        RemoteShell("sh") as shell,
        RemoteProcDir(RemoteMachine(shell), process.pid) as elsewhere,
    ):
        here, there = Sampler(directory, EAGER_PACE), Sampler(elsewhere, EAGER_PACE)

        def seconds(sampler: Sampler) -> float:
            return cpu_seconds(lambda: [sampler.sample() for _ in range(repeats)]) / repeats

        for sampler in (here, there):
            sampler.sample()
        times, we, they = measure_ratio(lambda: seconds(there), lambda: seconds(here))
    what = "one more sample of 1,000 mappings --via a shell: CPU time here"
    return Measurement("P15", what, "read directly", times, 1.5, f"{we * 1e3:.1f} ms against {they * 1e3:.1f} ms")


def measure_peers() -> Iterator[Measurement]:
    """CPU time of other tools for one reading of the same process, with nothing stored or compared."""
    with run_target("many", 60_000) as process:
        others: dict[str, Callable[[], float]] = {
            "psutil: memory_maps(grouped=False)": lambda: cpu_seconds(
                lambda: psutil.Process(process.pid).memory_maps(grouped=False)
            ),
        }
        if shutil.which("pmap"):
            others["pmap -X"] = lambda: cpu_seconds_of("pmap", "-X", process.pid)
        for what, theirs in others.items():
            times, they, least = measure_ratio(theirs, lambda: cat_seconds(process.pid), 3)
            yield Measurement(
                "", f"peer: {what}", "CPU of cat", times, None, f"{they * 1e3:.0f} ms against {least * 1e3:.0f} ms"
            )


def measure_growth() -> Measurement:
    """Cost of a sample per mapping at 60,000 mappings, relative to 1,000."""
    times = sample_seconds(60_000) / (60 * sample_seconds(1_000))
    return Measurement("P11", "cost of a sample per mapping at 60,000", "at 1,000", times, 1.2)


def sample_seconds(mappings: int) -> float:
    """CPU time of one more sample, seconds: the least of five."""
    with run_target("many", mappings) as process, ProcDir(process.pid) as directory:
        sampler = Sampler(directory, EAGER_PACE)
        sampler.sample()
        repeats = 60_000 // mappings
        return min(cpu_seconds(lambda: [sampler.sample() for _ in range(repeats)]) for _ in range(5)) / repeats


def measure_target_cost() -> Iterator[Measurement]:
    """Speed that a program keeps, and its longest round, while it is sampled once a second."""
    maps, faults = "maps, touches and unmaps", "only faults"
    for kind, what, mib in (("churn", maps, 0), ("faulting", faults, 0), ("churn", maps, 1024)):
        suffix = ", with another 1 GiB resident" if mib else ""
        kept, alone, watched = remaining_speed(kind, mib)
        detail = f"longest round {watched:.1f} ms against {alone:.1f} ms"
        yield Measurement(
            "P9", f"what a target that {what} keeps of its speed{suffix}", "unwatched", kept, 0.97, detail, least=True
        )
    yield measure_callers_cost()


def measure_callers_cost() -> Measurement:
    """Work that a target does per second of its CPU time, while its page faults are watched with their callers."""
    with run_target("working", 0) as process:
        assert process.stdout is not None
        output, target = process.stdout, psutil.Process(process.pid)

        def work_per_second() -> float:
            output.readline()
            before, rounds = target.cpu_times(), 0
            for _ in range(4):
                rounds += int(output.readline().split()[0])
            after = target.cpu_times()
            return rounds / (after.user + after.system - before.user - before.system)

        def watched() -> float:
            with _RunningSampler(process.pid, callers=True):
                return work_per_second()

        kept, we, they = measure_ratio(watched, work_per_second, 5)
    what = "work per CPU second of a target with 10,000 faults a second, watched with callers"
    return Measurement(
        "P12", what, "unwatched", kept, 0.97, f"{8 * we:.0f} faults against {8 * they:.0f}", least=True
    )


def remaining_speed(kind: str, mib: int) -> tuple[float, float, float]:
    """Share of its speed that a target keeps, and its longest rounds unwatched and watched, ms."""
    with run_target(kind, mib) as process:
        assert process.stdout is not None
        output = process.stdout

        def read_second() -> tuple[int, int]:
            rounds, longest = output.readline().split()
            return int(rounds), int(longest)

        watched, alone = list[tuple[int, int]](), list[tuple[int, int]]()
        read_second()
        for _ in range(4):
            alone += [read_second() for _ in range(3)]
            with _RunningSampler(process.pid):
                read_second()
                watched += [read_second() for _ in range(3)]
            read_second()
    speeds = [statistics.median(rounds for rounds, _ in seconds) for seconds in (watched, alone)]
    longest = [statistics.median(most for _, most in seconds) / 1000 for seconds in (alone, watched)]
    return speeds[0] / speeds[1], longest[0], longest[1]


class _RunningSampler:
    """Context in which a sampler process samples once a second."""

    def __init__(self, pid: int, *, callers: bool = False) -> None:
        from smapstop.source.live import LiveSource

        self._source = LiveSource()
        self._source.start(lambda _: None)
        self._source.request(Attach(pid, Pace(), callers))

    def __enter__(self) -> None:
        time.sleep(1)

    def __exit__(self, *_: object) -> None:
        self._source.close()
