"""Words that people search the help for, and the terms under which it explains them."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

_SYNONYM_LINES = """
cow: copy-on-write, copied on write, cow
leak leaks leaking leaked growth: leak, what grows, grew, first touch
oom oom-killer oomkilled: oom, killed for lack of memory
thp hugepage hugepages huge: huge page, thp, transparent, anonhugepages, hugetlb
munmap unmapped: unmap, munmap
mmap mapped: mmap, mapped
fork forked vfork clone: fork
malloc calloc realloc new alloc allocator: malloc, brk heap
free freed: free, madv_free, madv_dontneed, given back
brk sbrk: brk
swap swapping swapped zswap zram: swap
rss resident rssize: rss
pss: pss
uss unique: uss
ksm dedup merging: ksm
zeropage zero-page zero: zero page
shm shmem memfd tmpfs sysv: shared memory, shm, shmem, memfd
mlock pinned: lock
mremap realloc: moved, mremap
mprotect protection: protected, mprotect
madvise: madv
stack stacks thread threads: stack, thread
fault faults pagefault pagefaults: fault
cache pagecache: page cache, file pages
time history past: back, past, window, tick
clipboard copy: copy
zoom fullscreen maximize: fill the screen
restart rerun: again, restart
suspend background shell: back to the shell
"""
"""On each line words, a colon, and the terms that they stand for."""


@cache
def _synonyms() -> Mapping[str, re.Pattern[str]]:
    """Pattern of the terms that a word stands for, at the start of a word."""
    table: dict[str, re.Pattern[str]] = {}
    for line in _SYNONYM_LINES.strip().splitlines():
        words, terms = line.split(":")
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(term.strip()) for term in terms.split(','))})")
        table |= dict.fromkeys(words.split(), pattern)
    return table


def known_words() -> Iterator[str]:
    """The words that have terms."""
    yield from _synonyms()


def is_about(text: str, query: str) -> bool:
    """Whether a text has every word of a query; of a word that is known, one of the terms that it stands for."""
    text = text.casefold()
    return all(_has_word(text, word) for word in query.casefold().split())


def _has_word(text: str, word: str) -> bool:
    terms = _synonyms().get(word)
    return word in text if terms is None else terms.search(text) is not None
