"""Find the readings in the records of a saved text.

The kernel prints mappings in the order of their addresses, so where addresses go back another reading begins. The map
may change while it is read: a mapping that was printed merges with the next one, which then has the same start and a
later end (see `drop_torn`). Other borders are a rollup, a date, the name of a file, or a record that was cut.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, zip_longest
from typing import Literal

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.field import field_name
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.saved_smaps.dates import Date
from smapstop.saved_smaps.plain_text import is_plain_reading
from smapstop.saved_smaps.records import FLAGS_LABEL, Record, RecordCollector, damage_error

ReadingKind = Literal["smaps", "maps", "rollup"]
_UNIQUE = (b"[heap]", b"[stack]", b"[vdso]")
"""Names of memory that a process has in one place."""
_4_GIB = 1 << 32


@dataclass(frozen=True, slots=True)
class SavedReading:
    """One reading of a process, as text that the kernel could have printed."""

    line: int
    """Line of its first header, from 1."""
    kind: ReadingKind
    text: bytes
    date: Date | None
    """Date before it, if there is one."""
    pid: int | None
    name: str | None
    notes: tuple[str, ...]
    """What is missing in it, for the user."""


@dataclass(frozen=True, slots=True)
class SavedText:
    """The readings of a text."""

    readings: tuple[SavedReading, ...]
    date_after: Date | None
    """Date after the last one."""
    notes: tuple[str, ...]


def find_readings(text: bytes) -> SavedText:
    """Find the readings in a decoded text; none without a mapping.

    Raises:
        SmapstopError: The text is damaged.
    """
    if is_plain_reading(text):
        return SavedText((SavedReading(1, "smaps", text, None, None, None, ()),), None, ())
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    collector = RecordCollector(is_whole=text.endswith(b"\n"))
    collector.collect(lines, len(lines))
    if collector.damaged is not None and collector.records:
        raise damage_error(*collector.damaged)
    groups = (part for group in _split(collector.records) for part in _split_further(group))
    readings = tuple(_reading_of(group) for group in groups)
    return SavedText(readings, collector.between.date, tuple(collector.notes))


def _split(records: list[Record]) -> Iterator[list[Record]]:
    """Split records where addresses go back, or a line between them says so."""
    group: list[Record] = []
    for record, following in zip_longest(records, records[1:]):
        if group and _begins_reading(group, record, following):
            yield group
            group = []
        group.append(record)
    if group:
        yield group


def _begins_reading(group: list[Record], record: Record, following: Record | None) -> bool:
    """Whether another reading begins with a record."""
    last = group[-1]
    if record.before.is_border or record.is_rollup or last.is_rollup:
        return True
    if record.start >= last.end:  # a 64-bit process after a 32-bit one
        return record.start >= _4_GIB > last.start and any(row.name == b"[stack]" for row in group[-8:])
    if not record.start < last.end < record.end:
        return True
    goes_on = following is not None and not following.before.is_border and following.start >= record.end
    return len(group) == 1 and not goes_on


def _split_further(group: list[Record]) -> Iterator[list[Record]]:
    """Split where the first reading was cut, and the second one is of higher addresses."""
    borders = sorted({*_cut_borders(group), *_border_before_repeated(group)})
    yield from (group[begin:end] for begin, end in pairwise([0, *borders, len(group)]))


def _border_before_repeated(group: list[Record]) -> Iterator[int]:
    """Where another process begins, if the heap or the stack comes again: at the first file after it."""
    seen: dict[bytes, int] = {}
    for row, record in enumerate(group):
        if record.name not in _UNIQUE:
            continue
        files = (at for at in range(seen.get(record.name, row) + 1, row) if _begins_file(group[at]))
        border = next(files, None)
        if border is not None:
            yield border
            seen.clear()
        seen[record.name] = row


def _begins_file(record: Record) -> bool:
    """Whether a mapping is the first part of a file."""
    return record.name.startswith(b"/") and record.file_offset == 0


def _cut_borders(group: list[Record]) -> Iterator[int]:
    """Where another reading follows a record that was cut."""
    typical = _typical_labels(group)
    names: set[bytes] = set()
    for row, (record, following) in enumerate(pairwise(group), 1):
        names.add(record.name)
        labels = [label for label in record.labels if label in typical]
        was_cut = labels == list(typical[: len(labels)]) and _lacks(record, typical)
        if was_cut and _begins_file(following) and following.name not in names:
            yield row


def _typical_labels(group: list[Record]) -> tuple[str, ...]:
    """Labels of most records of a reading, in order; empty for maps."""
    labelled = [record.labels for record in group if record.labels]
    counts = Counter(label for labels in labelled for label in labels)
    common = {label for label, count in counts.items() if 2 * count >= len(labelled)}
    shapes = Counter(tuple(label for label in labels if label in common) for labels in labelled)
    return max(shapes, key=lambda shape: (shapes[shape], len(shape)), default=())


def _lacks(record: Record, typical: tuple[str, ...]) -> str | None:
    """First amount, or flags, that other records of the reading have and this one lacks."""
    return next((label for label in typical if label not in record.labels and _is_expected(label)), None)


def _is_expected(label: str) -> bool:
    """Whether a kernel that prints a label prints it for every mapping."""
    known = FIELD_BY_NAME.get(field_name(label))
    return label == FLAGS_LABEL or (known is not None and known.unit != "")


def _reading_of(group: list[Record]) -> SavedReading:
    """Make the reading of a group of records.

    Raises:
        SmapstopError: A record in it is incomplete, or the only one.
    """
    first, typical = group[0], _typical_labels(group)
    notes: tuple[str, ...] = ()
    if group[-1].is_cut or _lacks(group[-1], typical):
        what = "the text ends inside this mapping, which was left out; more may be missing"
        notes = (f"line {group[-1].line}: {what}",)
        group = group[:-1]
    if not group:
        raise SmapstopError(f"line {first.line}: the text ends inside its only mapping", "save the whole text")
    for record in group:
        missing = _lacks(record, typical)
        if missing is not None and missing != FLAGS_LABEL:
            what = f"line {record.line}: the record has no {missing}, and others have"
            raise SmapstopError(what, "it is incomplete: save the text again")
    return SavedReading(
        line=first.line,
        kind="rollup" if first.is_rollup else "smaps" if typical else "maps",
        text=b"".join(_record_text(record, typical) for record in group),
        date=first.before.date,
        pid=first.before.pid,
        name=first.before.name,
        notes=notes,
    )


def _record_text(record: Record, typical: tuple[str, ...]) -> bytes:
    """The text of a record, without lines from elsewhere: rare labels, from the first unknown one on."""
    lines, is_foreign = [record.header], False
    for line in record.lines:
        label = line.partition(b":")[0].decode()
        if label not in (*typical, FLAGS_LABEL, "Name"):
            is_foreign |= field_name(label) not in FIELD_BY_NAME
            if is_foreign:
                continue
        lines.append(line)
    return b"\n".join([*lines, b""])
