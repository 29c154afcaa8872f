"""Ranges of files that mappings map, and which of them overlap."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.model.explain.families import Rows, sizes_kb
from smapstop.model.explain.ledger import KbColumn, Mask
from smapstop.model.kinds import is_private
from smapstop.proc.columns import Mappings

_LONGEST_FILE_KB = 1 << 43


class FileRanges(NamedTuple):
    """Ranges of files that k mappings map, at one reading; columns of shape (k,)."""

    inode: NDArray[np.uint64]
    """0 for mappings that do not exist, or map no file."""
    device: NDArray[np.int32]
    perms: NDArray[np.int32]
    private: Mask
    """MAP_PRIVATE."""
    first_kb: KbColumn
    """Offset of the first byte in the file, kB."""
    size_kb: KbColumn

    @staticmethod
    def at_reading(mappings: Mappings, rows: Rows) -> "FileRanges":
        """Ranges of the mappings in some rows; -1 for those that do not exist."""
        here = np.flatnonzero(rows >= 0)
        inode = np.zeros(len(rows), np.uint64)
        device, perms = np.zeros(len(rows), np.int32), np.zeros(len(rows), np.int32)
        private = np.zeros(len(rows), bool)
        first, size = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
        at = rows[here]
        inode[here], device[here], perms[here] = mappings.inode[at], mappings.device[at], mappings.perms[at]
        private[here] = is_private(mappings, at)
        first[here], size[here] = (mappings.offset[at] >> np.uint64(10)).astype(np.int64), sizes_kb(mappings, at)
        return FileRanges(inode, device, perms, private, first, size)

    def common_kb(self, row: int, other: "FileRanges", other_row: int) -> int:
        """Length of the range that two mappings of the same file have in common, kB; not positive without any."""
        end = min(self.first_kb[row] + self.size_kb[row], other.first_kb[other_row] + other.size_kb[other_row])
        return int(end - max(self.first_kb[row], other.first_kb[other_row]))

    def overlap(self, rows: Rows, others: "FileRanges", other_rows: Rows) -> Mask:
        """Which of some mappings have a range in common with any of others of the same permissions."""
        keys = [each.files() + (each.perms.astype(np.uint64) << np.uint64(56)) for each in (self, others)]
        files = np.concatenate([keys[0][rows], keys[1][other_rows]])
        base = np.unique(files, return_inverse=True)[1].astype(np.int64) * _LONGEST_FILE_KB
        mine, theirs = np.split(base, [len(rows)])
        first, other_first = mine + self.first_kb[rows], theirs + others.first_kb[other_rows]
        order = np.argsort(other_first)
        reach = np.maximum.accumulate((other_first + others.size_kb[other_rows])[order])
        begun = np.searchsorted(other_first[order], first + self.size_kb[rows])
        mask: Mask = (begun > 0) & (reach[np.maximum(begun - 1, 0)] > first)
        return mask

    def files(self) -> NDArray[np.uint64]:
        """A number for the file of each mapping."""
        return self.inode + (self.device.astype(np.uint64) << np.uint64(40))

    def same_files(self, others: "FileRanges", rows: Rows) -> Mask:
        """Mappings of the files that others map in some rows."""
        mask: Mask = (self.inode > 0) & np.isin(self.files(), others.files()[rows])
        return mask

    def objects(self, rows: Rows) -> list[tuple[int, int]]:
        """File of some mappings: inode and device."""
        return list(zip(self.inode[rows].tolist(), self.device[rows].tolist(), strict=True))
