"""Memory without a name in which allocators may have their headers."""

import numpy as np

from smapstop.model.kinds import classify_texts
from smapstop.proc.columns import Mappings

_MAX_MAPPINGS = 1_000


def unnamed_memory(mappings: Mappings, least_bytes: int) -> list[tuple[int, int, int]]:
    """Private writable mappings without a name, of some size: row, first address, and the one past it, in order.

    If there are more than a thousand, the largest.
    """
    writable = classify_texts(mappings.strings, mappings.perms, lambda perms: perms == "rw-p") > 0
    size = mappings.end - mappings.start
    rows = np.flatnonzero(writable & (size >= np.uint64(least_bytes)) & (mappings.name == 0))
    if len(rows) > _MAX_MAPPINGS:
        rows = np.sort(rows[np.argpartition(size[rows], -_MAX_MAPPINGS)[-_MAX_MAPPINGS:]])
    return list(zip(rows.tolist(), mappings.start[rows].tolist(), mappings.end[rows].tolist(), strict=True))
