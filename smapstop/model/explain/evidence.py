"""Evidence for explaining a tick, besides its deltas: type of each mapping, its earlier amounts, page faults."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.explain.ledger import PC, PD, SC, SD, STATES, KbColumn, Mask
from smapstop.model.kinds import Kind, classify_texts, kind_codes
from smapstop.proc.columns import Mappings, StringIds, StringTable

Rows = NDArray[np.intp]
LARGE_FOLIO = 512
"""Pages that one fault may map where folios are large."""
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
    of_kernel: Mask
    """Of the kernel, such as the vdso: pages that it has in memory anyway."""
    shared_memory: Mask
    """MAP_SHARED of memfd, shm, tmpfs, a device: file pages in smaps, but no file that they could be read from."""
    amounts_before: dict[str, KbColumn]
    """Fields at the previous reading, kB."""
    lost_kb: KbColumn
    """Addresses that the mapping had before and has no more, kB."""
    kept_kb: KbColumn
    """Addresses that a mapping which lost some had before and still has, kB."""
    gained_kb: KbColumn
    """Addresses that the mapping has now and had not before, kB."""
    known_lost_kb: KbColumn
    """Pages that are known to have been in the addresses that the mapping lost, kB; there may be more."""
    owns_swap: Mask
    """Private, and not of shared memory: Swap counts its own pages, not the object's (fs/proc/task_mmu.c,
    smap_gather_stats)."""
    movable: Mask
    """Private, and neither a file's nor heap nor stack: mremap may move pages from one to another."""
    writable: Mask
    handled: Mask
    """A userfaultfd handler may fill missing pages (VmFlags um, uw, ui), with a copy or zeros, or move pages here."""
    droppable: Mask
    """The kernel may drop the pages when memory runs short, though they are dirty (MAP_DROPPABLE, VmFlags dp)."""
    large_folios: Mask
    """One fault may map many pages of anonymous memory (THPeligible)."""
    mergeable: Mask
    """KSM may merge pages here (VmFlags mg). Those of zeros may be replaced by the zero page, which no field counts
    (mm/ksm.c, cmp_and_merge_page; use_zero_pages)."""
    merged_unseen: Mask
    """The same, and this kernel prints no KSM field (before Linux 6.6)."""
    moving: Mask
    """The kernel was moving pages in memory at either reading, and counted them as shared: see `_are_moving`."""
    freed_lazily_kb: KbColumn
    """Growth of LazyFree, kB: so much at least was marked free (MADV_FREE). The kernel counts a page some time later,
    when its batch is full (mm/swap.c, folio_mark_lazyfree); before Linux 4.12 it does not."""
    free_kb: KbColumn
    """Pages that the kernel counts as marked free now, kB (LazyFree); Rss where it does not print that."""
    faults: int
    """Page faults of the whole process in the tick."""
    page_kb: int

    def amount_before(self, name: str) -> KbColumn:
        """Amount of a field at the previous reading, kB; 0 when this kernel does not print it."""
        return self.amounts_before[name] if name in self.amounts_before else np.zeros_like(self.lost_kb)

    @property
    def private(self) -> Mask:
        """MAP_PRIVATE: anonymous pages are possible, in memory and in swap."""
        return self.private_anonymous | self.private_file

    @property
    def huge_kb(self) -> int:
        """Size of a huge page, kB: the memory that one page of 8-byte page table entries maps."""
        return self.page_kb * 1024 // 8 * self.page_kb

    @property
    def dirty_file_kb(self) -> KbColumn:
        """Lower bound of the dirty pages that were the file's own, kB: written and not yet written back."""
        excess: KbColumn = self.amount_before(PD) + self.amount_before(SD) - self.amount_before("anonymous")
        return np.maximum(excess, 0)

    @property
    def file_pages_kb(self) -> KbColumn:
        """Pages of private mappings that were the file's own, kB."""
        own: KbColumn = np.maximum(self.amount_before("rss") - self.amount_before("anonymous"), 0)
        return own

    @property
    def clean_anonymous_kb(self) -> KbColumn:
        """Lower bound of the clean pages that were anonymous, kB: swapped in, and only read since."""
        excess: KbColumn = self.amount_before("anonymous") - self.amount_before(PD) - self.amount_before(SD)
        return np.maximum(excess, 0)


class Addresses(NamedTuple):
    """Changes of the addresses of k mappings or families, kB, shape (k,)."""

    lost_kb: KbColumn
    kept_kb: KbColumn
    gained_kb: KbColumn

    def take(self, rows: Rows) -> "Addresses":
        """Select mappings."""
        return Addresses(*(column[rows] for column in self))


class Traits(NamedTuple):
    """What k mappings are, or were where they are gone; columns of shape (k,)."""

    kind: NDArray[np.int8]
    """Position of the kind in `Kind`."""
    perms: StringIds
    flags: StringIds
    strings: StringTable


def traits_of(before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows) -> Traits:
    """Traits of some mappings; row -1 of `after` is one that is gone."""
    gone, here = np.flatnonzero(after_rows < 0), np.flatnonzero(after_rows >= 0)
    was, now = before_rows[gone], after_rows[here]
    kind = np.zeros(len(after_rows), np.int8)
    perms, flags = np.zeros(len(after_rows), np.int32), np.zeros(len(after_rows), np.int32)
    for mappings, rows, at in ((before, was, gone), (after, now, here)):
        if len(rows):
            kind[at], perms[at], flags[at] = kind_codes(mappings, rows), mappings.perms[rows], mappings.flags[rows]
    return Traits(kind, perms, flags, after.strings)


def evidence_of(
    traits: Traits,
    mergeable: Mask,
    handled: Mask,
    was: dict[str, KbColumn],
    now: dict[str, KbColumn],
    addresses: Addresses,
    known_lost_kb: KbColumn,
    *,
    faults: int,
    page_kb: int,
) -> Evidence:
    """Collect the evidence for some mappings.

    Args:
        traits: What they are.
        mergeable: KSM may merge their pages, or might before.
        handled: A userfaultfd handler may fill them, or might before.
        was: Fields at the previous reading, kB.
        now: Fields at the current reading, kB.
        addresses: Addresses that they lost, kept and gained.
        known_lost_kb: Pages that are known to have been in those that they lost, kB.
        faults: Page faults of the whole process between the readings.
        page_kb: Page size, kB.
    """
    strings, kinds = traits.strings, list(Kind)
    shared = classify_texts(strings, traits.perms, lambda perms: perms.endswith("s")) > 0
    private_anonymous = ~shared & _is_any_of(traits.kind, map(kinds.index, _ANONYMOUS_KINDS))
    without_file = _is_any_of(traits.kind, map(kinds.index, _WITHOUT_FILE))
    unknown = np.zeros(len(shared), np.int64)
    return Evidence(
        private_anonymous=private_anonymous,
        private_file=~shared & ~private_anonymous,
        shared_file=shared & ~without_file,
        of_kernel=traits.kind == kinds.index(Kind.SPECIAL),
        shared_memory=shared & without_file,
        amounts_before=was,
        lost_kb=addresses.lost_kb,
        kept_kb=addresses.kept_kb,
        gained_kb=addresses.gained_kb,
        known_lost_kb=known_lost_kb,
        owns_swap=~shared & ~without_file,
        movable=~shared & (traits.kind == kinds.index(Kind.ANONYMOUS)),
        writable=classify_texts(strings, traits.perms, lambda perms: perms[1:2] == "w") > 0,
        handled=handled,
        droppable=_has_flag(strings, traits.flags, "dp"),
        large_folios=now["thp_eligible"] > 0 if "thp_eligible" in now else np.zeros(len(shared), bool),
        mergeable=mergeable,
        merged_unseen=mergeable & ("ksm" not in was),
        moving=_are_moving(was) | _are_moving(now),
        freed_lazily_kb=np.maximum(now["lazy_free"] - was["lazy_free"], 0) if "lazy_free" in was else unknown,
        free_kb=now["lazy_free"] if "lazy_free" in now else now["rss"],
        faults=faults,
        page_kb=page_kb,
    )


def has_flag(mappings: Mappings, rows: Rows, flag: str) -> Mask:
    """Whether the VmFlags of each row contain a flag."""
    return _has_flag(mappings.strings, mappings.flags[rows], flag)


def _has_flag(strings: StringTable, flags: StringIds, flag: str) -> Mask:
    """Whether VmFlags contain a flag."""
    return classify_texts(strings, flags, lambda text: flag in text.split()) > 0


def count_moving_as_private(amounts: dict[str, KbColumn]) -> None:
    """Count pages that the kernel is just moving in memory as private: to another frame, or out of a huge page.

    It counts them as shared, but does not divide their Pss (fs/proc/task_mmu.c, smaps_account). Which they are is
    known only where no other page is shared.
    """
    if amounts.keys() >= {"pss", *STATES}:
        shared = amounts[SC] + amounts[SD]
        only_moving = (shared > 0) & (amounts["pss"] >= amounts[PC] + amounts[PD] + shared)
        for private, other in ((PC, SC), (PD, SD)):
            amounts[private] += np.where(only_moving, amounts[other], 0)
            amounts[other] = np.where(only_moving, 0, amounts[other])


def _are_moving(amounts: dict[str, KbColumn]) -> Mask:
    """Mappings of which the kernel is just moving some pages in memory, as of `count_moving_as_private`."""
    if not amounts.keys() >= {"pss", *STATES}:
        return np.zeros(len(amounts["rss"]), bool)
    mask: Mask = amounts["pss"] > amounts[PC] + amounts[PD] + (amounts[SC] + amounts[SD]) // 2
    return mask


def _is_any_of(values: NDArray[np.int8], wanted: Iterable[int]) -> Mask:
    """Whether each value is one of those wanted."""
    out = np.zeros(len(values), bool)
    for value in wanted:
        out |= values == value
    return out
