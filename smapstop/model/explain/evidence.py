"""Evidence for explaining a tick, besides its deltas: type of each mapping, its earlier amounts, page faults."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.explain.ledger import PD, SD, KbColumn, Mask
from smapstop.model.kinds import Kind, classify_texts, kind_codes
from smapstop.proc.columns import Mappings

_ANONYMOUS_KINDS = (Kind.ANONYMOUS, Kind.HEAP, Kind.STACK)
_WITHOUT_FILE = (Kind.SHARED, Kind.DEVICE)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Evidence for k mappings; masks and amounts have shape (k,)."""

    private_anonymous: Mask
    """Private, without a file: resident pages are anonymous."""
    private_file: Mask
    """Private, of a file (or of the kernel, such as the vdso): pages are the file's until written."""
    shared_file: Mask
    """MAP_SHARED of a file: writes go to the file's pages."""
    shared_memory: Mask
    """MAP_SHARED of memfd, shm, tmpfs, a device: file pages in smaps, but no file that they could be read from."""
    amounts_before: dict[str, KbColumn]
    """Fields at the previous reading, kB."""
    shrunk_kb: KbColumn
    """Decrease of the mapping's size, kB; 0 when it did not shrink."""
    mergeable: Mask
    """KSM may merge pages here (VmFlags mg), and this kernel prints no KSM field (before Linux 6.8)."""
    faults: int
    """Page faults of the whole process in the tick."""
    page_kb: int

    def amount_before(self, name: str) -> KbColumn:
        """Amount of a field at the previous reading, kB; 0 when this kernel does not print it."""
        return self.amounts_before[name] if name in self.amounts_before else np.zeros_like(self.shrunk_kb)

    @property
    def dirty_file_kb(self) -> KbColumn:
        """Lower bound of the dirty pages that were the file's own, kB: written and not yet written back."""
        excess: KbColumn = self.amount_before(PD) + self.amount_before(SD) - self.amount_before("anonymous")
        return np.maximum(excess, 0)

    @property
    def clean_anonymous_kb(self) -> KbColumn:
        """Lower bound of the clean pages that were anonymous, kB: swapped in, and only read since."""
        excess: KbColumn = self.amount_before("anonymous") - self.amount_before(PD) - self.amount_before(SD)
        return np.maximum(excess, 0)


def evidence_of(
    mappings: Mappings,
    rows: NDArray[np.intp],
    was: dict[str, KbColumn],
    now: dict[str, KbColumn],
    faults: int,
    page_kb: int,
) -> Evidence:
    """Collect the evidence for some rows of a reading.

    Args:
        mappings: The current reading.
        rows: Rows of it, shape (k,).
        was: Fields at the previous reading, kB.
        now: Fields at the current reading, kB.
        faults: Page faults of the whole process between the readings.
        page_kb: Page size, kB.
    """
    kinds = list(Kind)
    kind = kind_codes(mappings, rows)
    shared = classify_texts(mappings.strings, mappings.perms[rows], lambda perms: perms.endswith("s")) > 0
    private_anonymous = ~shared & _is_any_of(kind, map(kinds.index, _ANONYMOUS_KINDS))
    without_file = _is_any_of(kind, map(kinds.index, _WITHOUT_FILE))
    zeros = np.zeros(len(rows), np.int64)
    return Evidence(
        private_anonymous=private_anonymous,
        private_file=~shared & ~private_anonymous,
        shared_file=shared & ~without_file,
        shared_memory=shared & without_file,
        amounts_before=was,
        shrunk_kb=np.maximum(was["size"] - now["size"], 0) if "size" in was else zeros,
        mergeable=zeros > 0 if "ksm" in was else has_flag(mappings, rows, "mg"),
        faults=faults,
        page_kb=page_kb,
    )


def has_flag(mappings: Mappings, rows: NDArray[np.intp], flag: str) -> Mask:
    """Whether the VmFlags of each row contain a flag."""
    return classify_texts(mappings.strings, mappings.flags[rows], lambda flags: flag in flags.split()) > 0


def _is_any_of(values: NDArray[np.int8], wanted: Iterable[int]) -> Mask:
    """Whether each value is one of those wanted."""
    out = np.zeros(len(values), bool)
    for value in wanted:
        out |= values == value
    return out
