"""Texts that people saved, with whatever is around them: readings that the kernel could print, or one error."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator

from factories import mapping_dicts

from fuzz.smaps import SAVED_SMAPS
from smapstop.cli.output import sanitize_line
from smapstop.errors import SmapstopError
from smapstop.proc.smaps.parser import parse_rollup, parse_smaps
from smapstop.saved_smaps.saved_text import decode_file, parse_reading, read_saved_text


def check(data: bytes) -> None:
    """Find the readings; each is a text that is read again as the same."""
    try:
        readings = read_saved_text(decode_file(data)).readings
    except SmapstopError as error:
        assert error.what
        assert error.remedy
        assert sanitize_line(str(error)).isprintable()
        return
    assert readings
    lines = [reading.line for reading in readings]
    assert lines == sorted(set(lines))
    for reading in readings:
        if reading.kind == "rollup":
            assert parse_rollup(reading.text) is not None
            continue
        mappings = parse_reading(reading)
        assert len(mappings)
        assert (mappings.start < mappings.end).all()
        assert (mappings.end[:-1] <= mappings.start[1:]).all()
        assert set(parse_smaps(reading.text).fields) >= set(mappings.fields) - {"size"}
        for note in reading.notes:
            assert note.startswith("line ")
        assert mapping_dicts(mappings)


def seeds() -> Iterator[bytes]:
    """Saved texts, dressed up."""
    texts = [path.read_bytes() for path in sorted(SAVED_SMAPS.glob("*.txt"))]
    yield from texts
    for text in texts[:3]:
        yield b"Sun Nov 29 20:54:36 UTC 2026\n" + text + b"Sun Nov 29 20:54:37 UTC 2026\n" + text
        yield b"==> smaps.4711 <==\n" + text[:-9] + b"\n==> smaps.12 <==\n" + text
        yield b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")
        yield text.decode("utf-8", "replace").encode("utf-16")
        yield b"".join(b"> " + line for line in text.splitlines(keepends=True))
        yield b"".join(b"Nov 29 20:54:36 host log[1]: " + line for line in text.splitlines(keepends=True))
        yield from (pack(text) for pack in (gzip.compress, bz2.compress, lzma.compress, zlib.compress))
        yield text[: len(text) // 2]
    yield b"Address           Kbytes     RSS   Dirty Mode  Mapping\n000055946dfb1000       8       8     0 r---- a\n"
    yield b"55946dfb1000 default file=/usr/bin/sleep mapped=2 N0=2 kernelpagesize_kB=4\n"
