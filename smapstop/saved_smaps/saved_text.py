"""Read a saved text: the whole way from the bytes of a file to the mappings of a reading."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Mappings, StringTable
from smapstop.proc.smaps.parser import SmapsParser, drop_torn
from smapstop.saved_smaps.decode import decode_text
from smapstop.saved_smaps.foreign_texts import foreign_error
from smapstop.saved_smaps.readings import SavedReading, SavedText, find_readings
from smapstop.saved_smaps.unpack import require_size, unpack


def decode_file(data: bytes) -> bytes:
    """Decompress and decode the content of a file.

    Raises:
        SmapstopError: It is damaged, too large, or nothing here can decompress it.
    """
    require_size(data)
    return decode_text(unpack(data))


def read_saved_text(text: bytes) -> SavedText:
    """Find the readings of a decoded text: those of smaps; without one those of maps; else those of smaps_rollup.

    Raises:
        SmapstopError: It is damaged, or has none.
    """
    saved = find_readings(text)
    if not saved.readings:
        raise foreign_error(text)
    kinds = {reading.kind for reading in saved.readings}
    best = "smaps" if "smaps" in kinds else "maps" if "maps" in kinds else "rollup"
    chosen = tuple(reading for reading in saved.readings if reading.kind == best)
    return SavedText(chosen, saved.date_after, saved.notes)


def choose_reading(readings: Sequence[SavedReading], number: int | None) -> SavedReading:
    """The only reading, or the one with this number, from 1.

    Raises:
        SmapstopError: There are several, or there is none with this number.
    """
    count = len(readings)
    if number is None:
        if count > 1:
            what = f"line {readings[1].line}: another reading begins here; there are {count}"
            raise SmapstopError(
                what, "choose one with --reading N, or make a recording of those of one process: smapstop import"
            )
        return readings[0]
    if not 1 <= number <= count:
        lines = ", ".join(str(reading.line) for reading in readings[:8]) + (", …" if count > 8 else "")
        has = f"it has {count} readings, in lines {lines}" if count > 1 else "it has one reading"
        raise SmapstopError(f"--reading {number}: {has}", f"give a number from 1 to {count}")
    return readings[number - 1]


def parse_reading(reading: SavedReading, strings: StringTable | None = None) -> Mappings:
    """Parse the mappings of a reading; their size follows from the addresses where the kernel did not print it.

    Args:
        reading: The reading.
        strings: Table in which strings are interned; a new one by default.
    """
    return with_sizes(drop_torn(SmapsParser(strings).parse(reading.text)))


def with_sizes(mappings: Mappings) -> Mappings:
    """Add the sizes of mappings, where the kernel prints none (WSL1; the text of maps)."""
    if "size" in mappings.fields or not len(mappings):
        return mappings
    sizes = ((mappings.end - mappings.start) // np.uint64(1024)).astype(np.int64)
    return replace(mappings, fields=("size", *mappings.fields), amounts=np.vstack([sizes[None], mappings.amounts]))
