"""Load a saved sample: the text of smaps, maps or smaps_rollup in any form, or the JSON of a snapshot."""

from smapstop.errors import SmapstopError
from smapstop.proc.smaps.parser import parse_rollup
from smapstop.proc.smaps.totals import sum_fields
from smapstop.report.snapshot.parse_json import parse_snapshot_json
from smapstop.report.snapshot.snapshot import Snapshot
from smapstop.saved_smaps.saved_text import choose_reading, decode_file, parse_reading, read_saved_text


def load_snapshot(data: bytes, reading: int | None = None) -> Snapshot:
    """Load a sample from the content of a file, which may be compressed.

    Args:
        data: The content.
        reading: Number of the reading in a text that has several, from 1.

    Raises:
        SmapstopError: It is neither smaps nor JSON, is damaged, or has several readings and none is chosen.
    """
    text = decode_file(data)
    if text.lstrip()[:1] not in (b"{", b"["):
        return parse_saved_smaps(text, reading)
    if reading is not None:
        raise SmapstopError("--reading is for a text with several readings, and this is JSON", "omit --reading")
    return parse_snapshot_json(text)


def parse_saved_smaps(text: bytes, reading: int | None = None) -> Snapshot:
    """Parse the saved text of smaps, maps or smaps_rollup.

    Raises:
        SmapstopError: The text is none of them, is damaged, or has several readings and none is chosen.
    """
    saved = read_saved_text(text)
    chosen = choose_reading(saved.readings, reading)
    notes = (*saved.notes, *chosen.notes)
    date = chosen.date
    wall_ns = date.wall_ns if date is not None and date.has_year and not date.zone else None
    if chosen.kind == "rollup":
        return Snapshot(None, parse_rollup(chosen.text), wall_ns=wall_ns, notes=notes)
    mappings = parse_reading(chosen)
    return Snapshot(mappings, sum_fields(mappings), wall_ns=wall_ns, notes=notes)
