"""P13: CPU time of unwinding and naming stacks, and of the first stack of a large program."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.figures import Measurement
from benchmarks.measure import PAIRS, cpu_seconds
from smapstop.proc.callstack.fault_records import StackSample
from smapstop.proc.callstack.frame_names import FrameNames
from smapstop.proc.callstack.perf_events import FaultRings
from smapstop.proc.callstack.process_code import ProcessCode
from smapstop.proc.callstack.registers import Architecture, native_architecture
from smapstop.proc.callstack.unwind import Unwinder
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir

FUNCTIONS = 400_000
"""Functions of the large program, of 240 bytes each: it has 100 MB of code and 17 MB of tables of its frames."""
LEAST_SAMPLES = 200
REPEATS = 20
DEADLINE_SECONDS = 30


def measurements() -> Iterator[Measurement]:
    """Measure a usual program and a large one, if stacks can be sampled here."""
    architecture = native_architecture()
    if architecture is None:
        return
    with tempfile.TemporaryDirectory(prefix="smapstop-bench-") as directory:
        with sampled(build(Path(directory))) as (process, samples):
            yield measure_warm(process, samples, architecture)
        with sampled(build(Path(directory), FUNCTIONS)) as (process, samples):
            yield measure_first(process, samples[0], architecture)


def build(directory: Path, functions: int = 0) -> Path:
    """Compile the target, with so many more functions, as optimised programs are: without frame pointers."""
    filler, program = directory / "filler.s", directory / f"deep{functions}"
    one = "f{0}: .cfi_startproc\n.skip 240, 0x90\n.cfi_endproc\n.type f{0}, @function\n.size f{0}, .-f{0}\n"
    filler.write_text(
        '.section .note.GNU-stack,"",@progbits\n.text\n' + "".join(one.format(number) for number in range(functions))
    )
    sources = [Path(__file__).with_name("deep.c"), filler]
    subprocess.run(["cc", "-g", "-O2", "-fomit-frame-pointer", "-o", program, *sources], check=True)
    return program


@contextmanager
def sampled(program: Path) -> Iterator[tuple[ProcDir, list[StackSample]]]:
    """Run a program, and sample some stacks of it."""
    with subprocess.Popen([program], stdout=subprocess.PIPE) as running:
        try:
            assert running.stdout is not None
            running.stdout.readline()
            with ProcDir(running.pid) as process, closing(FaultRings(process)) as rings:
                samples, deadline = list[StackSample](), time.monotonic() + DEADLINE_SECONDS
                while len(samples) < LEAST_SAMPLES:
                    if time.monotonic() > deadline:
                        sys.exit("the target made no page faults")
                    time.sleep(0.01)
                    samples += rings.drain().stacks
                yield process, samples
        finally:
            running.kill()


def measure_warm(process: ProcDir, samples: list[StackSample], architecture: Architecture) -> Measurement:
    """CPU time of a stack whose code was seen before, and its names."""
    with closing(ProcessCode(process, architecture, ElfCache())) as code:
        unwinder, names = Unwinder(code), FrameNames(code)

        def work() -> int:
            return sum(
                len(names.frames(unwinder.unwind(sample.registers, sample.stack).addresses)) for sample in samples
            )

        frames = work() / len(samples)
        times = [cpu_seconds(lambda: [work() for _ in range(REPEATS)]) / REPEATS / len(samples) for _ in range(PAIRS)]
    figure = statistics.median(times) * 1e6
    return Measurement("P13", "unwind and name a stack, warm", "", figure, 100, f"{frames:.1f} frames", "µs")


def measure_first(process: ProcDir, sample: StackSample, architecture: Architecture) -> Measurement:
    """CPU time of the first stack of a program of 100 MB, with nothing known of it, and its names."""

    def work() -> None:
        with closing(ProcessCode(process, architecture, ElfCache())) as code:
            stack = Unwinder(code).unwind(sample.registers, sample.stack)
            assert FrameNames(code).frames(stack.addresses)[0].name == "down"

    figure = statistics.median(cpu_seconds(work) for _ in range(PAIRS)) * 1e3
    return Measurement("P13", "first stack of a program of 100 MB", "", figure, 300, f"{FUNCTIONS:,} functions", "ms")
