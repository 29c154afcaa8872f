"""The mechanisms in words: a label for the table, a sentence for the drill-down. No Textual here."""

from collections.abc import Iterable
from dataclasses import dataclass

from smapstop.model.events import Event, Mechanism
from smapstop.text.symbols import join_symbols


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a mechanism is."""

    label: str
    sentence: str
    """What happened, for someone who learns it; `{pages}` stands for "11 pages"; see `_WORDS`."""
    source: str
    """Where the kernel does it, or describes it."""


EXPLANATIONS: dict[Mechanism, Explanation] = {
    "first-touch": Explanation(
        "first touch",
        "{pages} {were} touched for the first time. Mapping memory reserves only addresses; at the first write to"
        " a page the processor faults, and the kernel gives it a page filled with zeros.",
        "mm/memory.c: do_anonymous_page",
    ),
    "file-read": Explanation(
        "file pages faulted in",
        "{pages} of the file {were} mapped on access. {They} {were} in the page cache or {were} read from disk; one "
        "fault maps up to 16 neighbours at once (fault-around).",
        "mm/memory.c: do_read_fault, do_fault_around",
    ),
    "copy-on-write": Explanation(
        "copy-on-write",
        "{pages} of this private file mapping {were} written for the first time. The kernel had mapped {them} read-"
        "only, although the mapping may be written; {each} write faulted and got an anonymous copy of the file's "
        "page: copy-on-write. The file itself does not change.",
        "mm/memory.c: do_wp_page, do_cow_fault",
    ),
    "copy-on-write-after-fork": Explanation(
        "copy-on-write after fork",
        "{pages} {were} shared with another process since a fork, and now private again. A write to a page that "
        "both still map faults, and the writer gets a copy of its own.",
        "mm/memory.c: wp_page_copy",
    ),
    "sole-owner": Explanation(
        "no longer shared (exclusive)",
        "{pages} {were} shared with another process, which let go of {them}: it ended, or copied what it wrote. "
        "Nothing was copied here, and there was no fault.",
        "fs/proc/task_mmu.c: smaps_account (a page's map count)",
    ),
    "shared-by-fork": Explanation(
        "shared by fork",
        "{pages} {were} shared with a child by fork. Nothing was copied: both processes map the same memory read-"
        "only until one of them writes.",
        "kernel/fork.c: dup_mmap; mm/memory.c: copy_present_ptes",
    ),
    "shared-write": Explanation(
        "shared write",
        "{pages} {were} written where all who map the file share {them}. That memory is dirty now; what belongs to a "
        "file on disk is written back to it later.",
        "mm/memory.c: wp_page_shared, do_shared_fault",
    ),
    "writeback": Explanation(
        "written back",
        "{pages} {were} written back to the file by the kernel, and so made clean: the file has what memory has.",
        "mm/page-writeback.c: folio_clear_dirty_for_io",
    ),
    "reclaim": Explanation(
        "reclaimed",
        "{pages} {were} dropped. {They} {were} clean, so nothing is lost: the next access reads {them} again. The "
        "kernel takes such pages when memory runs short; a process may also give them up itself (MADV_DONTNEED).",
        "mm/vmscan.c: shrink_folio_list",
    ),
    "swap-out": Explanation(
        "swapped out",
        "{pages} {were} moved to swap by the kernel, to make room. Accessing one brings it back by a fault.",
        "mm/vmscan.c: shrink_folio_list; mm/swapfile.c",
    ),
    "swap-in": Explanation(
        "swapped in",
        "{pages} {were} brought back from swap by an access.",
        "mm/memory.c: do_swap_page",
    ),
    "discard": Explanation(
        "dropped",
        "{pages} {were} given up with what was in {them}: by madvise(MADV_DONTNEED), by free returning memory, or "
        "because the file was cut or a hole was punched into it.",
        "mm/madvise.c: madvise_dontneed_single_vma",
    ),
    "lazy-free": Explanation(
        "MADV_FREE",
        "{pages} {were} marked as free (MADV_FREE). Nothing goes before memory is needed; a write keeps {them}.",
        "mm/madvise.c: madvise_free_single_vma",
    ),
    "rewrite": Explanation(
        "re-dirtied",
        "{pages} {were} clean before, and written again: after a lazy free, or after coming back from swap.",
        "mm/memory.c: do_wp_page",
    ),
    "huge-collapse": Explanation(
        "collapsed to THP",
        "{pages} that {were} resident one by one {were} put together into huge pages. Rss grows only by the "
        "holes that this fills.",
        "mm/khugepaged.c: collapse_huge_page",
    ),
    "huge-split": Explanation(
        "THP split",
        "{pages} {were} mapped as huge pages before, and are mapped one by one now: a part of the huge page was "
        "given up, protected, or swapped.",
        "mm/huge_memory.c: __split_huge_pmd",
    ),
    "huge-fault": Explanation(
        "huge fault",
        "{pages} {were} touched for the first time as whole huge pages: one fault each for 2 MiB.",
        "mm/huge_memory.c: do_huge_pmd_anonymous_page",
    ),
    "ksm-merge": Explanation(
        "merged by KSM",
        "{pages} {were} found equal to others and merged with them: one copy is kept, write-protected, for all.",
        "mm/ksm.c: try_to_merge_one_page",
    ),
    "ksm-unmerge": Explanation(
        "unmerged from KSM",
        "{pages} {were} merged with equal ones before, and {were} separated again: a write faulted and made a "
        "copy, or the merging was taken back (MADV_UNMERGEABLE).",
        "mm/memory.c: do_wp_page; mm/ksm.c",
    ),
    "lock": Explanation(
        "locked",
        "The mapping was locked into memory (mlock): its pages are made resident and are never swapped.",
        "mm/mlock.c: mlock_fixup",
    ),
    "unlock": Explanation(
        "unlocked",
        "The mapping is no longer locked into memory (munlock): the kernel may reclaim or swap its pages.",
        "mm/mlock.c: mlock_fixup",
    ),
    "unexplained": Explanation(
        "unexplained",
        "The fields moved in a way that no known mechanism accounts for; the numbers are as the kernel printed them.",
        "fs/proc/task_mmu.c: smaps_account",
    ),
}
"""Every mechanism in words."""


LIFECYCLE_VERBS: dict[str, str] = {
    "map": "mapped",
    "unmap": "unmapped",
    "grow": "grew",
    "shrink": "shrank",
    "split": "VMA split",
    "merge": "merged",
    "protect": "protected",
    "move": "moved",
    "rename": "renamed",
}
"""What became of a mapping as a whole, in a word."""


def meaning_of(what: Mechanism) -> str:
    """A mechanism in plain sentences, of no pages in particular."""
    return EXPLANATIONS[what].sentence.format(pages="Pages", **_WORDS[True])


def pages_text(pages: int) -> str:
    """A number of pages: "1 page", "1,024 pages"."""
    return f"{pages:,} page" + "s" * (pages != 1)


def label_of(event: Event) -> str:
    """An event in a few words: "copy-on-write, 1 page: page1"; with a question mark where it is not sure."""
    doubt = "" if event.sure else "?"
    named = f": {join_symbols(event.names)}" if event.names else ""
    return f"{EXPLANATIONS[event.what].label}{doubt}, {pages_text(event.pages)}{named}"


def labels(events: Iterable[Event]) -> str:
    """All events of a mapping in a tick, in a few words."""
    return "; ".join(map(label_of, events))


_WORDS = (
    {"were": "was", "They": "It", "them": "it", "each": "the"},
    {"were": "were", "They": "They", "them": "them", "each": "each"},
)
"""What is said otherwise of one page and of many."""


def sentence_of(event: Event) -> str:
    """An event in a plain sentence or two, with what lies on the pages copied, and what else it may have been."""
    words = _WORDS[event.pages > 1]
    text = EXPLANATIONS[event.what].sentence.format(pages=pages_text(event.pages), **words)
    if event.names:
        text += f" On {words['them']}: {join_symbols(event.names)}."
    others = " or ".join(EXPLANATIONS[what].label for what in event.alternatives)
    return f"{text} The fields alone would also fit: {others}." if others else text
