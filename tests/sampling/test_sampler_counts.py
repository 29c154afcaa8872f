"""What a tick costs, in counts that are the same on every machine: reads, memory, bytes on the wire."""

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stepped_program import SteppedProgram

from smapstop.model.protocol import Pace
from smapstop.model.tick import Tick
from smapstop.proc.process import ProcDir
from smapstop.proc.read_buffer import CHUNK_BYTES
from smapstop.sampling.sampler import Sampler
from smapstop.sampling.transition import KEYFRAME_EVERY
from smapstop.sampling.wire import Encoder

MAPPINGS = 2000


@pytest.fixture
def dear(program: Callable[[str], Path]) -> Iterator[ProcDir]:
    """A process with 2,000 mappings that stands still."""
    with SteppedProgram(program("dear"), str(MAPPINGS), "1") as stepping, ProcDir(stepping.pid) as process:
        yield process


def reads() -> int:
    """How often this process has called read(2)."""
    return int(Path("/proc/self/io").read_text().split("syscr: ")[1].split()[0])


def test_a_text_is_read_once_in_pieces_that_the_kernel_prints_once(dear: ProcDir) -> None:
    sampler = Sampler(dear, Pace(budget=1.0))
    sampler.sample()
    pieces = len(dear.read_smaps()) / (CHUNK_BYTES - 1024)  # a piece ends with its last whole record
    before = reads()
    sampler.sample()

    assert reads() - before < pieces + 20


def test_a_tick_without_news_needs_no_second_text(dear: ProcDir) -> None:
    sampler, size_bytes = Sampler(dear, Pace(budget=1.0)), len(dear.read_smaps())
    for _ in range(2):
        sampler.sample()
    peaks_bytes = []
    tracemalloc.start()
    try:
        for _ in range(5):  # other processes map libc, too: in some of these ticks there is news
            tracemalloc.reset_peak()
            before_bytes = tracemalloc.get_traced_memory()[0]
            sampler.sample()
            peaks_bytes.append(tracemalloc.get_traced_memory()[1] - before_bytes)
    finally:
        tracemalloc.stop()

    assert size_bytes > 1_000_000
    assert min(peaks_bytes) < size_bytes * 2 / 3  # a second text would be all of it; news take half of it


def test_on_the_wire_a_tick_has_the_size_of_its_news(dear: ProcDir) -> None:
    sampler, encoder = Sampler(dear, Pace(budget=1.0)), Encoder()

    def sent_bytes(tick: Tick) -> int:
        return len(encoder.encode(tick))

    whole, *others = [sent_bytes(sampler.sample()) for _ in range(5)]

    assert len(others) < KEYFRAME_EVERY
    assert whole > MAPPINGS * 200
    assert max(others) < 16_384  # other processes map libc, too, and move its rows
