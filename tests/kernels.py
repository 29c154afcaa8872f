"""The smaps of kernels that are and could be, made from what they are to say; drawn by hypothesis."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from hypothesis import strategies as st

from smapstop.errors import SmapstopError
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.field import field_name
from smapstop.proc.fields import FIELDS, ROLLUP_ONLY

FLAG_WIDTH = 0
"""The width of an amount that is 0 or 1."""


class LineFormat(NamedTuple):
    """How an amount is printed."""

    label: str
    blank: str = ""
    """Between the label and the amount; empty: filled up to the 16th column with spaces."""
    width: int = 8
    unit: str = " kB"

    def text(self, amount: int) -> bytes:
        """The line."""
        blank = self.blank or " " * (16 - len(self.label) - 1)
        return f"{self.label}:{blank}{amount:{self.width}}{self.unit}".encode()


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
    """Of the kernel's lines; `ABSENT` where one is left out."""


@dataclass(frozen=True)
class Kernel:
    """How a kernel prints."""

    lines: tuple[LineFormat, ...]
    has_flags: bool = True
    has_name_lines: bool = False
    """Android's extra line."""
    bits: int = 64
    name_column: int = 73
    other_lines: tuple[bytes, ...] = ()
    """Lines that are no amounts, after them."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its amounts."""
        return tuple(field_name(line.label) for line in self.lines)

    def record_lines(self, record: Record) -> list[bytes]:
        """The lines of a mapping."""
        header = (
            f"{record.start:08x}-{record.end:08x} {record.perms} {record.offset:08x} {record.device} {record.inode} "
        ).encode()
        lines = [header.ljust(self.name_column) + record.name if record.name else header]
        if self.has_name_lines and record.name:
            lines.append(b"Name:           " + record.name)
        lines += [
            line.text(amount) for line, amount in zip(self.lines, record.amounts, strict=True) if amount != ABSENT
        ]
        lines += self.other_lines
        if self.has_flags:
            lines.append(f"VmFlags: {''.join(f'{flag} ' for flag in record.flags)}".encode())
        return lines


def render(records: list[Record], kernel: Kernel) -> bytes:
    """The smaps of a process with these mappings."""
    return b"".join(line + b"\n" for record in records for line in kernel.record_lines(record))


def records_in(mappings: Mappings) -> list[Record]:
    """The mappings as records again."""
    return [
        Record(
            int(mappings.start[row]),
            int(mappings.end[row]),
            mappings.perms_of(row),
            int(mappings.offset[row]),
            mappings.string_at(mappings.device, row),
            int(mappings.inode[row]),
            mappings.name_of(row).encode("utf-8", "surrogateescape"),
            tuple(mappings.string_at(mappings.flags, row).split()),
            tuple(mappings.amounts[:, row].tolist()),
        )
        for row in range(len(mappings))
    ]


def records_or_error(parse: object, text: bytes) -> tuple[tuple[str, ...], list[Record]] | str:
    """What a way through a text comes to: fields and records, or the complaint."""
    assert callable(parse)
    try:
        mappings: Mappings = parse(text)
    except SmapstopError as error:
        return str(error)
    return mappings.fields, records_in(mappings)


# --- kernels that are -----------------------------------------------------------------------------------------------


def _parse_version(since: str) -> tuple[int, ...]:
    return tuple(map(int, since.split(".")))


def _linux_kernel(release: str, **other: object) -> Kernel:
    """A Linux release; until 5.0 the page sizes came behind the other amounts."""
    version = _parse_version(release)
    printed = [field for field in FIELDS if _parse_version(field.since) <= version and field.name not in ROLLUP_ONLY]
    if version < (5, 0):
        printed.sort(key=lambda field: field.label.endswith("PageSize"))
    tabs = version < (5, 6)
    lines = tuple(
        LineFormat("THPeligible", "\t\t", FLAG_WIDTH, "")
        if tabs and field.label == "THPeligible"
        else LineFormat(field.label, unit=" kB" if field.unit else "")
        for field in printed
        if field.label != "Nonlinear"
    )
    kernel = Kernel(lines, has_flags=version >= (3, 8))
    return replace(kernel, **other)  # type: ignore[arg-type]


SUBSET = "Size Rss Pss Shared_Clean Shared_Dirty Private_Clean Private_Dirty Referenced Anonymous"
KERNELS = {
    "linux 2.6.14, 32-bit": _linux_kernel("2.6.14", bits=32, name_column=49),
    "linux 2.6.32": _linux_kernel("2.6.32"),
    "linux 3.10, 32-bit": _linux_kernel("3.10", bits=32, name_column=49),
    "linux 4.4": _linux_kernel("4.4"),
    "linux 5.4": _linux_kernel("5.4"),
    "linux 5.15": _linux_kernel("5.15"),
    "linux 6.18": _linux_kernel("6.18"),
    "linux of tomorrow": replace(
        _linux_kernel("6.18"),
        lines=(*_linux_kernel("6.18").lines, LineFormat("Lukewarm_Pages")),
        other_lines=(b"Backing: ext4 large",),
    ),
    "android 4.9": _linux_kernel("4.9", has_name_lines=True),
    "gvisor": Kernel(tuple(LineFormat(label) for label in SUBSET.split())),
    "unpadded": Kernel(tuple(LineFormat(label, " ", 1) for label in SUBSET.split())),
    "wsl1": Kernel((LineFormat("Pss"),), has_flags=False),
    "maps": Kernel((), has_flags=False),
}

# --- kernels that could be ------------------------------------------------------------------------------------------

_known = st.sampled_from([field.label for field in FIELDS])
_unknown = st.from_regex("[A-Z][a-z]{2,14}", fullmatch=True)
_lines = st.builds(
    LineFormat,
    st.one_of(_known, _known, _unknown),
    st.sampled_from(["", "", "\t\t", " \t", " "]),
    st.sampled_from([8, 8, 8, 1, 3, 12]),
    st.sampled_from([" kB", " kB", ""]),
)


def _field_of_line(line: LineFormat) -> str:
    return field_name(line.label)


@st.composite
def invented_kernels(draw: st.DrawFn) -> Kernel:
    """A kernel that prints at will, most lines alike."""
    if draw(st.booleans()):
        lines = draw(st.lists(_lines, min_size=1, max_size=6, unique_by=_field_of_line))
    else:
        alike = draw(_lines)
        labels = draw(st.lists(st.one_of(_known, _unknown), min_size=1, max_size=6, unique_by=field_name))
        lines = [alike._replace(label=label) for label in labels]
    return Kernel(
        tuple(lines),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from([64, 64, 32])),
        draw(st.sampled_from([73, 73, 49, 0])),
        draw(st.sampled_from([(), (), (b"Backing: ext4 large",), (b"Odd:\tx", b"Other: ")])),
    )


@st.composite
def altered_kernels(draw: st.DrawFn) -> Kernel:
    """A kernel that is, with its lines in another order and some left out."""
    kernel = draw(st.sampled_from(list(KERNELS.values())))
    lines = draw(st.permutations(kernel.lines))
    return replace(kernel, lines=tuple(lines[draw(st.integers(0, len(lines) // 2)) :]))


kernels = st.one_of(st.sampled_from(list(KERNELS.values())), altered_kernels(), invented_kernels())

# --- what they print ------------------------------------------------------------------------------------------------

NAMES = [
    b"[heap]",
    b"[stack:1234]",
    b"[anon:two words]",
    b"/lib/x.so (deleted)",
    b"/memfd:a b (deleted)",
    b"/a\\012b",
    b"/x\r",
    b"//[odd] ]",
    b"/not-\xff\xfe-utf8",
    b"/Rss:                   4 kB",
    b"/7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ",
    b"/VmFlags: rd wr ",
]
names = st.one_of(
    st.just(b""),
    st.sampled_from(NAMES),
    st.binary(min_size=1, max_size=20).map(lambda raw: b"/" + raw.replace(b"\n", b"\\012")),
)
flags = st.lists(st.sampled_from(["rd", "wr", "mr", "gu", "??", "zz"]), max_size=4).map(tuple)
usual_amounts = st.one_of(st.just(0), st.integers(0, 99_999_999))
amounts = st.one_of(usual_amounts, usual_amounts, usual_amounts, st.integers(10**8, 10**18 - 1))


def records(kernel: Kernel, amount: st.SearchStrategy[int] = amounts) -> st.SearchStrategy[Record]:
    """A mapping that this kernel could print."""
    address = st.integers(0, 2**kernel.bits - 1)
    return st.builds(
        Record,
        start=address,
        end=address,
        perms=st.sampled_from(["rw-p", "r-xs", "---p"]),
        offset=st.integers(0, 2**64 - 1),
        device=st.sampled_from(["00:00", "fe:01", "103:1000f"]),
        inode=st.integers(0, 2**64 - 1),
        name=names,
        flags=flags if kernel.has_flags else st.just(()),
        amounts=st.tuples(*[st.integers(0, 1) if line.width == FLAG_WIDTH else amount for line in kernel.lines]),
    )


@st.composite
def records_and_kernels(draw: st.DrawFn, amount: st.SearchStrategy[int] = amounts) -> tuple[list[Record], Kernel]:
    """The mappings of a process and the kernel that prints them."""
    kernel = draw(kernels)
    return draw(st.lists(records(kernel, amount), min_size=1, max_size=30)), kernel
