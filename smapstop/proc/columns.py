"""Columns of one reading: the values the kernel printed, as arrays in address order."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass

Addresses = NDArray[np.uint64]
"""Addresses and file offsets: unsigned, because [vsyscall] is above 2**63."""
StringIds = NDArray[np.int32]
"""Indices into a `StringTable`."""
Amounts = NDArray[np.int64]
"""Amounts as printed: kB, or a plain number (THPeligible, ProtectionKey); `ABSENT` where there is none."""

ABSENT = -1
"""Amount of a field that the kernel did not print for this mapping. Real amounts are never negative."""
DELETED_SUFFIX = " (deleted)"
"""Suffix the kernel appends to the name of a file that was removed or replaced."""


def strip_deleted(name: str) -> str:
    """Return a file's name without the kernel's " (deleted)" suffix."""
    return name.removesuffix(DELETED_SUFFIX)


class StringTable:
    """String table: each string once, in order of appearance; columns hold its ids. Id 0 is the empty string."""

    def __init__(self, texts: Iterable[str] = ("",)) -> None:
        self._strings = list(texts)
        self._ids = {text: code for code, text in enumerate(self._strings)}

    def __len__(self) -> int:
        return len(self._strings)

    def __getitem__(self, code: int) -> str:
        return self._strings[code]

    def intern(self, text: str) -> int:
        """Return the id of `text`, adding it if it is new."""
        code = self._ids.get(text)
        if code is None:
            code = self._ids[text] = len(self._strings)
            self._strings.append(text)
        return code

    def additions_since(self, count: int) -> tuple[str, ...]:
        """Return the strings added after the first `count`."""
        return tuple(self._strings[count:])

    def extend(self, texts: Iterable[str]) -> None:
        """Append the strings another table added (see `additions_since`), so that ids agree in both."""
        for text in texts:
            self._ids[text] = len(self._strings)
            self._strings.append(text)


_LAYOUT_COLUMNS = ("start", "end", "offset", "inode", "perms", "device", "name", "strings")


@dataclass(frozen=True, slots=True, eq=False)
class Mappings:
    """The n mappings (VMAs) of one reading of smaps, in address order (proc(5); fs/proc/task_mmu.c)."""

    start: Addresses
    """First address, shape (n,)."""
    end: Addresses
    """First address past the mapping, shape (n,)."""
    offset: Addresses
    """Offset into the file, bytes; 0 without a file."""
    inode: Addresses
    """Inode of the file; 0 without a file."""
    perms: StringIds
    """`rwxp` as printed; the last letter is `s` for a shared, `p` for a private mapping."""
    device: StringIds
    """`major:minor` in hex."""
    name: StringIds
    """Path or pseudo-path such as `[heap]`; the empty string for plain anonymous memory."""
    flags: StringIds
    """VmFlags line: two-letter codes separated by spaces, unknown ones included."""
    fields: tuple[str, ...]
    """Names of the rows of `amounts`: the kernel's labels in snake_case, in its order."""
    amounts: Amounts
    """Shape (len(fields), n): one contiguous row per field."""
    strings: StringTable = field(repr=False)
    """String table of the ids in `perms`, `device`, `name` and `flags`."""

    def __len__(self) -> int:
        return len(self.start)

    def shares_layout(self, other: "Mappings") -> bool:
        """Whether what is mapped where are the very arrays of another reading: only amounts and flags may differ."""
        return all(getattr(self, name) is getattr(other, name) for name in _LAYOUT_COLUMNS)

    def get(self, name: str) -> Amounts | None:
        """Return the column of a field, shape (n,); `None` if this kernel does not print it."""
        return self.amounts[self.fields.index(name)] if name in self.fields else None

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Mappings":
        """Return the rows selected by `index`, in its order."""
        if isinstance(index, slice):
            amounts = np.ascontiguousarray(self.amounts[:, index])
        else:  # ten times as fast as indexing both dimensions
            amounts = self.amounts.take(np.flatnonzero(index) if index.dtype == bool else index, axis=1)
        return Mappings(
            self.start[index],
            self.end[index],
            self.offset[index],
            self.inode[index],
            self.perms[index],
            self.device[index],
            self.name[index],
            self.flags[index],
            self.fields,
            amounts,
            self.strings,
        )

    def with_fields(self, columns: Mapping[str, Amounts]) -> "Mappings":
        """Set fields, each of shape (n,), and append new ones; return the same object if nothing changes."""
        changed = {name: column for name, column in columns.items() if not self._has_field(name, column)}
        if not changed:
            return self
        new = {name: column for name, column in changed.items() if name not in self.fields}
        fields, amounts = (*self.fields, *new), np.vstack([self.amounts, *new.values()])
        for name, column in changed.items():
            amounts[fields.index(name)] = column
        return replace(self, fields=fields, amounts=amounts)

    def _has_field(self, name: str, column: Amounts) -> bool:
        """Whether a field has these values."""
        known = self.get(name)
        return known is not None and np.array_equal(known, column)

    def string_at(self, column: StringIds, row: int) -> str:
        """Return the string of a coded column in a row."""
        return self.strings[int(column[row])]

    def name_of(self, row: int) -> str:
        """Return the name of the mapping in a row."""
        return self.strings[int(self.name[row])]

    def perms_of(self, row: int) -> str:
        """Return the permissions of the mapping in a row."""
        return self.strings[int(self.perms[row])]


def no_mappings(strings: StringTable, fields: tuple[str, ...] = ()) -> Mappings:
    """Return the empty map of a process without memory: a kernel thread or a zombie."""
    address, code = np.zeros(0, np.uint64), np.zeros(0, np.int32)
    amounts = np.zeros((len(fields), 0), np.int64)
    return Mappings(address, address, address, address, code, code, code, code, fields, amounts, strings)


@dataclass(frozen=True, slots=True)
class Counters:
    """Process-wide counters from stat, statm and status (proc(5)). `None`: not printed, or not permitted."""

    pid: int
    name: str
    """Process name (comm): at most 15 arbitrary bytes."""
    state: str
    """One letter: R running, S sleeping, D disk sleep, T stopped, t traced, Z zombie, X dead, I idle, or nothing."""
    ppid: int
    threads: int | None
    start_time: int
    """Start time, clock ticks after boot (stat, field 22); together with the pid it identifies the process."""
    image: int
    """Address of the arguments (stat, field 48), which changes on exec; 0 if it may not be read."""
    minor_faults: int | None
    major_faults: int | None
    user_ticks: int | None
    """CPU time in user mode, clock ticks."""
    system_ticks: int | None
    """CPU time in the kernel, clock ticks."""
    exit_code: int | None
    """Wait status of a zombie (stat, field 52), if it may be read."""
    rss: int | None
    """Resident set size, kB (statm)."""
    vm_peak: int | None = None
    vm_size: int | None = None
    """All mappings, kB: what RLIMIT_AS limits."""
    vm_hwm: int | None = None
    """Peak Rss, kB."""
    vm_swap: int | None = None
    rss_shmem: int | None = None
    """Resident shared memory, kB, which smaps does not distinguish from file pages (since Linux 4.5)."""
    rss_anon: int | None = None
    """Resident anonymous memory, kB (since Linux 4.5)."""
    rss_file: int | None = None
    """Resident pages of files, kB (since Linux 4.5)."""
    vm_data: int | None = None
    """Private writable mappings without the stack, kB: what RLIMIT_DATA limits."""
    vm_lck: int | None = None
    """Locked mappings, kB: what RLIMIT_MEMLOCK limits."""
