"""Kernel mechanisms in words: a verdict for the table, a label, a sentence for the inspector."""

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import Event, Mechanism
from smapstop.model.kinds import Kind
from smapstop.text.format import pages_text
from smapstop.text.symbols import join_symbols


@dataclass(frozen=True, slots=True)
class Explanation:
    """Names, sentence and kernel source of a mechanism."""

    label: str
    short: str
    """Label for the table, where few cells are left after the number."""
    sentence: str
    """What happened, for a reader new to it; `{pages}` stands for "11 pages"; see `_WORDS` for the others."""
    source: str
    """Kernel source: file and functions."""
    shared_sentence: str = ""
    """What happened in shared memory, or that of a device, where that is something else; empty where it is not."""
    shared_source: str = ""
    """Kernel source for shared memory; likewise."""


EXPLANATIONS: dict[Mechanism, Explanation] = {
    "first-touch": Explanation(
        "first touch",
        "first touch",
        "{pages} became resident on first touch. Mapping memory only reserves addresses: the first write to a page "
        "faults, and the kernel maps a page filled with zeros.",
        "mm/memory.c: do_anonymous_page",
        "{pages} of shared memory {were} allocated in the object and mapped here. The first access to a page that "
        "the object does not have yet faults, even to read it, and the kernel adds a page filled with zeros; every "
        "process that maps the object sees it.",
        "mm/shmem.c: shmem_get_folio_gfp",
    ),
    "file-read": Explanation(
        "file pages faulted in",
        "file pages",
        "{pages} {were} faulted in. {They} {were} in the page cache already, or {were} read from disk (a hole in the "
        "file reads as zeros); one fault also maps cached neighbours, up to 64 KiB by default (fault-around).",
        "mm/memory.c: do_read_fault, do_fault_around",
    ),
    "copy-on-write": Explanation(
        "copy-on-write",
        "CoW",
        "{pages} of this private file mapping {were} written. File pages are mapped read-only here, even where the "
        "mapping is writable: {each} first write faulted, and the kernel put an anonymous copy in place of the "
        "file's page. The file does not change. mlock(), MAP_POPULATE and MADV_POPULATE_WRITE copy pages of a "
        "writable mapping without a write.",
        "mm/memory.c: do_wp_page, do_cow_fault",
    ),
    "copy-on-write-after-fork": Explanation(
        "copy-on-write after fork",
        "CoW after fork",
        "{pages} {were} shared with another process since a fork, until this process wrote to {them}. Such pages are "
        "read-only in both processes: {each} write faulted, and the kernel gave the writer a copy of its own. Of "
        "hugetlb memory a whole huge page is copied at once.",
        "mm/memory.c: wp_page_copy; mm/hugetlb.c: hugetlb_wp",
    ),
    "sole-owner": Explanation(
        "no longer shared (exclusive)",
        "exclusive",
        "{pages} {were} shared with another process, and {are} not any more: the other one exited, dropped {them}, "
        "or wrote and got its own copy; or a debugger wrote to {them} here, from outside (ptrace, "
        "process_vm_writev). This process took no fault for {them}.",
        "fs/proc/task_mmu.c: smaps_account (a page's map count)",
    ),
    "shared-by-fork": Explanation(
        "shared by fork",
        "shared by fork",
        "{pages} {were} shared with a child by fork(). No memory was copied: both processes map the same pages, "
        "read-only until one of them writes.",
        "kernel/fork.c: dup_mmap; mm/memory.c: copy_present_ptes",
    ),
    "shared-write": Explanation(
        "shared write",
        "shared write",
        "{pages} became dirty in the page cache by a write through a shared mapping, or by write(): every process "
        "that maps the same file sees the change. A large folio is dirty as a whole, so not all pages need have been "
        "written. Dirty pages of a file on disk are written back later.",
        "mm/memory.c: wp_page_shared, do_shared_fault",
        "{pages} of shared memory became dirty by a write: every process that maps the same memory sees the change. "
        "What another process wrote counts as dirty here at the latest when that one unmaps the memory or ends.",
    ),
    "writeback": Explanation(
        "written back",
        "written back",
        "{pages} {were} written back to the file, in the background or for fsync() or msync(). {They} {were} dirty; "
        "now memory and file hold the same data.",
        "mm/page-writeback.c: folio_clear_dirty_for_io",
    ),
    "reclaim": Explanation(
        "reclaimed",
        "reclaimed",
        "{pages} {were} dropped. {They} {were} clean, so nothing is lost: file data can be read again, and memory "
        "marked as free (MADV_FREE) is no longer needed. The kernel reclaims such pages when memory runs short; a "
        "process can also drop {them} itself (MADV_DONTNEED). Where a huge page of a file was split, the rest of it "
        "is only unmapped, and stays in the page cache.",
        "mm/vmscan.c: shrink_folio_list",
    ),
    "swap-out": Explanation(
        "swapped out",
        "swapped out",
        "{pages} {were} moved to swap by the kernel, to free memory. The next access to such a page faults and "
        "brings it back.",
        "mm/vmscan.c: shrink_folio_list; mm/swapfile.c",
    ),
    "swap-in": Explanation(
        "swapped in",
        "swapped in",
        "{pages} {were} brought back from swap, usually because an access faulted; swapoff does the same.",
        "mm/memory.c: do_swap_page",
    ),
    "discard": Explanation(
        "discarded",
        "discarded",
        "{pages} {were} given up inside a mapping that stays: by madvise (MADV_DONTNEED, MADV_REMOVE, "
        "MADV_GUARD_INSTALL, or MADV_FREE and memory that ran short), because the file or shared-memory object was "
        "truncated or had a hole punched into it, or because other memory was mapped in {their} place between two "
        "samples (mmap; a heap that shrank and grew). Private data in {them} is lost, and what a hole or the "
        "truncation took; other data of a file stays.",
        "mm/madvise.c: madvise_dontneed_single_vma; mm/truncate.c; mm/vma.c: vms_clear_ptes",
    ),
    "unmapped": Explanation(
        "unmapped",
        "unmapped",
        "{pages} {were} in memory that the process unmapped: by munmap(), a smaller brk() or mremap(), or free(), "
        "which may call one of them. Private data in {them} is gone; data in a file or in shared memory stays.",
        "mm/mmap.c: do_vmi_munmap",
    ),
    "shared-map": Explanation(
        "mapped, already in memory",
        "mapped, existed",
        "{pages} {were} mapped that {were} in memory already: those of a shared-memory object (memfd, shm, tmpfs "
        "file) that did not grow, unless it lost as many elsewhere meanwhile; or memory of a device or of the "
        "kernel. Rss counts {them} now, which is no sign of more memory in use.",
        "mm/shmem.c: shmem_fault; mm/filemap.c: filemap_map_pages; mm/mmap.c: special_mapping_fault",
    ),
    "shared-unmap": Explanation(
        "unmapped here, still in memory",
        "unmapped, kept",
        "{pages} {are} no longer mapped here. The shared-memory object (memfd, shm, tmpfs file) or device did not "
        "shrink: it keeps {them} in memory, unless it lost {them} and got as many elsewhere meanwhile. Of shared "
        "memory MADV_DONTNEED frees nothing. Only a hole (MADV_REMOVE, fallocate), truncation or the end of the "
        "object does.",
        "mm/madvise.c: madvise_dontneed_single_vma; mm/shmem.c: shmem_fallocate",
    ),
    "zero-page": Explanation(
        "replaced by the zero page",
        "zero page",
        "{pages} of a huge page held only zeros. When the kernel split the huge page to reclaim memory, it mapped "
        "the shared zero page instead, which counts nowhere: Rss is smaller, and no data was lost.",
        "mm/migrate.c: try_to_map_unused_to_zeropage",
    ),
    "lazy-free": Explanation(
        "MADV_FREE",
        "MADV_FREE",
        "{pages} {were} marked as free (MADV_FREE). The kernel takes {them} only when it needs memory; writing to "
        "{them} before that cancels the free.",
        "mm/madvise.c: madvise_free_single_vma",
    ),
    "rewrite": Explanation(
        "re-dirtied",
        "re-dirtied",
        "{pages} {were} clean and {are} dirty again (a huge page as a whole): written, for example after MADV_FREE "
        "or after coming back from swap, or {their} copy in swap is gone (swapoff, swap that is full).",
        "mm/memory.c: do_wp_page; mm/swapfile.c: folio_free_swap",
    ),
    "huge-collapse": Explanation(
        "collapsed to THP",
        "THP collapse",
        "{pages} {were} collapsed into transparent huge pages, by khugepaged or MADV_COLLAPSE. Rss grows only by the "
        "gaps between small pages that this fills.",
        "mm/khugepaged.c: collapse_huge_page",
    ),
    "huge-split": Explanation(
        "THP split",
        "THP split",
        "{pages} {were} mapped as part of huge pages. The kernel split these: what is still resident has small "
        "entries now. Typical causes: part of the huge page was unmapped, given up, protected (mprotect) or swapped "
        "out, or the first write after a fork, which copies one small page.",
        "mm/huge_memory.c: __split_huge_pmd, do_huge_pmd_wp_page",
    ),
    "huge-fault": Explanation(
        "huge fault",
        "huge fault",
        "{pages} became resident as whole huge pages, by one fault each: 2 MiB (x86-64), or up to 1 GiB of hugetlb "
        "memory. New memory is filled with zeros first; pages of a file come from the page cache.",
        "mm/huge_memory.c: do_huge_pmd_anonymous_page; mm/memory.c: do_set_pmd; mm/hugetlb.c: hugetlb_fault",
    ),
    "ksm-merge": Explanation(
        "merged by KSM",
        "KSM merge",
        "{pages} {were} equal to others and merged with them by KSM: all share one write-protected copy.",
        "mm/ksm.c: try_to_merge_one_page",
    ),
    "ksm-unmerge": Explanation(
        "unmerged from KSM",
        "KSM unmerge",
        "{pages} {were} merged by KSM before and {were} separated again: a write faulted and got its own copy, or "
        "the merging was undone (MADV_UNMERGEABLE).",
        "mm/memory.c: do_wp_page; mm/ksm.c",
    ),
    "lock": Explanation(
        "locked",
        "locked",
        "The mapping was locked into memory (mlock): its resident pages are neither reclaimed nor swapped out. "
        "mlock() also faults in the pages that were missing, unless MLOCK_ONFAULT is set.",
        "mm/mlock.c: mlock_fixup",
    ),
    "unlock": Explanation(
        "unlocked",
        "unlocked",
        "The mapping is no longer locked into memory (munlock): the kernel may reclaim or swap out its pages.",
        "mm/mlock.c: mlock_fixup",
    ),
    "unexplained": Explanation(
        "unexplained",
        "unexplained",
        "The fields changed in a way that no known mechanism accounts for. "
        "The numbers are as the kernel printed them.",
        "fs/proc/task_mmu.c: smaps_account",
    ),
}
"""Explanation of each mechanism."""


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
"""Verb for each change of a mapping as a whole."""


def meaning_of(what: Mechanism) -> str:
    """Explanation of a mechanism in general, for the help."""
    explanation = EXPLANATIONS[what]
    sentences = filter(None, (explanation.sentence, explanation.shared_sentence))
    return " ".join(sentence.format(pages="Pages", **_WORDS[True]) for sentence in sentences)


def event_label(event: Event) -> str:
    """Short text of an event: "copy-on-write, 1 page: page1"; with a question mark where it is not certain."""
    uncertain = "" if event.sure else "?"
    symbols = f": {join_symbols(event.names)}" if event.names else ""
    return f"{EXPLANATIONS[event.what].label}{uncertain}, {pages_text(event.pages)}{symbols}"


def event_verdict(event: Event, *, full: bool = False) -> str:
    """Verdict on an event, number first: "786 p CoW after fork?"; in full "786 pages copy-on-write after fork?"."""
    explanation = EXPLANATIONS[event.what]
    pages, label = (pages_text(event.pages), explanation.label) if full else (f"{event.pages:,} p", explanation.short)
    symbols = f": {join_symbols(event.names)}" if event.names else ""
    counted = f"{pages} {label}".replace(" pages file pages", " file pages").replace(" page file pages", " file page")
    return f"{counted}{'' if event.sure else '?'}{symbols}"


_WORDS = (
    {"were": "was", "are": "is", "They": "It", "they": "it", "them": "it", "their": "its", "each": "the"},
    {"were": "were", "are": "are", "They": "They", "they": "they", "them": "them", "their": "their", "each": "each"},
)
"""Words that differ between one page, at index 0, and several, at index 1."""


def sentence_of(event: Event, kind: Kind | None = None) -> str:
    """Explanation of an event in full sentences: mechanism, symbols on the copied pages, and alternatives."""
    words = _WORDS[event.pages > 1]
    explanation = EXPLANATIONS[event.what]
    sentence = (kind in _SHARED and explanation.shared_sentence) or explanation.sentence
    text = sentence.format(pages=pages_text(event.pages), **words)
    if event.names:
        text += f" On {words['them']}: {join_symbols(event.names)}."
    if event.sure:
        return text
    labels = (EXPLANATIONS[what].label for what in event.alternatives_in(kind))
    others = " or ".join(filter(None, [*labels, _OTHER_CAUSES.get(event.what, "")]))
    doubt = f"From the fields alone, it could also be: {others}." if others else _DOUBTS.get(event.what, _DOUBT)
    return f"{text} {doubt.format(**words)}"


def source_of(event: Event, kind: Kind | None) -> str:
    """Kernel source of an event in memory of a kind; None if that is not known."""
    explanation = EXPLANATIONS[event.what]
    return (kind in _SHARED and explanation.shared_source) or explanation.source


_SHARED = (Kind.SHARED, Kind.DEVICE)
"""Memory that others may have, too, and that no file is behind."""
_MOVED = "moved to other addresses (mremap, userfaultfd)"
_OTHER_CAUSES: dict[Mechanism, str] = {
    "discard": _MOVED,
    "unmapped": _MOVED,
    "shared-write": "written earlier, through another mapping",
    "shared-by-fork": "shared before, and now back from swap in both processes, or moved in memory by the kernel",
    "sole-owner": "back from swap in this process alone, copied into a huge page, or moved in memory by the kernel",
}
"""What else than another mechanism it may be."""
_UNPROVEN = "The fields do not prove it:"
_ELSEWHERE = "or it happened in another part of a mapping that was split."
_FILLED = (
    "mremap() may have moved {them} here, a userfaultfd handler (VmFlags um, uw, ui), khugepaged or KSM (VmFlags mg) "
    "may have filled {them}, " + _ELSEWHERE
)
_DOUBT = f"{_UNPROVEN} mremap() may have moved pages here or away, {_ELSEWHERE}"
_DOUBTS: dict[Mechanism, str] = {
    "first-touch": f"{_UNPROVEN} {_FILLED}",
    "huge-fault": f"{_UNPROVEN} small pages may have been collapsed, {_FILLED}",
    "rewrite": f"{_UNPROVEN} {{they}} may have been given up instead, and as many touched again.",
    "file-read": f"{_UNPROVEN} more may have been faulted in and copied since, mremap() may have moved {{them}}, "
    + _ELSEWHERE,
    "swap-out": f"{_UNPROVEN} {{they}} may have been marked as free (MADV_FREE), {_ELSEWHERE}",
}
"""What else may be, where an event is not sure and no other mechanism fits."""
