"""One sample of a process, read now or saved by somebody, as records to print."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from smapstop.errors import SmapstopError
from smapstop.model.grouping import Grouping
from smapstop.model.kinds import Kind, kinds
from smapstop.model.labels import Label
from smapstop.model.protocol import Pace
from smapstop.model.view.sort import Sorting, order
from smapstop.model.view.table_data import Sheet, grouped, still
from smapstop.proc.columns import ABSENT, Counters, Mappings
from smapstop.proc.fields import FIELDS, ROLLUP_ONLY
from smapstop.proc.process import ProcDir, unreadable
from smapstop.proc.smaps.parser import parse_rollup, parse_smaps, without_torn
from smapstop.reports.labels import labels_in
from smapstop.sampling.sampler import Sampler

_NOT_IN_ROLLUP = ("size", "kernel_page_size", "mmu_page_size", "thp_eligible", "protection_key")
_HEADS = frozenset(
    ["start", "end", "perms", "offset", "device", "inode", "name", "deleted", "kind", "vm_flags", "members", "label"]
)
"""The names that are no fields; an unknown field of such a name is left out."""
_DELETED = " (deleted)"

Record = dict[str, Any]
"""A mapping, or a group of them, under the names that JSON and csv have."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One sample of a process. None: it is not known, or was not asked for."""

    mappings: Mappings | None
    """Every mapping, in address order; None when only the totals were read."""
    rollup: dict[str, int]
    """Totals by field name, kB: the kernel's smaps_rollup, or else the sums of the mappings."""
    counters: Counters | None = None
    command_line: tuple[str, ...] = ()
    wall_ns: int | None = None
    """When it was read; not known of a saved text."""
    read_ns: int | None = None
    """How long the reading took."""
    labels: list[Label | None] | None = None
    """What each mapping is for; None when nobody asked."""


def take(pid: int) -> Snapshot:
    """Sample a process now.

    Raises:
        SmapstopError: There is no such process, it has no memory, or it may not be read.
    """
    with ProcDir(pid) as process:
        try:
            tick = Sampler(process, Pace()).sample()
        except OSError as error:
            process.require_memory()
            raise unreadable(pid, error) from error
        if tick.missing:
            process.require_memory()
            raise SmapstopError(tick.missing)
        return Snapshot(
            mappings=tick.rows,
            rollup=_read_rollup(process) or _sums(tick.rows),
            counters=tick.counters,
            command_line=process.command_line(),
            wall_ns=tick.wall_ns,
            read_ns=tick.read_ns,
        )


def with_labels(pid: int, snapshot: Snapshot) -> Snapshot:
    """The sample with what memory without a name is for, as far as it can be told.

    Raises:
        SmapstopError: The process has ended.
    """
    if snapshot.mappings is None:
        return snapshot
    with ProcDir(pid) as process:
        return replace(snapshot, labels=labels_in(process, snapshot.mappings))


def take_totals(pid: int) -> Snapshot:
    """Sample only the totals of a process, which is quicker; a kernel without smaps_rollup has the mappings summed.

    Raises:
        SmapstopError: As for `take`.
    """
    with ProcDir(pid) as process:
        try:
            wall_ns, began_ns = time.time_ns(), time.monotonic_ns()
            rollup = _read_rollup(process) or _sums(parse_smaps(process.read_smaps()))
            read_ns = time.monotonic_ns() - began_ns
            counters = process.counters()
        except OSError as error:
            raise unreadable(pid, error) from error
        if not rollup:
            process.require_memory()
        return Snapshot(None, rollup, counters, process.command_line(), wall_ns, read_ns)


def load(text: bytes) -> Snapshot:
    """A snapshot from the saved text of /proc/PID/smaps, or of smaps_rollup.

    Raises:
        SmapstopError: The text is none of them.
    """
    mappings = without_torn(parse_smaps(text))
    if not len(mappings):
        raise SmapstopError("the saved smaps is empty", "save one with: cat /proc/PID/smaps >FILE")
    if len(mappings) == 1 and mappings.name_of(0) == "[rollup]":
        return Snapshot(None, parse_rollup(text))
    return Snapshot(mappings, _sums(mappings))


def _read_rollup(process: ProcDir) -> dict[str, int]:
    """The kernel's totals; empty when it has none, or has none of this process any more."""
    try:
        return parse_rollup(process.read_rollup())
    except (FileNotFoundError, ProcessLookupError):
        return {}


def _sums(mappings: Mappings) -> dict[str, int]:
    """The totals of the fields that can be summed."""
    return {
        name: int(column[column != ABSENT].sum())
        for name, column in zip(mappings.fields, mappings.amounts, strict=True)
        if name not in _NOT_IN_ROLLUP
    }


def records(snapshot: Snapshot, sorting: Sorting | None = None, grouping: Grouping = "none") -> list[Record]:
    """A record per mapping in address order, or per group with the largest first, unless sorted otherwise.

    Every field that smapstop knows is in it, None when the kernel did not print it, and then those it does not know.
    """
    if snapshot.mappings is None:
        return []
    sheet = grouped(still(snapshot.mappings), grouping)
    if sorting is None:
        sorting = Sorting("start", descending=False) if grouping == "none" else Sorting("rss")
    rows = order(sheet, sorting)
    heads = heads_of(snapshot.mappings.take(rows)) if grouping == "none" else _group_heads(sheet, rows.tolist())
    if snapshot.labels is not None and grouping == "none":
        heads = [head | label_record(snapshot.labels[row]) for head, row in zip(heads, rows.tolist(), strict=True)]
    names = names_with((field for field in sheet.fields if field not in _HEADS), without=ROLLUP_ONLY)
    columns = [None if (column := sheet.get(name)) is None else column[rows].tolist() for name in names]
    return [head | _amounts(names, columns, at) for at, head in enumerate(heads)]


def names_with(printed: Iterable[str], *, without: tuple[str, ...]) -> list[str]:
    """The known names of fields, and then the unknown ones that this kernel prints."""
    return list(dict.fromkeys([*(field.name for field in FIELDS if field.name not in without), *printed]))


def _amounts(names: list[str], columns: list[list[int] | None], row: int) -> Record:
    """The amounts of one row, with None for those that the kernel did not print."""
    return {
        name: None if column is None or column[row] == ABSENT else column[row]
        for name, column in zip(names, columns, strict=True)
    }


def heads_of(mappings: Mappings) -> list[Record]:
    """What each mapping is."""
    return [
        {
            "start": f"{mappings.start[row]:#x}",
            "end": f"{mappings.end[row]:#x}",
            "perms": mappings.perms_of(row),
            "offset": int(mappings.offset[row]),
            "device": mappings.text(mappings.device, row),
            "inode": int(mappings.inode[row]),
            "name": without_deleted(mappings.name_of(row)),
            "deleted": mappings.name_of(row).endswith(_DELETED),
            "kind": kind.value,
            "vm_flags": mappings.text(mappings.flags, row).split() or None,
        }
        for row, kind in enumerate(kinds(mappings))
    ]


def label_record(label: Label | None) -> Record:
    """What a mapping is for, and whether that is a guess."""
    return {"label": label and label.text, "guess": label and label.guess}


def without_deleted(name: str) -> str:
    """The name of a file that may be gone since, without the kernel's remark on it."""
    return name.removesuffix(_DELETED)


def _group_heads(sheet: Sheet, rows: list[int]) -> list[Record]:
    """What each group is."""
    of_code = list(Kind)
    return [
        {
            "name": sheet.texts[int(sheet.name[row])],
            "kind": of_code[sheet.kind[row]].value,
            "members": int(sheet.members[row]),
        }
        for row in rows
    ]


def rollup_record(snapshot: Snapshot) -> Record:
    """The totals of every field that has one; None when it is not known."""
    names = names_with(snapshot.rollup, without=_NOT_IN_ROLLUP)
    return {name: snapshot.rollup.get(name) for name in names}


def sorting_by(key: str, snapshot: Snapshot) -> Sorting:
    """The order that a user asks for by the name of a field, or by `name`, `perms` or `start`.

    Raises:
        SmapstopError: The snapshot has nothing of that name.
    """
    printed = snapshot.mappings.fields if snapshot.mappings else ()
    keys = ("name", "perms", "start", *printed)
    if key not in keys:
        raise SmapstopError(f"no field {key!r} to sort by", f"there are {', '.join(keys)}")
    return Sorting(key, descending=key in printed)
