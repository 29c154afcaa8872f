"""P8 and P10: memory of the history, and size of a recording."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from benchmarks.figures import Measurement
from benchmarks.timeline import ticks
from smapstop.model.events import NO_EVENTS
from smapstop.model.timeline.timeline import Timeline
from smapstop.recording.writer import Recorder

HOUR = 3_600


def measurements() -> Iterator[Measurement]:
    """Measure history and recording."""
    yield measure_history()
    yield measure_recording()


def measure_history() -> Measurement:
    """Memory of one growth hour of 500 mappings, of which 50 change each second."""
    timeline = Timeline()
    sizes = []
    for tick in ticks(500, 50, 2 * HOUR):
        timeline.append(tick)
        if (tick.number + 1) % HOUR == 0:
            sizes.append(timeline.nbytes)
    (growth,) = (after - before for before, after in pairwise(sizes))
    what = "another hour of history, 500 mappings, 50 changed a second"
    return Measurement("P8", what, "", growth / (1 << 20), 12, f"{growth / HOUR:,.0f} bytes a tick", "MiB")


def measure_recording() -> Measurement:
    """Size of a changed mapping in a tick of a recording, without and with an event."""
    without, with_event = bytes_per_change(with_events=False), bytes_per_change(with_events=True)
    detail = f"{with_event:.0f} with an event each"
    return Measurement("P10", "a changed mapping in a tick of a recording", "", without, 60, detail, "bytes")


def bytes_per_change(*, with_events: bool) -> float:
    """Bytes that each changed mapping adds to a recording."""
    with tempfile.TemporaryDirectory() as directory:
        recorder = Recorder(Path(directory) / "run.smaps")
        pages = list[int]()
        for tick in ticks(500, 50, 400):
            recorder.write_ticks(tick if with_events else replace(tick, events=NO_EVENTS))
            if tick.number in (100, 399):
                pages.append(recorder._database.execute("PRAGMA page_count").fetchone()[0])  # noqa: SLF001
        recorder.close("done")
    return (pages[1] - pages[0]) * 4096 / (299 * 50)
