"""The raw columns of one reading: what the kernel printed, as arrays in address order."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Addresses = NDArray[np.uint64]
"""Addresses and file offsets: unsigned, because [vsyscall] lies above 2**63."""
StringIds = NDArray[np.int32]
"""Codes of a `StringTable`."""
Amounts = NDArray[np.int64]
"""kB as the kernel printed them (or a plain number: THPeligible, ProtectionKey); `ABSENT` where it printed none."""

ABSENT = -1
"""An amount that this kernel did not print for this mapping. Amounts are never negative."""
DELETED_SUFFIX = " (deleted)"
"""What the kernel appends to the name of a file that was removed or replaced."""


def strip_deleted(name: str) -> str:
    """The name of a file that may have been removed or replaced, without the kernel's remark on it."""
    return name.removesuffix(DELETED_SUFFIX)


class StringTable:
    """Interned texts: every text once, in order of appearance; columns hold their codes. Code 0 is the empty text."""

    def __init__(self, texts: Iterable[str] = ("",)) -> None:
        self._strings = list(texts)
        self._ids = {text: code for code, text in enumerate(self._strings)}

    def __len__(self) -> int:
        return len(self._strings)

    def __getitem__(self, code: int) -> str:
        return self._strings[code]

    def intern(self, text: str) -> int:
        """The code of `text`, which is added when it is new."""
        code = self._ids.get(text)
        if code is None:
            code = self._ids[text] = len(self._strings)
            self._strings.append(text)
        return code

    def additions_since(self, count: int) -> tuple[str, ...]:
        """The texts added after the first `count`."""
        return tuple(self._strings[count:])

    def extend(self, texts: Iterable[str]) -> None:
        """Append texts that another `StringTable` added (see `since`), so that both give the same codes."""
        for text in texts:
            self._ids[text] = len(self._strings)
            self._strings.append(text)


@dataclass(frozen=True, slots=True, eq=False)
class Mappings:
    """The mappings (VMAs) of one reading of smaps, n of them, in address order (proc(5); fs/proc/task_mmu.c)."""

    start: Addresses
    """First address, shape (n,)."""
    end: Addresses
    """First address after the mapping, shape (n,)."""
    offset: Addresses
    """Offset into the file, bytes; 0 without a file."""
    inode: Addresses
    """Inode of the file; 0 without a file."""
    perms: StringIds
    """`rwxp` as printed; the last letter is `s` for a shared, `p` for a private mapping."""
    device: StringIds
    """`major:minor` in hex."""
    name: StringIds
    """Path or pseudo-path such as `[heap]`; the empty text for plain anonymous memory."""
    flags: StringIds
    """The VmFlags line: two-letter codes separated by spaces, with the unknown ones."""
    fields: tuple[str, ...]
    """The names (snake_case of the kernel's labels) of the rows of `amounts`, in the kernel's order."""
    amounts: Amounts
    """Shape (len(fields), n): one contiguous row per field."""
    strings: StringTable = field(repr=False)
    """What `perms`, `device`, `name` and `flags` are codes of."""

    def __len__(self) -> int:
        return len(self.start)

    def get(self, name: str) -> Amounts | None:
        """The column of a field, shape (n,); None when this kernel does not print it."""
        return self.amounts[self.fields.index(name)] if name in self.fields else None

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Mappings":
        """The rows that `index` names, in its order."""
        if isinstance(index, slice):
            amounts = np.ascontiguousarray(self.amounts[:, index])
        else:  # ten times as quick as indexing both dimensions
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

    def string_at(self, column: StringIds, row: int) -> str:
        """The text of a coded column in a row."""
        return self.strings[int(column[row])]

    def name_of(self, row: int) -> str:
        """The name of the mapping in a row."""
        return self.strings[int(self.name[row])]

    def perms_of(self, row: int) -> str:
        """The permissions of the mapping in a row."""
        return self.strings[int(self.perms[row])]


def no_mappings(strings: StringTable, fields: tuple[str, ...] = ()) -> Mappings:
    """The map of a process without memory: a kernel thread, a zombie."""
    address, code = np.zeros(0, np.uint64), np.zeros(0, np.int32)
    amounts = np.zeros((len(fields), 0), np.int64)
    return Mappings(address, address, address, address, code, code, code, code, fields, amounts, strings)


@dataclass(frozen=True, slots=True)
class Counters:
    """What stat, statm and status say of the whole process (proc(5)). None: not printed, or not permitted."""

    pid: int
    name: str
    """The comm: at most 15 bytes, may be anything."""
    state: str
    """One letter: R running, S sleeping, D disk sleep, T stopped, t traced, Z zombie, X dead, I idle."""
    ppid: int
    threads: int
    start_time: int
    """Clock ticks after boot; with the pid it identifies the process (stat, field 22)."""
    image: int
    """Changes when the process execs: the address of its arguments (stat, field 48); 0 when it may not be read."""
    minor_faults: int
    major_faults: int
    user_ticks: int
    """CPU time in user mode, clock ticks."""
    system_ticks: int
    """CPU time in the kernel, clock ticks."""
    exit_code: int | None
    """wait status of a zombie (stat, field 52), when it may be read."""
    rss: int | None
    """Resident, kB (statm)."""
    vm_peak: int | None = None
    vm_size: int | None = None
    vm_hwm: int | None = None
    """Peak Rss, kB."""
    vm_swap: int | None = None
    rss_shmem: int | None = None
    """Resident shared memory, kB: what smaps cannot tell from file pages (since Linux 4.5)."""
