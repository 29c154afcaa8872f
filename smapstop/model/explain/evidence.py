"""What the rules that explain a tick look at, besides its deltas: which rules hold for a mapping, and what it had."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.explain.ledger import PD, SD, KbColumn, Mask
from smapstop.model.kinds import Kind, classify_texts, kind_of
from smapstop.proc.columns import Mappings

_ANONYMOUS_KINDS = (Kind.ANONYMOUS, Kind.HEAP, Kind.STACK)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Masks and amounts have shape (k,)."""

    private_anonymous: Mask
    """Private, without a file: its resident pages are anonymous."""
    private_file: Mask
    """Private, of a file (or of the kernel, such as the vdso): pages are the file's until they are written."""
    shared_file: Mask
    """MAP_SHARED of a file: writes go to the file's pages."""
    shared_memory: Mask
    """memfd, shm, tmpfs: file pages to smaps, but there is no file that they could be read from again."""
    amounts_before: dict[str, KbColumn]
    """The fields before, kB."""
    shrunk_kb: KbColumn
    """How much shorter the mapping became, kB."""
    mergeable: Mask
    """KSM may merge its pages, and this kernel does not say which it merged (before Linux 6.8)."""
    faults: int
    """Page faults of the whole process in the tick."""
    page_kb: int

    def amount_before(self, name: str) -> KbColumn:
        """How much of a field there was; 0 when this kernel does not print it."""
        return self.amounts_before[name] if name in self.amounts_before else np.zeros_like(self.shrunk_kb)

    @property
    def dirty_file_pages(self) -> KbColumn:
        """Dirty pages that were the file's own, at least: it was written lately, and not yet written back."""
        excess: KbColumn = self.amount_before(PD) + self.amount_before(SD) - self.amount_before("anonymous")
        return np.maximum(excess, 0)

    @property
    def clean_anonymous_pages(self) -> KbColumn:
        """Clean pages that were anonymous, at least: they came back from swap, and were only read."""
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
    """The evidence for some rows of a reading.

    Args:
        mappings: The reading.
        rows: Rows of it, shape (k,).
        was: The fields before, kB.
        now: The fields now.
        faults: Page faults of the whole process between the readings.
        page_kb: Size of a page.
    """
    kinds = list(Kind)
    kind = classify_texts(mappings.strings, mappings.name[rows], lambda name: kinds.index(kind_of(name)))
    shared = classify_texts(mappings.strings, mappings.perms[rows], lambda perms: perms.endswith("s")) > 0
    memory = ~shared & _is_any_of(kind, map(kinds.index, _ANONYMOUS_KINDS))
    of_memory = kind == kinds.index(Kind.SHARED)
    none = np.zeros(len(rows), np.int64)
    return Evidence(
        private_anonymous=memory,
        private_file=~shared & ~memory,
        shared_file=shared & ~of_memory,
        shared_memory=shared & of_memory,
        amounts_before=was,
        shrunk_kb=np.maximum(was["size"] - now["size"], 0) if "size" in was else none,
        mergeable=none > 0 if "ksm" in was else has_flag(mappings, rows, "mg"),
        faults=faults,
        page_kb=page_kb,
    )


def has_flag(mappings: Mappings, rows: NDArray[np.intp], flag: str) -> Mask:
    """Whether VmFlags of some rows hold a flag."""
    return classify_texts(mappings.strings, mappings.flags[rows], lambda flags: flag in flags.split()) > 0


def _is_any_of(values: NDArray[np.int8], wanted: Iterable[int]) -> Mask:
    """Whether each value is one of a few."""
    out = np.zeros(len(values), bool)
    for value in wanted:
        out |= values == value
    return out
