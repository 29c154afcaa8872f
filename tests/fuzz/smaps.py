"""Readings of smaps, one after the other by one parser: the quick way says what reading line by line says."""

import re
from collections.abc import Iterator
from itertools import pairwise

from places import DATA
from reread import CheckedParser

from smapstop.errors import SmapstopError
from smapstop.proc.smaps.parser import drop_torn, parse_rollup, parse_smaps

SEPARATOR = b"\n====\n"
"""Stands between two readings."""
SAVED_SMAPS = DATA / "smaps"


def check(data: bytes) -> None:
    """Read some texts; what is wrong with one is said of a line."""
    reader = CheckedParser()
    for text in data.split(SEPARATOR):
        try:
            drop_torn(parse_smaps(text))
            parse_rollup(text)
        except SmapstopError as error:
            assert re.match(r"smaps line \d+: expected|smaps_rollup has \d+ records", error.what)
        reader.read(text)


def seeds() -> Iterator[bytes]:
    """The begin of what kernels print, alone and in pairs that differ a little."""
    for path in sorted(SAVED_SMAPS.glob("*.txt")):
        text = b"".join(re.split(rb"(?m)^(?=[0-9a-f]+-)", path.read_bytes())[:4])
        yield text
        yield SEPARATOR.join([text, text.replace(b"102 kB", b"  4 kB"), text.replace(b"rw-p", b"r--p"), text[:-1]])
    for line, other in pairwise([b"Rss: 4 kB", b"Rss:\t4", b"VmFlags: rd", b"Name: [anon:x]", b"Odd: a"]):
        yield b"1000-2000 rw-p 00000000 00:00 0 /x\n%s\n%s\n" % (line, other) * 3
