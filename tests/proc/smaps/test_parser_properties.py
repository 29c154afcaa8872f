"""Both parsers recover the records a text was made from, and agree on every text, valid or not."""

import mmap
from pathlib import Path

from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from kernels import Kernel, Record, records_and_kernels, records_in, records_or_error, render, usual_amounts
from places import DATA

from smapstop.proc.columns import ABSENT
from smapstop.proc.smaps.parser import SmapsParser, parse_smaps


@given(records_and_kernels())
def test_both_ways_give_what_the_text_was_made_from(made: tuple[list[Record], Kernel]) -> None:
    records, kernel = made
    text = render(records, kernel)

    for mappings in (parse_smaps(text), SmapsParser().parse(text)):
        assert mappings.fields == kernel.fields
        assert records_in(mappings) == records


@given(records_and_kernels(st.one_of(*[usual_amounts] * 4, st.just(ABSENT))))
def test_missing_lines_are_absent_on_both_ways(made: tuple[list[Record], Kernel]) -> None:
    records, kernel = made
    text = render(records, kernel)
    seen = [
        place for place in range(len(kernel.fields)) if any(record.amounts[place] != ABSENT for record in records)
    ]
    expected = [tuple(record.amounts[place] for place in seen) for record in records]

    for mappings in (parse_smaps(text), SmapsParser().parse(text)):
        order = [mappings.fields.index(kernel.fields[place]) for place in seen]
        assert len(order) == len(mappings.fields)
        assert [tuple(record.amounts[place] for place in order) for record in records_in(mappings)] == expected


Damage = tuple[str, float, float]


def damaged(text: bytes, damage: Damage) -> bytes:
    """The text with one thing done to it, at two places given as a part of its length."""
    what, here, there = damage
    lines = text.split(b"\n")
    line, other = int(here * len(lines)), int(there * len(lines))
    place, end = int(here * len(text)), int(there * len(text))
    match what:
        case "leave a line out":
            del lines[line]
        case "print a line twice":
            lines.insert(other, lines[line])
        case "swap two lines":
            lines[line], lines[other] = lines[other], lines[line]
        case "cut off":
            return text[:place]
        case "lose the start":
            return text[place:]
        case "leave bytes out":
            return text[: min(place, end)] + text[max(place, end) :]
        case _:
            return text[:place] + what.encode() + text[place + len(what) :]
    return b"\n".join(lines)


whole = ["leave a line out", "print a line twice", "swap two lines", "cut off", "lose the start", "leave bytes out"]
overwritten = [
    "\n",
    " ",
    "\t",
    "0",
    "7",
    "x",
    ":",
    "-",
    "\0",
    "\n\n",
    "Size:",
    "\nVmFlags: ",
    "\nName: a\n",
    " kB\n",
    "1 2",
]
somewhere = st.floats(0, 1, exclude_max=True)
damages = st.tuples(st.sampled_from([*whole, *overwritten]), somewhere, somewhere)


@examples(60)
@given(records_and_kernels(), st.lists(damages, min_size=1, max_size=3))
def test_both_ways_agree_on_a_damaged_text(made: tuple[list[Record], Kernel], damage: list[Damage]) -> None:
    parser, text = SmapsParser(), render(*made)
    parser.parse(text)
    for each in damage:
        text = damaged(text, each)

    assert records_or_error(parser.parse, text) == records_or_error(parse_smaps, text)
    assert records_or_error(SmapsParser().parse, text) == records_or_error(parse_smaps, text)


@given(st.lists(damages, min_size=1, max_size=2))
def test_both_ways_agree_on_a_damaged_recording(damage: list[Damage]) -> None:
    text = (DATA / "smaps" / "linux-6.18.txt").read_bytes()
    for each in damage:
        text = damaged(text, each)

    assert records_or_error(SmapsParser().parse, text) == records_or_error(parse_smaps, text)


@given(st.binary(max_size=60))
def test_both_ways_agree_on_any_bytes(text: bytes) -> None:
    assert records_or_error(SmapsParser().parse, text) == records_or_error(parse_smaps, text)


def test_both_ways_agree_on_this_process() -> None:
    text = Path("/proc/self/smaps").read_bytes()

    assert records_or_error(SmapsParser().parse, text) == records_or_error(parse_smaps, text)
    assert len(parse_smaps(text)) == text.count(b"\nRss:")


def test_both_ways_agree_on_a_process_with_thousands_of_mappings_that_change() -> None:
    parser = SmapsParser()
    held = [mmap.mmap(-1, 4096 * (1 + number % 3)) for number in range(4000)]
    for step in range(1, 4):
        for shared in held[::step]:
            shared[0] = step
        text = Path("/proc/self/smaps").read_bytes()

        assert len(parse_smaps(text)) > 4000 / step
        assert records_or_error(parser.parse, text) == records_or_error(parse_smaps, text)
        for shared in held[::7]:
            shared.close()
        del held[::7]
