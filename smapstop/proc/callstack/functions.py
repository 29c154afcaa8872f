"""Find the function at an address of an ELF file by its symbols."""

import numpy as np

from smapstop.proc.elf.elf_file import Elf

_MAX_NESTED = 16
"""Symbols before an address that may reach over it."""
_MAX_UNSIZED_BYTES = np.uint64(4096)
"""How far a function without a size reaches, at most."""
_END = np.uint64(2**64 - 1)
"""Stands for the start of what follows the last symbol."""
_LOCAL = 0
"""STB_LOCAL."""
_WEAKNESS = {1: 0, 2: 1}
"""Rank of a binding: global, weak, then local."""


class Functions:
    """The symbols of a file in address order.

    Args:
        elf: Its symbols.
        fd: The file that has their names, which must stay open.
    """

    def __init__(self, elf: Elf, fd: int) -> None:
        self._elf = elf
        self._fd = fd
        starts = np.concatenate([elf.symbols.start, elf.unsized_starts])
        self._order = np.argsort(starts, kind="stable")
        self._starts = starts[self._order]
        next_starts = np.append(self._starts, _END)[np.searchsorted(self._starts, elf.unsized_starts, "right")]
        ends = np.minimum(next_starts, elf.unsized_starts + _MAX_UNSIZED_BYTES)
        self._ends = np.concatenate([elf.symbols.end, ends])[self._order]

    def find(self, address: int) -> tuple[str, int] | None:
        """Return name and start of the function at an address, the innermost one; `None` if there is none.

        Of several names of a function it is the one that is known outside, or else the plainest.
        """
        behind = int(np.searchsorted(self._starts, np.uint64(address), "right"))
        first = max(0, behind - _MAX_NESTED)
        reaching = first + np.flatnonzero(self._ends[first:behind] > address)
        if not len(reaching):
            return None
        start = self._starts[reaching[-1]]
        same = self._order[reaching[self._starts[reaching] == start]]
        try:
            names = [self._symbol(row) for row in same.tolist()]
        except OSError:
            return None
        name = min(names, key=_rank)[0].partition("@")[0]
        return (name, int(start)) if name else None

    def _symbol(self, row: int) -> tuple[str, int]:
        """Return name and binding of a symbol; those without a size come after the others."""
        unsized = row - len(self._elf.symbols)
        if unsized < 0:
            return self._elf.read_name(self._fd, row), int(self._elf.bindings[row])
        return self._elf.read_text(self._fd, int(self._elf.unsized_name_offsets[unsized])), _LOCAL


def _rank(symbol: tuple[str, int]) -> tuple[int, int, str]:
    """Sort key of name and binding: known outside first, then with few underscores."""
    name, binding = symbol
    return _WEAKNESS.get(binding, 2), len(name) - len(name.lstrip("_")), name
