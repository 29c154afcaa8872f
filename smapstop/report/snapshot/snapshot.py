"""Take a snapshot of a process, and turn it into records."""

import time
from collections.abc import Callable
from dataclasses import replace

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.grouping import Grouping
from smapstop.model.kinds import Kind
from smapstop.model.labels import Label, labels_of
from smapstop.model.protocol import Pace
from smapstop.model.purposes import Purposes, purposes_of
from smapstop.model.view.groups import group_rows
from smapstop.model.view.sort import Sorting, sort_rows
from smapstop.model.view.table_data import TableData, static_table
from smapstop.proc.added_fields import ADDED_PROPERTIES, HIDDEN_FIELDS
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.fields import MAPPING_ONLY, ROLLUP_ONLY
from smapstop.proc.limits import Limits
from smapstop.proc.process import ProcDir, access_error
from smapstop.proc.smaps.parser import parse_rollup, parse_smaps
from smapstop.proc.smaps.totals import sum_fields
from smapstop.report.json_fields import RESERVED_KEYS, Record, all_field_names, amounts, header_records, label_record
from smapstop.report.label_reader import read_stacks
from smapstop.sampling.process_cgroup import read_limits
from smapstop.sampling.sampler import Sampler

OpenProcess = Callable[[int], ProcDir]
"""Opens the directory of a process by its pid, here or elsewhere."""
_TOTALS_FILES = ("smaps_rollup", "stat", "statm", "status", "cmdline", "limits", "/proc/sys/vm/max_map_count")
"""Files that `take_totals` reads, but for those of the control group."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One sample of a process. None means unknown or not requested."""

    mappings: Mappings | None
    """All mappings, in address order; None if only the totals were read."""
    rollup: dict[str, int]
    """Totals by field name, kB: the kernel's smaps_rollup, or else sums over the mappings."""
    counters: Counters | None = None
    command_line: tuple[str, ...] = ()
    wall_ns: int | None = None
    """Time of the reading, ns since the epoch; None for a saved text without a date."""
    read_ns: int | None = None
    """Duration of the reading, ns."""
    labels: list[Label | None] | None = None
    """Purpose of each mapping; None if not requested."""
    purposes: Purposes | None = None
    """Purposes of unnamed memory, by its threads, too; None if not requested, or without a process."""
    limits: Limits | None = None
    """Limits of the process; None for a saved text."""
    notes: tuple[str, ...] = ()
    """What is missing in a saved text, for the user."""


def take_snapshot(pid: int, open_process: OpenProcess = ProcDir) -> Snapshot:
    """Sample a process now.

    Args:
        pid: The process.
        open_process: Opens its directory.

    Raises:
        SmapstopError: No such process, it has no memory, or it may not be read.
    """
    with open_process(pid) as process:
        sampler = Sampler(process, Pace())
        try:
            tick = sampler.sample()
        except OSError as error:
            process.require_memory()
            raise access_error(pid, error, is_local=process.is_local) from error
        finally:
            sampler.cgroup.close()
        if tick.missing:
            process.require_memory()
            raise SmapstopError(tick.missing)
        return Snapshot(
            mappings=tick.rows,
            rollup=_read_rollup(process) or sum_fields(tick.rows),
            counters=tick.counters,
            command_line=process.command_line(),
            wall_ns=tick.wall_ns,
            read_ns=tick.read_ns,
            limits=tick.limits,
        )


def with_labels(pid: int, snapshot: Snapshot, open_process: OpenProcess = ProcDir) -> Snapshot:
    """Add the purpose of memory without a name, as far as it is known; see `take_snapshot`.

    Raises:
        SmapstopError: The process has ended.
    """
    if snapshot.mappings is None:
        return snapshot
    with open_process(pid) as process:
        stacks, threads = read_stacks(process, snapshot.mappings)
        return replace(
            snapshot,
            labels=labels_of(snapshot.mappings, stacks, threads),
            purposes=purposes_of(snapshot.mappings, stacks, threads),
        )


def take_totals(pid: int, open_process: OpenProcess = ProcDir) -> Snapshot:
    """Sample only the totals of a process, which is faster; without smaps_rollup they are summed from smaps.

    See `take_snapshot`.

    Raises:
        SmapstopError: As for `take_snapshot`.
    """
    with open_process(pid) as process, process.prefetch(_TOTALS_FILES):
        try:
            wall_ns, began_ns = time.time_ns(), time.monotonic_ns()
            rollup = _read_rollup(process) or sum_fields(parse_smaps(process.read_smaps()))
            read_ns = time.monotonic_ns() - began_ns
            counters = process.counters()
        except OSError as error:
            raise access_error(pid, error, is_local=process.is_local) from error
        if not rollup:
            process.require_memory()
        return Snapshot(None, rollup, counters, process.command_line(), wall_ns, read_ns, limits=read_limits(process))


def _read_rollup(process: ProcDir) -> dict[str, int]:
    """Read the kernel's totals; empty if the kernel has no smaps_rollup, or the process has ended."""
    try:
        return parse_rollup(process.read_rollup())
    except (FileNotFoundError, ProcessLookupError):
        return {}


def records(snapshot: Snapshot, sorting: Sorting | None = None, grouping: Grouping = "none") -> list[Record]:
    """Build a record per mapping, in address order, or per group, largest first, unless `sorting` says otherwise.

    A record has every known field, None if the kernel did not print it, then the fields unknown to smapstop.
    """
    if snapshot.mappings is None:
        return []
    table = group_rows(static_table(snapshot.mappings, snapshot.purposes), grouping)
    if sorting is None:
        sorting = Sorting("start", descending=False) if grouping == "none" else Sorting("rss")
    rows = sort_rows(table, sorting)
    heads = (
        header_records(snapshot.mappings.take(rows))
        if grouping == "none"
        else _group_header_records(table, rows.tolist())
    )
    if snapshot.labels is not None and grouping == "none":
        heads = [head | label_record(snapshot.labels[row]) for head, row in zip(heads, rows.tolist(), strict=True)]
    names = all_field_names((field for field in table.fields if field not in RESERVED_KEYS), without=ROLLUP_ONLY)
    columns = [None if (column := table.get(name)) is None else column[rows].tolist() for name in names]
    return [head | amounts(names, columns, at) for at, head in enumerate(heads)]


def _group_header_records(table: TableData, rows: list[int]) -> list[Record]:
    """Identity of each group: name, kind and number of mappings."""
    kinds = list(Kind)
    return [
        {
            "name": table.texts[int(table.name[row])],
            "kind": kinds[table.kind[row]].value,
            "members": int(table.mapping_count[row]),
        }
        for row in rows
    ]


def rollup_record(snapshot: Snapshot) -> Record:
    """Record of the totals of all fields that have one; None if unknown."""
    names = all_field_names(snapshot.rollup, without=(*MAPPING_ONLY, *ADDED_PROPERTIES))
    return {name: snapshot.rollup.get(name) for name in names}


def parse_sorting(key: str, snapshot: Snapshot) -> Sorting:
    """Parse a sort key: the name of a field, or `name`, `perms` or `start`.

    Raises:
        SmapstopError: The snapshot has no such field.
    """
    fields = snapshot.mappings.fields if snapshot.mappings else ()
    printed = tuple(name for name in fields if name not in HIDDEN_FIELDS)
    keys = ("name", "perms", "start", *printed)
    if key not in keys:
        raise SmapstopError(f"no field {key!r} to sort by", f"the fields are {', '.join(keys)}")
    return Sorting(key, descending=key in printed)
