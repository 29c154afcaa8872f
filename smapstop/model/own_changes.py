"""Separate changes that the process made itself from those that others make by mapping or unmapping its pages.

A page that somebody else maps, too, turns from private to shared, and counts less in Pss (fs/proc/task_mmu.c:
smaps_account). Of pages of files and of shared memory, that says nothing about this process. Anonymous pages are
shared by a fork of this process, and private again when it copies them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.fields import EXCHANGED_PAIRS, EXTERNALLY_DRIVEN

Columns = Mapping[str, NDArray[Any]]
"""Amounts of mappings by field, kB, shape (n,)."""
Mask = NDArray[np.bool_]

_DIRTY = ("private_dirty", "shared_dirty")
_MOVED_FIELDS = ("rss", "anonymous", "swap", "ksm", "private_hugetlb", "shared_hugetlb")
SHARING_FIELDS = ("pss", "pss_dirty", "swap_pss", *(name for pair in (*EXCHANGED_PAIRS, _DIRTY) for name in pair))
"""Fields that change as others map or unmap the same pages."""


def own_amounts_changed(was: Columns, now: Columns) -> Mask:
    """Whether mappings changed in more than what others do to their pages, shape (n,).

    Of pairs of a private and a shared field the sums are compared, unless the pages are anonymous.

    Args:
        was: Amounts before; fields that only one of the sides has do not count.
        now: Amounts after.
    """
    known = was.keys() & now.keys()
    single = (name for name in known if name not in EXTERNALLY_DRIVEN and name not in _DIRTY)
    changed = [was[name] != now[name] for name in single]
    for pair, are_own in ((EXCHANGED_PAIRS[0], _only_anonymous), (_DIRTY, _some_anonymous)):
        if known >= set(pair):
            one, other = pair
            changed.append(was[one] + was[other] != now[one] + now[other])
            changed.append((was[one] != now[one]) & are_own(was, now))
        else:
            changed += [was[name] != now[name] for name in pair if name in known and name not in EXTERNALLY_DRIVEN]
    n = len(next(iter(now.values()), ()))
    out: Mask = np.logical_or.reduce([np.zeros(n, bool), *changed])
    return out


def most_own_kb(was: Columns, now: Columns) -> NDArray[Any]:
    """Most by which the process itself can have changed each of the `SHARING_FIELDS`, kB, shape (n,).

    Args:
        was: Amounts before, with at least the `SHARING_FIELDS` and Rss that are printed.
        now: Amounts after.
    """
    moved = np.zeros(len(next(iter(now.values()), ())))
    for name in _MOVED_FIELDS:
        if name in was and name in now:
            moved += np.abs(now[name] - was[name])
    if was.keys() & now.keys() >= set(_DIRTY):
        private, shared = (now[name] - was[name] for name in _DIRTY)
        apart, together = np.abs(private) + np.abs(shared), np.abs(private + shared)
        moved += np.where(_some_anonymous(was, now), apart, together)
    return moved


def _some_anonymous(was: Columns, now: Columns) -> Mask:
    """Whether any resident pages may be anonymous, before or after."""
    if not was.keys() & now.keys() >= {"anonymous"}:
        return np.ones(len(next(iter(now.values()))), bool)
    anonymous: Mask = (was["anonymous"] > 0) | (now["anonymous"] > 0)
    return anonymous


def _only_anonymous(was: Columns, now: Columns) -> Mask:
    """Whether all resident pages are anonymous, before and after."""
    if not was.keys() & now.keys() >= {"anonymous", "rss"}:
        return np.zeros(len(next(iter(now.values()))), bool)
    anonymous: Mask = (was["rss"] == was["anonymous"]) & (now["rss"] == now["anonymous"])
    return anonymous
