"""Why a mapping's fields moved: the deltas of a tick as a sum of kernel mechanisms, in whole pages.

Every mechanism moves the fields of smaps in its own way (fs/proc/task_mmu.c, smaps_account): copy-on-write makes a page
Anonymous, a swapped page leaves Rss for Swap, a fork turns private dirty pages into shared ones. So the deltas of a
mapping are a small system of sums. It is solved by booking one mechanism after the other against what is not explained
yet, for all mappings of a tick at once; what is left over in the end is `unexplained`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events, Mechanism
from smapstop.model.kinds import Kind, kind_codes
from smapstop.model.tick import Ids
from smapstop.proc.columns import ABSENT, Codes, Mappings, Texts

Amounts = NDArray[np.int64]
"""kB per mapping, shape (k,)."""
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_STATES = ("private_clean", "private_dirty", "shared_clean", "shared_dirty")
"""Every resident page is in one of these states; their sum is Rss."""
_CLEAN_FIRST = ("private_clean", "shared_clean", "private_dirty", "shared_dirty")
_DIRTY_FIRST = ("private_dirty", "shared_dirty", "private_clean", "shared_clean")
_BOOKED = (*_STATES, "rss", "anonymous", "swap", "ksm", "anon_huge_pages")
"""The fields that must be accounted for. The others follow from them, or move without the process."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Page faults of the whole process in a tick: a bound for its mappings together, never a proof for one."""

    minor: int
    major: int


@dataclass(frozen=True, slots=True, eq=False)
class _Classes:
    """Which rules hold for a mapping, masks of shape (k,)."""

    memory: Mask
    """Private, without a file: its resident pages are anonymous."""
    file: Mask
    """Private, of a file: pages are the file's until they are written."""
    shared_file: Mask
    """MAP_SHARED of a file: writes go to the file's pages."""
    shared_memory: Mask
    """memfd, shm, tmpfs: file pages to smaps, always dirty."""

    @property
    def private(self) -> Mask:
        """Copy-on-write holds."""
        return self.memory | self.file


class _Ledger:
    """The deltas that are not explained yet, and what explained the others."""

    def __init__(self, deltas: dict[str, Amounts], rows: int) -> None:
        self.left = {name: deltas.get(name, np.zeros(rows, np.int64)).copy() for name in _BOOKED}
        self.booked: list[tuple[Mechanism, Amounts, bool]] = []

    def gained(self, *names: str) -> Amounts:
        """What every one of the fields grew by, and is not explained yet."""
        return np.minimum.reduce([np.maximum(self.left[name], 0) for name in names])

    def lost(self, *names: str) -> Amounts:
        """What every one of the fields shrank by, and is not explained yet."""
        return np.minimum.reduce([np.maximum(-self.left[name], 0) for name in names])

    def book(self, what: Mechanism, kb: Amounts, *, sure: bool = True, **moves: int) -> None:
        """Book a mechanism that moves each field of `moves` by so many times its kB."""
        for name, times in moves.items():
            self.left[name] -= times * kb
        self.booked.append((what, kb, sure))

    def arrive(self, kb: Amounts, states: Sequence[str]) -> None:
        """So much became resident: in the states that gained, the likeliest first."""
        for state in states:
            part = np.minimum(kb, self.gained(state))
            self.left[state] -= part
            kb = kb - part
        self.left[states[0]] -= kb

    def depart(self, kb: Amounts, states: Sequence[str]) -> None:
        """So much is resident no more: it was in the states that lost, the likeliest first."""
        for state in states:
            part = np.minimum(kb, self.lost(state))
            self.left[state] += part
            kb = kb - part
        self.left[states[0]] += kb

    def turned(self, source: str, target: str, where: Mask) -> Amounts:
        """How much went from one state to another, in the mappings `where` that is the question."""
        return np.where(where, np.minimum(self.lost(source), self.gained(target)), 0)

    def turn(self, what: Mechanism, source: str, target: str, where: Mask, *, sure: bool = True) -> None:
        """Book what went from one state to another."""
        self.book(what, self.turned(source, target, where), sure=sure, **{source: -1, target: 1})

    def forget(self, source: str, target: str, where: Mask) -> None:
        """What went from one state to another by the doing of another process is no event of this one."""
        kb = self.turned(source, target, where)
        self.left[source] += kb
        self.left[target] -= kb


def explain(
    before: Mappings, old: Rows, after: Mappings, new: Rows, ids: Ids, faults: Faults, page_kb: int
) -> Events:
    """The mechanisms that account for what changed, mapping by mapping.

    Args:
        before: The last reading.
        old: Rows of the mappings in it, shape (k,); -1 for those born since.
        after: This reading, with the same texts.
        new: Rows of the same mappings in it.
        ids: Their ids.
        faults: Faults of the process between the readings.
        page_kb: Size of a page.
    """
    deltas = _deltas(before, old, after, new)
    moved = np.zeros(len(new), bool)
    for delta in deltas.values():
        moved |= delta != 0
    locks = _locks(before, old, after, new)
    if not (moved.any() or locks.any()):
        return NO_EVENTS
    classes = _classes(after, new)
    ledger = _Ledger(deltas, len(new))
    if "anonymous" not in deltas:  # before Linux 2.6.37: only memory without a file is known to be anonymous
        ledger.left["anonymous"] = np.where(classes.memory, ledger.left["rss"], 0)
    _book_swap(ledger, classes)
    _book_ksm(ledger)
    _book_huge(ledger, 512 * page_kb)
    _book_copies(ledger, classes)
    _book_arrivals(ledger, classes)
    _book_departures(ledger, classes)
    _book_turns(ledger, classes, faults)
    locked = np.abs(deltas.get("locked", np.zeros(len(new), np.int64)))
    ledger.booked.append(("lock", np.where(locks > 0, np.maximum(locked, page_kb), 0), True))
    ledger.booked.append(("unlock", np.where(locks < 0, np.maximum(locked, page_kb), 0), True))
    rest = np.maximum.reduce([np.abs(left) for left in ledger.left.values()])
    ledger.booked.append(("unexplained", rest, True))
    return _events(ledger, ids, page_kb)


def _deltas(before: Mappings, old: Rows, after: Mappings, new: Rows) -> dict[str, Amounts]:
    """The change of each field that the ledger knows, and of Locked; of a born mapping all that it has."""
    deltas = {}
    known = old >= 0
    for name in (*_BOOKED, "locked"):
        column, was = after.get(name), before.get(name)
        if column is None:
            continue
        delta = np.maximum(column[new], 0)
        if was is not None:
            earlier = was[old[known]]
            delta[known] -= np.where(earlier == ABSENT, delta[known], earlier)
        deltas[name] = delta
    return deltas


def _classes(mappings: Mappings, rows: Rows) -> _Classes:
    """Which rules hold for each mapping."""
    kinds = kind_codes(mappings.take(rows))
    order = list(Kind)
    shared = _holding(mappings.texts, mappings.perms[rows], "s")
    in_memory = kinds == order.index(Kind.SHARED)
    of_file = kinds == order.index(Kind.FILE)
    return _Classes(
        memory=~shared & ~of_file & ~in_memory,
        file=~shared & (of_file | in_memory),
        shared_file=shared & ~in_memory,
        shared_memory=shared & in_memory,
    )


def _holding(texts: Texts, codes: Codes, part: str) -> Mask:
    """Whether each coded text holds a part, as a word or as its last letter."""
    distinct, inverse = np.unique(codes, return_inverse=True)
    holds = np.array([part in (*texts[code].split(), texts[code][-1:]) for code in distinct.tolist()], bool)
    return holds[inverse] if len(distinct) else np.zeros(0, bool)


def _locks(before: Mappings, old: Rows, after: Mappings, new: Rows) -> NDArray[np.int8]:
    """1 for mappings that were locked (VmFlags lo), -1 for those that were unlocked, 0 for the others."""
    out = np.zeros(len(new), np.int8)
    known = np.flatnonzero(old >= 0)
    changed = known[before.flags[old[known]] != after.flags[new[known]]]
    now = _holding(after.texts, after.flags[new[changed]], "lo")
    then = _holding(before.texts, before.flags[old[changed]], "lo")
    out[changed] = now.astype(np.int8) - then.astype(np.int8)
    return out


def _book_swap(ledger: _Ledger, classes: _Classes) -> None:
    """Pages that went to swap, that came back, or that were given up while they were there."""
    anonymous = classes.private
    out = ledger.gained("swap")
    ledger.depart(out, _DIRTY_FIRST)
    ledger.left["anonymous"] += np.where(anonymous, out, 0)
    ledger.book("swap-out", out, rss=-1, swap=1)
    back = np.minimum(ledger.lost("swap"), ledger.gained("rss"))
    ledger.arrive(back, _CLEAN_FIRST)
    ledger.left["anonymous"] -= np.where(anonymous, back, 0)
    ledger.book("swap-in", back, rss=1, swap=-1)
    ledger.book("discard", ledger.lost("swap"), swap=-1)


def _book_ksm(ledger: _Ledger) -> None:
    """Pages that KSM merged with equal ones, or that a write made their own again."""
    merged = ledger.gained("ksm")
    ledger.depart(merged, _DIRTY_FIRST)
    ledger.arrive(merged, ("shared_dirty", "private_dirty"))
    ledger.book("ksm-merge", merged, ksm=1)
    parted = np.minimum(ledger.lost("ksm"), ledger.turned("shared_dirty", "private_dirty", ledger.left["ksm"] < 0))
    ledger.book("ksm-unmerge", parted, ksm=-1, shared_dirty=-1, private_dirty=1)
    ledger.left["ksm"] += ledger.lost("ksm")  # gone with the pages themselves: told by what took them


def _book_huge(ledger: _Ledger, huge_kb: int) -> None:
    """Huge pages: mapped whole by one fault, put together later, or taken apart."""
    fresh = ledger.gained("anon_huge_pages", "anonymous", "rss") // huge_kb * huge_kb
    ledger.arrive(fresh, _DIRTY_FIRST)
    ledger.book("huge-fault", fresh, rss=1, anonymous=1, anon_huge_pages=1)
    ledger.book("huge-collapse", ledger.gained("anon_huge_pages"), anon_huge_pages=1)
    whole = ledger.lost("anon_huge_pages", "anonymous") // huge_kb * huge_kb
    ledger.left["anon_huge_pages"] += whole  # huge pages that went as a whole: told by what took them
    ledger.book("huge-split", ledger.lost("anon_huge_pages"), anon_huge_pages=-1)


def _book_copies(ledger: _Ledger, classes: _Classes) -> None:
    """Pages of private file mappings that were written: an anonymous copy took the place of the file's page."""
    copied = np.where(classes.file, ledger.gained("anonymous"), 0)
    fresh = np.minimum(copied, ledger.gained("rss"))  # written before they were ever read
    ledger.arrive(copied, _DIRTY_FIRST)
    ledger.depart(copied - fresh, _CLEAN_FIRST)
    ledger.left["rss"] -= fresh
    ledger.book("copy-on-write", copied, anonymous=1)


def _book_arrivals(ledger: _Ledger, classes: _Classes) -> None:
    """Pages that became resident: touched for the first time, or found in a file."""
    touched = np.where(classes.memory, ledger.gained("anonymous", "rss"), 0)
    ledger.arrive(touched, _DIRTY_FIRST)
    ledger.book("first-touch", touched, rss=1, anonymous=1)
    touched = np.where(classes.shared_memory, ledger.gained("rss"), 0)
    ledger.arrive(touched, _DIRTY_FIRST)
    ledger.book("first-touch", touched, rss=1)
    written = np.where(classes.shared_file, ledger.gained("rss", "private_dirty"), 0)
    ledger.book("shared-write", written, rss=1, private_dirty=1)
    read = np.where(classes.memory, 0, ledger.gained("rss"))
    ledger.arrive(read, _CLEAN_FIRST)
    ledger.book("file-read", read, rss=1)


def _book_departures(ledger: _Ledger, classes: _Classes) -> None:
    """Pages that are resident no more: given up by the process, or taken by the kernel."""
    lost = ledger.lost("anonymous", "rss")
    freed = np.minimum(lost, ledger.lost("private_clean"))  # clean and anonymous: given free, then reclaimed
    freed = np.where(classes.memory, freed, 0)
    ledger.book("reclaim", freed, sure=False, rss=-1, anonymous=-1, private_clean=-1)
    given = lost - freed
    ledger.depart(given, _DIRTY_FIRST)
    ledger.book("discard", given, rss=-1, anonymous=-1)
    dirty = np.minimum(ledger.lost("rss"), ledger.lost("private_dirty") + ledger.lost("shared_dirty"))
    ledger.depart(dirty, _DIRTY_FIRST)
    ledger.book("discard", dirty, rss=-1)
    clean = ledger.lost("rss")
    ledger.depart(clean, _CLEAN_FIRST)
    ledger.book("reclaim", clean, sure=False, rss=-1)
    # an anonymous copy was given up, and the file's page read in its place at once
    ledger.book("discard", np.where(classes.file, ledger.lost("anonymous"), 0), anonymous=-1)


def _book_turns(ledger: _Ledger, classes: _Classes, faults: Faults) -> None:
    """Pages that stayed where they are, but were written, written back, freed, shared or unshared."""
    private, shared = classes.private, classes.shared_file | classes.shared_memory
    ledger.forget("private_dirty", "shared_dirty", shared)  # another process maps, or mapped, the same pages
    ledger.forget("shared_dirty", "private_dirty", shared)
    ledger.turn("shared-by-fork", "private_dirty", "shared_dirty", private)
    for source in ("shared_dirty", "shared_clean"):
        if faults.minor + faults.major:
            ledger.turn("copy-on-write-after-fork", source, "private_dirty", classes.memory, sure=False)
            ledger.turn("copy-on-write-after-fork", source, "private_dirty", classes.file, sure=False)
        elif source == "shared_dirty":
            ledger.turn("sole-owner", source, "private_dirty", private)
    ledger.turn("lazy-free", "private_dirty", "private_clean", classes.memory)
    ledger.turn("rewrite", "private_clean", "private_dirty", classes.memory)
    for clean in ("private_clean", "shared_clean"):
        for dirty in ("private_dirty", "shared_dirty"):
            ledger.turn("shared-write", clean, dirty, shared)
            ledger.turn("writeback", dirty, clean, ~classes.memory)
            ledger.turn("shared-write", clean, dirty, classes.file, sure=False)  # somebody wrote the file itself
    everywhere = private | shared
    ledger.forget("private_clean", "shared_clean", everywhere)
    ledger.forget("shared_clean", "private_clean", everywhere)


def _events(ledger: _Ledger, ids: Ids, page_kb: int) -> Events:
    """The bookings as events, mapping by mapping in the order of `ids`; the same mechanism of a mapping once."""
    sums: dict[tuple[Mechanism, bool], Amounts] = {}
    for what, kb, sure in ledger.booked:
        if kb.any():
            sums[what, sure] = sums[what, sure] + kb if (what, sure) in sums else kb
    if not sums:
        return NO_EVENTS
    table = np.stack(list(sums.values()))
    row, kind = np.nonzero(table.T)
    codes = np.array([MECHANISMS.index(what) for what, _ in sums], np.int8)
    certain = np.array([sure for _, sure in sums], bool)
    return Events(ids[row], codes[kind], table[kind, row], certain[kind], page_kb)
