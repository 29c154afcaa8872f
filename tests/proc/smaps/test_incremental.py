"""A parser's incremental result equals that of a full parse."""

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Mappings
from smapstop.proc.smaps.parser import SmapsParser, parse_smaps

HEADS = ("start", "end", "offset", "inode", "perms", "device", "name", "flags")
RECORDS = 100
"""Enough records that a few changed words stay below the limit."""


def text_of(records: int = RECORDS) -> bytes:
    """A text like that of Linux; the fields of record 7 are 7, 70, 700."""
    return b"".join(
        b"%012x-%012x rw-p 00000000 08:01 %-26d /lib/x%02d.so\n" % (row << 20, (row << 20) + 4096, row + 1, row % 100)
        + b"Size:           %8d kB\nRss:            %8d kB\nPss:            %8d kB\n" % (row, row * 10, row * 100)
        + b"VmFlags: rd wr mr mw me ac \n"
        for row in range(records)
    )


TEXT = text_of()


def reported(mappings: Mappings) -> tuple[object, ...]:
    """All values of mappings, independent of their string codes."""
    codes = [
        [mappings.string_at(column, row) for row in range(len(mappings))]
        for column in (mappings.perms, mappings.device, mappings.name, mappings.flags)
    ]
    numbers = [getattr(mappings, name).tolist() for name in HEADS[:4]]
    return *codes, *numbers, mappings.fields, mappings.amounts.tolist()


def outcome(text: bytes, parser: SmapsParser | None = None) -> object:
    """Parsed values of a text, or its error."""
    try:
        return reported(parse_smaps(text) if parser is None else parser.parse(text))
    except SmapstopError as error:
        return str(error)


def taken_over(was: bytes, now: bytes) -> set[str]:
    """Columns the second reading shares with the first, after checking both results."""
    assert was != now
    parser = SmapsParser()
    first = parser.parse(was)
    before = reported(first)
    second = parser.parse(now)

    assert reported(second) == outcome(now)
    assert reported(first) == before
    return {name for name in (*HEADS, "amounts") if getattr(first, name) is getattr(second, name)}


def test_the_same_text_is_the_same_object() -> None:
    parser = SmapsParser()
    first = parser.parse(TEXT)
    second = parser.parse(text_of().replace(b"Rss:                 490 kB", b"Rss:                  12 kB"))

    assert parser.parse(bytearray(TEXT)) is not first
    assert parser.parse(TEXT) is parser.parse(bytearray(TEXT))
    assert second.amounts[1, 49] == 12


def test_other_amounts_leave_the_headers_as_they_are() -> None:
    now = TEXT.replace(b"Rss:                 490 kB", b"Rss:                  12 kB")

    assert taken_over(TEXT, now) == set(HEADS)


def test_fields_that_were_added_to_a_reading_are_carried_to_the_next_of_the_same_layout() -> None:
    parser = SmapsParser()
    added = np.arange(RECORDS)
    parser.carry_fields(parser.parse(TEXT).with_fields({"added": added}))
    now = TEXT.replace(b"Rss:                 490 kB", b"Rss:                  12 kB")
    second = parser.parse(now)

    assert second.fields == (*parse_smaps(TEXT).fields, "added")
    assert second.get("added").tolist() == added.tolist()  # type: ignore[union-attr]
    assert second.amounts[:-1].tolist() == parse_smaps(now).amounts.tolist()
    assert second.with_fields({"added": added}) is second
    assert reported(parser.parse(TEXT[TEXT.index(b"\n0000001") + 1 :])) == outcome(
        TEXT[TEXT.index(b"\n0000001") + 1 :]
    )


def test_fields_of_a_reading_without_torn_mappings_are_not_carried() -> None:
    parser = SmapsParser()
    parser.carry_fields(parser.parse(TEXT).take(slice(1, None)).with_fields({"added": np.arange(RECORDS - 1)}))

    assert reported(parser.parse(TEXT)) == outcome(TEXT)


def test_other_flags_leave_all_else_as_it_is() -> None:
    at = TEXT.index(b"VmFlags", len(TEXT) // 2)
    now = TEXT[:at] + TEXT[at:].replace(b"rd wr mr", b"rd ?? mr", 1)

    assert taken_over(TEXT, now) == {*HEADS, "amounts"} - {"flags"}


@pytest.mark.parametrize(
    ("was", "now", "column"),
    [
        (b"000003200000-", b"0000031ff000-", "start"),
        (b"-000003201000", b"-000003202000", "end"),
        (b"rw-p 00000000 08:01 51 ", b"r--p 00000000 08:01 51 ", "perms"),
        (b"00000000 08:01 51 ", b"00001000 08:01 51 ", "offset"),
        (b"08:01 51 ", b"08:02 51 ", "device"),
        (b"08:01 51 ", b"08:01 52 ", "inode"),
        (b"/lib/x50.so", b"/tmp/x50.so", "name"),
    ],
)
def test_another_header_leaves_all_else_as_it_is(was: bytes, now: bytes, column: str) -> None:
    assert taken_over(TEXT, TEXT.replace(was, now, 1)) == {*HEADS, "amounts"} - {column}


def test_a_header_and_the_amounts_next_to_it_may_change_at_once() -> None:
    now = TEXT.replace(b"-000003201000", b"-000003202000").replace(
        b"Pss:                5000", b"Pss:                4096"
    )

    assert taken_over(TEXT, now) == set(HEADS) - {"end"}


@pytest.mark.parametrize(
    "now",
    [
        TEXT.replace(b"rw-p", b"r--p", 1),  # the first header
        TEXT[:-4] + b"dd \n",  # the last flags
        TEXT.replace(b"Rss:                 490 kB", b"Rsx:                 490 kB"),
        TEXT.replace(b"Rss:                 490 kB", b"Rss: 123456789012345 kB"),
        TEXT.replace(b"VmFlags: rd wr mr mw me ac ", b"XmFlags: rd wr mr mw me ac ", 50),
        TEXT.replace(b"Size: ", b"Sizx: "),
        text_of(RECORDS - 1),
        text_of(RECORDS + 1),
        TEXT[:-1],
        TEXT.replace(b"0 kB", b"1 kB"),
    ],
)
def test_another_layout_or_changes_all_over_are_parsed_as_a_whole(now: bytes) -> None:
    assert "amounts" not in taken_over(TEXT, now)


def test_a_wide_amount_is_not_mixed_with_what_is_laid_out_as_before() -> None:
    wide = TEXT.replace(b"Rss:                 490 kB", b"Rss:           123456789 kB")

    assert len(wide) == len(TEXT)
    taken_over(TEXT, wide)
    taken_over(wide, wide.replace(b"123456789", b"987654321"))
    taken_over(wide, TEXT)


def test_a_malformed_text_leaves_the_last_reading_as_it_was() -> None:
    parser = SmapsParser()
    good = parser.parse(TEXT)
    bad = TEXT.replace(b"000003200000-", b"000003200000+")
    with pytest.raises(SmapstopError):
        parser.parse(bad)

    assert reported(parser.parse(TEXT)) == reported(good)
    assert parser.parse(TEXT) is parser.parse(TEXT)


@examples(100)
@given(st.data())
def test_bytes_written_anywhere_are_never_passed_over(data: st.DataObject) -> None:
    parser, text = SmapsParser(), bytearray(TEXT)
    parser.parse(TEXT)
    for _ in range(data.draw(st.integers(1, 3))):
        for _ in range(data.draw(st.integers(1, 4))):
            written = data.draw(st.sampled_from([b"7", b" ", b"\n", b"-", b":", b"a", b"\nSize:", b"rw-p", b"\xff"]))
            at = data.draw(st.integers(0, len(text) - len(written)))
            text[at : at + len(written)] = written

        assert outcome(bytes(text), parser) == outcome(bytes(text))


def test_many_changes_are_all_found() -> None:
    rng = np.random.default_rng(7)
    parser, text = SmapsParser(), np.frombuffer(text_of(2000), np.uint8).copy()
    digits = np.flatnonzero((text >= ord("0")) & (text <= ord("9")))
    for _ in range(20):
        text[rng.choice(digits, 60)] = ord("0") + rng.integers(0, 10, 60)

        assert outcome(text.tobytes(), parser) == outcome(text.tobytes())
