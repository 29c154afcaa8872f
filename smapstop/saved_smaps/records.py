"""Collect the records of a saved text, line by line, with what stands between them."""

import re
from collections.abc import Iterable
from dataclasses import field

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.fields import FIELDS
from smapstop.saved_smaps.dates import Date, find_date
from smapstop.saved_smaps.lines import LineKind, LineReader, SavedLine

_PID = re.compile(r"/proc/(\d{1,9})/")
_NUMBER_IN_NAME = re.compile(r"smaps[._-](\d{1,7})(?!\d)|(?<!\w)(\d{1,7})[._-]smaps")
_FILE_HEADER = re.compile(r"==> .* <==|\bsmaps\b")
"""A line that names the file that follows: of head and tail, a prompt with a command, a heading."""
_CUT_HEADER = re.compile(rb"[0-9a-f]{3,16}(?:-[0-9a-f]*)?")
_MOST_LETTERS = 24
"""Letters beside a date, up to which a line is there for the date."""
_ONLY_IN_RECORDS = {"Size", "Rss", "Pss"}
"""Labels that no other file of /proc has."""
FLAGS_LABEL = "VmFlags"
_LABELS = (*(field.label for field in FIELDS), FLAGS_LABEL)


@dataclass(slots=True)
class RecordGap:
    """What stands between two records."""

    is_border: bool = False
    """Whether a line says that another reading begins."""
    date: Date | None = None
    pid: int | None = None
    name: str | None = None
    """Name of the process (comm)."""
    source: tuple[int | None, int | None] = (None, None)
    """Numbers in the name of the file that stands before every line, as grep prints it."""


@dataclass(slots=True)
class Record:
    """One mapping of a saved text."""

    line: int
    """Line of its header, from 1."""
    header: bytes
    start: int
    end: int
    file_offset: int
    inode: int
    name: bytes
    before: RecordGap
    """What stands between it and the record before."""
    labels: list[str] = field(default_factory=list)
    """Labels of its fields and flags, in order."""
    lines: list[bytes] = field(default_factory=list)
    """Their lines; those of fields without an amount are left out."""
    is_cut: bool = False
    """Whether the text ends in one of its lines."""

    @property
    def is_rollup(self) -> bool:
        """Whether it is the text of smaps_rollup."""
        return self.name == b"[rollup]"

    @property
    def is_closed(self) -> bool:
        """Whether its last line, the flags, was read."""
        return FLAGS_LABEL in self.labels[-1:]


class RecordCollector:
    """Collects the records of a text.

    Args:
        is_whole: Whether the last line ends with a newline.
    """

    def __init__(self, *, is_whole: bool) -> None:
        self.records: list[Record] = []
        self.between = RecordGap()
        """What stands after the last record."""
        self.notes: list[str] = []
        self.damaged: tuple[int, SavedLine] | None = None
        """The first line that looks like part of a header."""
        self._is_whole = is_whole
        self._lines = LineReader()
        self._strangers: tuple[int, SavedLine] | None = None
        self._units: dict[str, bool] = {}

    def collect(self, lines: Iterable[bytes], count: int) -> None:
        """Read all lines; there are `count` of them.

        Raises:
            SmapstopError: A record is damaged.
        """
        for number, raw in enumerate(lines, 1):
            line = self._lines.read(raw)
            is_cut = number == count and not self._is_whole
            match line.kind:
                case LineKind.FIELD | LineKind.FLAGS:
                    self._add_field(number, line, is_cut=is_cut)
                case LineKind.HEADER:
                    self._add_header(number, line, is_cut=is_cut)
                case LineKind.BLANK:
                    pass
                case _ if is_cut:
                    self._end_abruptly(number, line)
                case LineKind.TEXT:
                    self._add_text(line)
                case _:
                    self._add_stranger(number, line)

    def _add_header(self, number: int, line: SavedLine, *, is_cut: bool) -> None:
        """Begin a record."""
        addresses, _, offset, _, inode, *name = line.text.split(b" ", 5)
        start, end = (int(address, 16) for address in addresses.split(b"-"))
        if start >= end or int(inode) >= 2**64:
            self._add_stranger(number, SavedLine(LineKind.DAMAGED_HEADER, line.text))
            return
        before, self.between, self._strangers = self.between, RecordGap(), None
        if line.prefix:
            self._add_prefix(before, line.prefix)
        record = Record(number, line.text, start, end, int(offset, 16), int(inode), name[0] if name else b"", before)
        record.is_cut = is_cut and not record.name.endswith(b"]")
        self.records.append(record)

    def _add_prefix(self, before: RecordGap, prefix: bytes) -> None:
        """Note the date or the file in front of a header."""
        text = prefix.decode("utf-8", "replace")
        before.date = before.date or find_date(text)
        pid = _pid_of(text)
        before.source = pid, number_in_name(text)
        before.is_border |= bool(self.records) and self.records[-1].before.source != before.source
        before.pid = pid or before.pid

    def _add_field(self, number: int, line: SavedLine, *, is_cut: bool) -> None:
        """Add a field or flags to the record that is open."""
        record = self.records[-1] if self.records else None
        if record is None or record.is_closed:
            self._add_field_outside(number, line, record)
            return
        if self._strangers is not None:
            raise _unexpected(*self._strangers, record)
        if line.label in record.labels:
            raise SmapstopError(
                f"line {number}: {line.label} again in the record of line {record.line}",
                "the header of a mapping is missing: save the text again",
            )
        record.labels.append(line.label)
        if line.kind is LineKind.FIELD and (self._lacks_unit(line) or (is_cut and not line.has_unit)):
            if not is_cut:
                raise SmapstopError(f"line {number}: {line.label} without kB", "the line is cut: save the text again")
            record.is_cut = True
            return
        record.lines.append(line.text)

    def _lacks_unit(self, line: SavedLine) -> bool:
        """Whether the number may be cut: its unit is missing."""
        return self._units.setdefault(line.label, line.has_unit or line.is_amount) and not line.has_unit

    def _add_field_outside(self, number: int, line: SavedLine, record: Record | None) -> None:
        """Take a label with a number for a line of another file, such as status; or find that a header is missing."""
        if record is None:
            if line.label in _ONLY_IN_RECORDS and not self.notes:
                self.notes.append(f"line {number}: the text begins inside a mapping, which was left out")
            elif line.label == "Pid":
                self._note(line)
            return
        if line.label in (record.labels[0], FLAGS_LABEL) or line.label in _ONLY_IN_RECORDS:
            if self.damaged is not None:
                raise damage_error(*self.damaged)
            what = f"line {number}: {line.label} without a mapping's header before it"
            raise SmapstopError(what, "the header is missing or damaged: save the text again")
        self._note(line)

    def _add_text(self, line: SavedLine) -> None:
        """Add a label with a text: a name on Android, a line of a future kernel, or a line of another file."""
        record = self.records[-1] if self.records else None
        if record is not None and line.label == "Name" and not record.labels:
            record.lines.append(line.text)
            record.name = line.text.removeprefix(b"Name:").lstrip()
        else:
            self._note(line)

    def _add_stranger(self, number: int, line: SavedLine) -> None:
        """Note a line that is not from smaps; inside of a record it is damage."""
        record = self.records[-1] if self.records else None
        if line.kind is LineKind.DAMAGED_HEADER:
            self.damaged = self.damaged or (number, line)
        if line.kind is LineKind.DAMAGED_FIELD and record is not None and not record.is_closed:
            raise _malformed(number, line, f"a number after {line.label}")
        if record is not None and record.inode and not record.name and not record.labels and line.text[:1] == b"/":
            record.name = line.text  # a mail program broke the header in two
            record.header += b" " + line.text
            return
        if record is not None and not record.is_closed and self._strangers is None:
            self._strangers = number, line
        self._note(line)

    def _note(self, line: SavedLine) -> None:
        """Note what a line between two records says of the next one."""
        text = (line.prefix + line.text).decode("utf-8", "replace")
        between = self.between
        date = find_date(text)
        if date is not None:
            between.date = date
            between.is_border |= sum(map(str.isalpha, date.rest)) <= _MOST_LETTERS
        if line.label == "Pid" and line.kind is LineKind.FIELD:
            between.pid, between.is_border = int(line.text.split()[1]), True
        elif line.label == "Name":
            between.name = text.partition(":")[2].strip()
        elif line.kind is LineKind.OTHER and _FILE_HEADER.search(text):
            between.is_border = True
            between.pid = _pid_of(text) or between.pid

    def _end_abruptly(self, number: int, line: SavedLine) -> None:
        """Note that the text ends in this line."""
        record = self.records[-1] if self.records else None
        if line.kind is LineKind.DAMAGED_HEADER or _CUT_HEADER.fullmatch(line.text):
            self.notes.append(f"line {number}: the text ends inside a header; mappings are missing")
        elif record is not None and not record.is_closed:
            label = line.text.decode("utf-8", "replace")
            record.is_cut |= line.kind is LineKind.DAMAGED_FIELD or any(known.startswith(label) for known in _LABELS)
        self._note(line)


def _pid_of(text: str) -> int | None:
    """Pid in the path of a file of /proc."""
    match = _PID.search(text)
    return None if match is None else int(match[1])


def number_in_name(name: str) -> int | None:
    """Number in the name of a file, which may be a pid: smaps.4711, 4711.smaps."""
    match = _PID.search(name) or _NUMBER_IN_NAME.search(name)
    return None if match is None else int(next(filter(None, match.groups())))


def _malformed(number: int, line: SavedLine, expected: str) -> SmapstopError:
    """Error for an unexpected line."""
    shown = (line.text if len(line.text) <= 60 else line.text[:57] + b"...").decode("utf-8", "surrogateescape")
    return SmapstopError(f"line {number}: expected {expected}, found {shown!r}", "the text is damaged: save it again")


def _unexpected(number: int, line: SavedLine, record: Record) -> SmapstopError:
    """Error for a line in the middle of a record."""
    if line.kind is LineKind.DAMAGED_HEADER:
        return damage_error(number, line)
    return _malformed(number, line, f"a field of the mapping in line {record.line}")


def damage_error(number: int, line: SavedLine) -> SmapstopError:
    """Error for a header that is damaged."""
    return _malformed(number, line, "a mapping's header")
