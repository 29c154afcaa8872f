"""Totals of a process: summed over smaps if it was read, else from smaps_rollup, else from the counters."""

from collections.abc import Mapping

import numpy as np

from smapstop.proc.columns import ABSENT, Counters, Mappings
from smapstop.proc.fields import PROPERTY_FIELDS

SUMMED_FIELDS: dict[str, tuple[str, ...]] = {
    "uss": ("private_clean", "private_dirty", "private_hugetlb"),
    "dirty": ("private_dirty", "shared_dirty"),
}
"""Totals that are sums of kernel fields; known when all `REQUIRED_FIELDS` are."""
REQUIRED_FIELDS = frozenset({"private_clean", "private_dirty"})
"""Parts of `SUMMED_FIELDS` that every kernel prints; the others count as 0 when they are not printed."""
_COUNTED = ("rss_anon", "rss_file", "rss_shmem")
DERIVED_TOTALS = (*SUMMED_FIELDS, *_COUNTED)
"""Totals that smapstop computes in addition to the kernel's fields."""


def totals_of(counters: Counters, mappings: Mappings | None, rollup: dict[str, int]) -> dict[str, int]:
    """Compute the totals that a reading has, by field name, kB.

    In addition to the kernel's fields: `uss` (memory that only this process has), `dirty`, and Rss by backing:
    `rss_anon`, `rss_file`, `rss_shmem`.
    """
    totals = {name: value for name in ("rss", *_COUNTED) if (value := getattr(counters, name)) is not None}
    if counters.vm_swap is not None:
        totals["swap"] = counters.vm_swap
    totals |= rollup
    if mappings is not None:
        sums = mappings.amounts.sum(axis=1)
        for row in np.flatnonzero(mappings.amounts.min(axis=1, initial=0) == ABSENT):
            sums[row] = np.maximum(mappings.amounts[row], 0).sum()
        totals |= {
            name: total
            for name, total in zip(mappings.fields, sums.tolist(), strict=True)
            if name not in PROPERTY_FIELDS
        }
    return totals | _derive_totals(totals)


def _derive_totals(totals: dict[str, int]) -> dict[str, int]:
    """Compute the `DERIVED_TOTALS` that follow from other totals."""
    derived: dict[str, int] = {}
    if totals.keys() >= REQUIRED_FIELDS:
        derived |= {name: sum(totals.get(part, 0) for part in parts) for name, parts in SUMMED_FIELDS.items()}
    if "anonymous" in totals and "rss" in totals:
        backed = max(0, totals["rss"] - totals["anonymous"])
        derived["rss_anon"] = totals["anonymous"]
        derived["rss_shmem"] = min(totals.get("rss_shmem", 0), backed)
        derived["rss_file"] = backed - derived["rss_shmem"]
    return derived


def hugetlb_kb(totals: Mapping[str, int | None]) -> int:
    """Hugetlb memory of a process or a mapping, which neither Rss nor Pss counts, kB."""
    return sum(max(0, totals.get(name) or 0) for name in ("private_hugetlb", "shared_hugetlb"))
