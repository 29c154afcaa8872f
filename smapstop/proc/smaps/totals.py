"""Totals of a process: those that the kernel prints, or sums over smaps where it prints none."""

from typing import Protocol

from smapstop.proc.added_fields import ADDED_PROPERTIES
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.fields import MAPPING_ONLY
from smapstop.proc.smaps.parser import drop_torn, parse_rollup, parse_smaps


class TotalsFiles(Protocol):
    """Files of a process that have its totals."""

    def read_rollup(self) -> bytes:
        """Read smaps_rollup.

        Raises:
            OSError: As `ProcDir.read_rollup`.
        """

    def read_smaps(self) -> bytes:
        """Read smaps.

        Raises:
            OSError: As `ProcDir.read_smaps`.
        """


def read_totals(files: TotalsFiles) -> dict[str, int]:
    """Read the totals of a process, kB by field name: from smaps_rollup, before Linux 4.14 from smaps.

    They are empty for a process without memory.

    Raises:
        OSError: ENOENT or ESRCH when the process is gone, EACCES or EPERM when it may not be read.
    """
    try:
        return parse_rollup(files.read_rollup())
    except FileNotFoundError:
        return sum_fields(drop_torn(parse_smaps(files.read_smaps())))


def sum_fields(mappings: Mappings) -> dict[str, int]:
    """Sum the fields that can be summed, kB."""
    return {
        name: int(column[column != ABSENT].sum())
        for name, column in zip(mappings.fields, mappings.amounts, strict=True)
        if name not in MAPPING_ONLY and name not in ADDED_PROPERTIES
    }
