"""Totals of a process: from every mapping when smaps was read, else from smaps_rollup, else from its counters."""

from smapstop.proc.columns import Counters, Mappings

_NOT_ADDITIVE = frozenset({"kernel_page_size", "mmu_page_size", "thp_eligible", "protection_key"})


def totals_of(counters: Counters, mappings: Mappings | None, rollup: dict[str, int]) -> dict[str, int]:
    """Totals by field name, kB, as far as this tick knows them.

    Beside the kernel's fields: `uss` (what only this process has), `dirty`, and Rss by what backs it: `rss_anon`,
    `rss_file`, `rss_shmem`.
    """
    totals = {name: value for name in ("rss", "rss_shmem") if (value := getattr(counters, name)) is not None}
    if counters.vm_swap is not None:
        totals["swap"] = counters.vm_swap
    totals |= rollup
    if mappings is not None:
        totals |= {
            name: int(column[column > 0].sum())
            for name, column in zip(mappings.fields, mappings.amounts, strict=True)
            if name not in _NOT_ADDITIVE
        }
    return totals | _derived(totals)


def _derived(totals: dict[str, int]) -> dict[str, int]:
    """What follows from other totals."""
    derived = {}
    if "private_clean" in totals and "private_dirty" in totals:
        derived["uss"] = totals["private_clean"] + totals["private_dirty"] + totals.get("private_hugetlb", 0)
        derived["dirty"] = totals["private_dirty"] + totals.get("shared_dirty", 0)
    if "anonymous" in totals and "rss" in totals:
        backed = max(0, totals["rss"] - totals["anonymous"])
        derived["rss_anon"] = totals["anonymous"]
        derived["rss_shmem"] = min(totals.get("rss_shmem", 0), backed)
        derived["rss_file"] = backed - derived["rss_shmem"]
    return derived
