"""The ticks of a real process, sent as the sampler sends them, come back from a packed timeline as they were."""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from random_ticks import assert_same
from stepped_program import stepped_python

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.protocol import Pace
from smapstop.model.tick import ExitStatus, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.process import ProcDir
from smapstop.sampling import sampler, transition
from smapstop.sampling.wire import Decoder, Encoder, read_frame

GROWING = """
import mmap
kept = []
for number in range(40):
    step()
    kept.append(bytearray(1 << (10 + number % 12)))
    kept.append(mmap.mmap(-1, 4096 * (1 + number % 5)))
    kept[-1][0] = 1
    if number % 7 == 0:
        kept.pop(0)
    if number == 20:
        step()
        again = "import os; os.write(1, b'step 0\\\\n'); os.read(0, 1)"
        os.execv(sys.executable, [sys.executable, "-S", "-c", again])
"""


def sampled() -> Iterator[Tick]:
    """What the sampler tells of a process that grows, becomes another program, and ends."""
    encoder, decoder = Encoder(), Decoder()

    def sent(tick: Tick) -> Tick:
        parts = read_frame(BytesIO(encoder.encode(tick)).read)
        assert parts is not None
        received = decoder.decode(*parts)
        assert isinstance(received, Tick)
        return received

    with stepped_python(GROWING) as target, ProcDir(target.pid) as process:
        sampling = sampler.Sampler(process, Pace(budget=1.0))
        for _ in range(22):
            yield sent(sampling.sample())
            target.go()
        yield sent(sampling.sample())
        last = sampling.final_tick(ExitStatus(status=0))
        assert last is not None
        yield sent(last)


@pytest.fixture
def _many_keyframes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transition, "KEYFRAME_EVERY", 5)


@pytest.mark.usefixtures("_many_keyframes")
def test_real_ticks_come_back_as_they_were() -> None:
    ticks = list(sampled())
    assert any(tick.executed for tick in ticks)
    assert sum(tick.keyframe for tick in ticks) >= 5
    timeline, moments = Timeline(segment_ticks=6), list[MapSnapshot]()
    for tick in ticks:
        timeline.append(tick)
        moments.append(apply_tick(moments[-1] if moments else None, tick))
    timeline.snapshots.clear()

    for expected in reversed(moments):
        number = expected.tick.number
        assert_same(ticks[number], timeline.ticks[number], f"tick {number}")
        found = timeline.at(number)
        for part in ("tick", "ids", "mappings", "last_changed"):
            assert_same(getattr(expected, part), getattr(found, part), f"{part} at {number}")


def test_the_life_of_a_real_heap_is_that_of_its_moments() -> None:
    timeline, rss, heap = Timeline(segment_ticks=6), list[float](), -1
    for tick in sampled():
        moment = timeline.append(tick)
        if not tick.number:
            names = [moment.mappings.name_of(row) for row in range(len(moment.ids))]
            heap = int(moment.ids[names.index("[heap]")])
        row, column = moment.row_of(heap), moment.mappings.get("rss")
        assert column is not None
        rss.append(np.nan if row is None else column[row])

    life = MappingHistory(timeline, heap)

    np.testing.assert_array_equal(rss, life.amounts(np.arange(len(rss)))[life.fields.index("rss")])
    assert len(life.states) > 3
    assert life.gone_tick == 22
