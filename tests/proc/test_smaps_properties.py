"""Both ways through a text give what it was made from, and the same for every text, good or broken."""

import mmap
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smapstop.errors import SmapstopError
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.fields import FIELDS, field_name
from smapstop.proc.smaps import SmapsParser, parse_smaps


@dataclass(frozen=True)
class Record:
    """One mapping, as a text is made from it."""

    start: int
    end: int
    perms: str
    offset: int
    device: str
    inode: int
    name: bytes
    flags: tuple[str, ...]
    amounts: tuple[int, ...]
    """`ABSENT` where its line is left out."""


@dataclass(frozen=True)
class Kernel:
    """How a kernel prints."""

    labels: tuple[str, ...]
    width: int
    unit: str
    blank: str
    has_flags: bool
    has_names: bool
    """Android's extra line."""


def render(records: list[Record], kernel: Kernel) -> bytes:
    """The smaps of a process with these mappings."""
    lines = list[bytes]()
    for record in records:
        header = (
            f"{record.start:08x}-{record.end:08x} {record.perms} {record.offset:08x} {record.device} {record.inode} "
        )
        lines.append(header.ljust(73).encode() + record.name if record.name else header.encode())
        if kernel.has_names and record.name:
            lines.append(b"Name:           " + record.name)
        for label, amount in zip(kernel.labels, record.amounts, strict=True):
            if amount != ABSENT:
                blank = kernel.blank or " " * (16 - len(label) - 1)
                lines.append(f"{label}:{blank}{amount:{kernel.width}}{kernel.unit}".encode())
        if kernel.has_flags:
            lines.append(f"VmFlags: {''.join(f'{flag} ' for flag in record.flags)}".encode())
    return b"".join(line + b"\n" for line in lines)


def records_in(mappings: Mappings) -> list[Record]:
    """The mappings as records again."""
    return [
        Record(
            int(mappings.start[row]),
            int(mappings.end[row]),
            mappings.perms_of(row),
            int(mappings.offset[row]),
            mappings.text(mappings.device, row),
            int(mappings.inode[row]),
            mappings.name_of(row).encode("utf-8", "surrogateescape"),
            tuple(mappings.text(mappings.flags, row).split()),
            tuple(mappings.amounts[:, row].tolist()),
        )
        for row in range(len(mappings))
    ]


patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

addresses = st.integers(0, 2**64 - 1)
names = st.one_of(
    st.just(b""),
    st.sampled_from(
        [b"[heap]", b"[anon:two words]", b"/lib/x.so (deleted)", b"/memfd:a b (deleted)", b"/a\\012b", b"/x\r"]
    ),
    st.binary(min_size=1, max_size=20).map(lambda raw: b"/" + raw.replace(b"\n", b"\\012")),
)
flags = st.lists(st.sampled_from(["rd", "wr", "mr", "gu", "??", "zz"]), max_size=4).map(tuple)
usual = st.one_of(st.just(0), st.integers(0, 99_999_999))
any_width = st.one_of(usual, usual, usual, st.integers(10**8, 10**18 - 1))


@st.composite
def kernels(draw: st.DrawFn) -> Kernel:
    labels = st.one_of(
        st.sampled_from([field.label for field in FIELDS]), st.from_regex("[A-Z][a-z]{2,14}", fullmatch=True)
    )
    return Kernel(
        tuple(draw(st.lists(labels, min_size=1, max_size=6, unique_by=field_name))),
        draw(st.sampled_from([8, 8, 8, 1, 3])),
        draw(st.sampled_from([" kB", " kB", ""])),
        draw(st.sampled_from(["", "", "\t\t", " \t", " "])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@st.composite
def texts(draw: st.DrawFn, amounts: st.SearchStrategy[int] = any_width) -> tuple[list[Record], Kernel]:
    kernel = draw(kernels())
    record = st.builds(
        Record,
        start=addresses,
        end=addresses,
        perms=st.sampled_from(["rw-p", "r-xs", "---p"]),
        offset=addresses,
        device=st.sampled_from(["00:00", "fe:01", "103:1000f"]),
        inode=addresses,
        name=names,
        flags=flags if kernel.has_flags else st.just(()),
        amounts=st.tuples(*[amounts] * len(kernel.labels)),
    )
    return draw(st.lists(record, min_size=1, max_size=30)), kernel


@patient
@given(texts())
def test_both_ways_give_what_the_text_was_made_from(made: tuple[list[Record], Kernel]) -> None:
    records, kernel = made
    text = render(records, kernel)

    for mappings in (parse_smaps(text), SmapsParser().parse(text)):
        assert mappings.fields == tuple(map(field_name, kernel.labels))
        assert records_in(mappings) == records


@patient
@given(texts(st.one_of(usual, usual, usual, usual, st.just(ABSENT))))
def test_missing_lines_are_absent_on_both_ways(made: tuple[list[Record], Kernel]) -> None:
    records, kernel = made
    text = render(records, kernel)
    printed = [
        place for place in range(len(kernel.labels)) if any(record.amounts[place] != ABSENT for record in records)
    ]
    expected = [tuple(record.amounts[place] for place in printed) for record in records]

    for mappings in (parse_smaps(text), SmapsParser().parse(text)):
        order = [mappings.fields.index(field_name(kernel.labels[place])) for place in printed]
        assert len(order) == len(mappings.fields)
        assert [tuple(record.amounts[place] for place in order) for record in records_in(mappings)] == expected


@patient
@given(st.lists(texts(), min_size=2, max_size=4), st.data())
def test_what_a_parser_remembers_never_shows(made: list[tuple[list[Record], Kernel]], data: st.DataObject) -> None:
    parser = SmapsParser()
    kernel = made[0][1]
    pool = [record for records, _ in made for record in records if len(record.amounts) == len(kernel.labels)]
    for _ in range(5):
        records = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=20))
        text = render(records, kernel)

        assert records_in(parser.parse(text)) == records_in(parse_smaps(text))


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


def outcome(parse: object, text: bytes) -> tuple[tuple[str, ...], list[Record]] | str:
    """What a way through a text comes to: fields and records, or the complaint."""
    assert callable(parse)
    try:
        mappings: Mappings = parse(text)
    except SmapstopError as error:
        return str(error)
    return mappings.fields, records_in(mappings)


@settings(patient, max_examples=300)
@given(texts(), st.lists(damages, min_size=1, max_size=3))
def test_both_ways_agree_on_a_damaged_text(made: tuple[list[Record], Kernel], damage: list[Damage]) -> None:
    parser, text = SmapsParser(), render(*made)
    parser.parse(text)
    for each in damage:
        text = damaged(text, each)

    assert outcome(parser.parse, text) == outcome(parse_smaps, text)
    assert outcome(SmapsParser().parse, text) == outcome(parse_smaps, text)


@settings(patient)
@given(st.lists(damages, min_size=1, max_size=2))
def test_both_ways_agree_on_a_damaged_recording(damage: list[Damage]) -> None:
    text = (Path(__file__).parents[1] / "data" / "smaps" / "linux-6.18.txt").read_bytes()
    for each in damage:
        text = damaged(text, each)

    assert outcome(SmapsParser().parse, text) == outcome(parse_smaps, text)


@patient
@given(st.binary(max_size=60))
def test_both_ways_agree_on_any_bytes(text: bytes) -> None:
    assert outcome(SmapsParser().parse, text) == outcome(parse_smaps, text)


def test_both_ways_agree_on_this_process() -> None:
    text = Path("/proc/self/smaps").read_bytes()

    assert outcome(SmapsParser().parse, text) == outcome(parse_smaps, text)
    assert len(parse_smaps(text)) == text.count(b"\nRss:")


def test_both_ways_agree_on_a_process_with_thousands_of_mappings_that_change() -> None:
    parser = SmapsParser()
    held = [mmap.mmap(-1, 4096 * (1 + number % 3)) for number in range(4000)]
    for step in range(1, 4):
        for shared in held[::step]:
            shared[0] = step
        text = Path("/proc/self/smaps").read_bytes()

        assert len(parse_smaps(text)) > 4000 / step
        assert outcome(parser.parse, text) == outcome(parse_smaps, text)
        for shared in held[::7]:
            shared.close()
        del held[::7]
