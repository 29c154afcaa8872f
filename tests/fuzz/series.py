"""Texts that are imported as one recording: ticks in order of time, which can be recorded, or one error."""

from collections.abc import Iterator

from fuzz.smaps import SAVED_SMAPS
from smapstop.cli.output import sanitize_line
from smapstop.errors import SmapstopError
from smapstop.model.timeline.timeline import Timeline
from smapstop.saved_smaps.series import SavedFile, read_series

NEXT = b"\x1b\x1b"
"""Ends a file."""
NAMES = ("smaps.4711", "smaps-2026-11-29T20:54:36.txt", "a/20261129-205440", "x.gz")
MODIFIED_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000


def check(data: bytes) -> None:
    """Import the files; also with an interval."""
    files = [
        SavedFile(NAMES[number % len(NAMES)], f"file {number}", content, MODIFIED_NS + number * SECOND_NS)
        for number, content in enumerate(data.split(NEXT))
    ]
    for interval_ns in (None, SECOND_NS):
        try:
            series = read_series(files, interval_ns=interval_ns)
        except SmapstopError as error:
            assert error.what
            assert sanitize_line(str(error)).isprintable()
            continue
        assert [tick.number for tick in series.ticks] == list(range(len(series.ticks)))
        times = [tick.wall_ns for tick in series.ticks]
        assert times == sorted(set(times))
        assert series.page_kb > 0
        assert series.target.pid >= 0
        assert all(sanitize_line(note).isprintable() for note in series.notes)
        timeline = Timeline()
        for tick in series.ticks:
            timeline.append(tick)
        timeline.at(len(timeline) - 1)


def seeds() -> Iterator[bytes]:
    """Two readings of small processes, with dates of many kinds, in one file and in several."""
    texts = sorted((path.read_bytes() for path in SAVED_SMAPS.glob("*.txt")), key=len)[:4]
    one = b"".join(texts[0].splitlines(keepends=True)[:40])
    for text in (*texts[:2], one):
        yield text + NEXT + text.replace(b" 4 kB", b" 8 kB")
        yield b"Sun Nov 29 20:54:36 UTC 2026\n" + text + b"Sun Nov 29 20:54:37 UTC 2026\n" + text
        yield b"2026-11-29T20:54:36+01:00\n" + text + b"2026-11-29T20:54:36.5+01:00\n" + text
        yield b"1790000000\n" + text + NEXT + b"1790000001.25\n" + text + NEXT + text
        yield b"==> /proc/12/smaps <==\n" + text + b"\n==> /proc/12/smaps <==\n" + text
        yield text + b"--\n" + text + b"Sun 29 Nov 2026 08:54:36 PM CET\n"
        yield text[: len(text) // 2] + NEXT + text
    yield b"Sun Nov 29 20:54:37 UTC 2026\n" + one + b"Sun Nov 29 20:54:36 UTC 2026\n" + one
    yield b"99999999999999999999\n" + one + b"-1\n" + one
