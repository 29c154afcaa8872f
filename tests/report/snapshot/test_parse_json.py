"""The JSON of a snapshot says the same when it is read again; what is none is reported."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import mapping_dicts
from places import DATA
from stepped_program import SteppedProgram

from smapstop.errors import SmapstopError
from smapstop.model.view.sort import Sorting
from smapstop.report.snapshot.load import parse_saved_smaps
from smapstop.report.snapshot.parse_json import parse_snapshot_json
from smapstop.report.snapshot.render import as_json
from smapstop.report.snapshot.snapshot import take_snapshot

DATA = DATA / "smaps"
SAVED = [path for path in sorted(DATA.glob("*.txt")) if "rollup" not in path.name]


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_every_kernels_mappings_come_back(path: Path) -> None:
    snapshot = parse_saved_smaps(path.read_bytes())
    read = parse_snapshot_json(as_json(snapshot).encode())
    assert snapshot.mappings is not None
    assert read.mappings is not None
    assert mapping_dicts(read.mappings) == mapping_dicts(snapshot.mappings)
    assert (read.counters, read.wall_ns, read.rollup) == (None, None, snapshot.rollup)


def test_a_sorted_snapshot_is_read_in_address_order(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("grow")) as target:
        snapshot = take_snapshot(target.pid)
    read = parse_snapshot_json(as_json(snapshot, Sorting("rss")).encode())
    assert snapshot.mappings is not None
    assert read.mappings is not None
    assert mapping_dicts(read.mappings) == mapping_dicts(snapshot.mappings)
    assert as_json(read) == as_json(snapshot)


def test_names_with_any_bytes_come_back() -> None:
    text = b"1000-2000 rw-p 00000000 fe:00 4711     /a \xff\x1b (deleted)\nRss: 4 kB\n"
    mappings = parse_snapshot_json(as_json(parse_saved_smaps(text)).encode()).mappings
    assert mappings is not None
    assert os.fsencode(mappings.name_of(0)) == b"/a \xff\x1b (deleted)"


def test_an_unknown_field_with_the_name_of_a_key_is_left_out() -> None:
    text = b"1000-2000 rw-p 00000000 00:00 0 \nRss: 4 kB\nMembers: 5 kB\nGuess: 6 kB\nKind: 7 kB\nNew: 8 kB\n"
    (record,) = json.loads(as_json(parse_saved_smaps(text)))["mappings"]
    assert (record["kind"], record["rss"], record["new"]) == ("anonymous", 4, 8)
    assert not {"members", "guess"} & record.keys()
    mappings = parse_snapshot_json(as_json(parse_saved_smaps(text)).encode()).mappings
    assert mappings is not None
    assert set(mappings.fields) == {"size", "rss", "new"}


def document(**other: Any) -> bytes:
    """The JSON of a snapshot of one mapping, with other parts; None takes one away."""
    parts = json.loads(as_json(parse_saved_smaps(b"1000-2000 rw-p 00000000 00:00 0 \nRss: 4 kB\n"))) | other
    return json.dumps({name: value for name, value in parts.items() if value is not None}).encode()


def mapping(**other: Any) -> list[dict[str, Any]]:
    """The mappings of that JSON, with another value."""
    (only,) = json.loads(document())["mappings"]
    return [only | other]


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (b"{", "invalid JSON (Expecting property name"),
        (b"{}{}", "invalid JSON (Extra data"),
        (b"[1, 2]", "JSON, but not a smapstop snapshot: "),
        (b'{"schema": 1}', "JSON, but not a smapstop snapshot: "),
        (document(tool="other 1.0"), "JSON, but not a smapstop snapshot: "),
        (document(schema=2), "schema 2 is newer than schema 1 of this smapstop: update smapstop"),
        (
            document(mappings=None, groups=[]),
            "JSON of groups, without mappings: take the snapshot ",
        ),
        (document(mappings=None, rollup=None), "JSON of smapstop, but not of smapstop snapshot: "),
        (document(rollup={"rss": "4"}), "malformed JSON of a snapshot ('4' is not an amount)"),
        (document(process={"pid": 1}), "malformed JSON of a snapshot ("),
        (document(mappings=mapping(rss="4")), "malformed JSON of a snapshot ('4' is not an amount)"),
        (document(mappings=mapping(rss=-4)), "malformed JSON of a snapshot (-4 is not an amount)"),
        (document(mappings=mapping(rss=True)), "malformed JSON of a snapshot (True is not an amount)"),
        (document(mappings=mapping(rss=2**63)), "malformed JSON of a snapshot ("),
        (
            document(mappings=mapping(start="0x1ffffffffffffffff")),
            "malformed JSON of a snapshot (",
        ),
        (document(mappings=mapping(name=7)), "malformed JSON of a snapshot (7 is not a string)"),
        (document(mappings=[{"rss": 4}]), "malformed JSON of a snapshot ('start')"),
        (document(mappings="many"), "malformed JSON of a snapshot ("),
        (document(process=["who"]), "malformed JSON of a snapshot ("),
        (document(taken_at=12), "malformed JSON of a snapshot (12 is not a string)"),
        (b"[" * 100_000, "invalid JSON ("),
    ],
)
def test_what_is_no_snapshot_is_reported(text: bytes, reported: str) -> None:
    with pytest.raises(SmapstopError) as raised:
        parse_snapshot_json(text)
    assert str(raised.value).startswith(reported)
