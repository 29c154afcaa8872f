"""Content of the help: sections of entries."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal

from smapstop.guide import read_chapter
from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import Kind
from smapstop.proc.added_fields import ADDED_FIELDS
from smapstop.proc.fields import FIELDS, VM_FLAGS
from smapstop.proc.pages.page_states import BASE_STATES, HUGE_HELP, STATE_HELP
from smapstop.text import format as fmt
from smapstop.text import mechanisms
from smapstop.text import pages as page_words
from smapstop.text.kinds import LETTERS
from smapstop.text.table_columns import ALL_COLUMNS, COLUMNS
from smapstop.ui.help.synonyms import is_about
from smapstop.ui.keys.key import GROUPS, Key, Place
from smapstop.ui.keys.keymap import Keymap
from smapstop.ui.keys.table import KEYS


@dataclass(frozen=True, slots=True)
class HelpEntry:
    """A term and its meaning."""

    word: str
    meaning: str
    note: str = ""
    """Short note next to the term: the first kernel version that has it."""
    keywords: str = ""
    """Words that it is found by, beside its own."""

    def matches(self, query: str) -> bool:
        """Whether it is about every word of a query."""
        return is_about(f"{self.word} {self.note} {self.meaning} {self.keywords}", query)


@dataclass(frozen=True, slots=True)
class HelpSection:
    """Entries about one subject."""

    title: str
    entries: tuple[HelpEntry, ...]
    short: bool = False
    """Whether the entries are short enough for two columns."""


PRINCIPLES = (
    HelpEntry(
        "Mapping",
        "An address range with one set of permissions, backed by part of a file or by none. "
        "It uses no memory until its pages are touched, one by one.",
    ),
    HelpEntry(
        "Rss, Pss, Uss",
        "Three ways to count memory. Rss counts every resident page in full; Pss divides each page by its map count; "
        "Uss counts only pages with a map count of 1 (Private_Clean + Private_Dirty). Hugetlb memory is in neither "
        "Rss nor Pss; Uss has its private part (Private_Hugetlb).",
    ),
    HelpEntry(
        "Private, shared",
        "The current map count of a page: 1 is private, 2 or more is shared. This is not MAP_PRIVATE or MAP_SHARED, "
        "which the p or s in Perm shows.",
    ),
    HelpEntry(
        "Clean, dirty",
        "A clean page can be dropped and read again from its file. A dirty page was written to, by this process or "
        "by another that wrote the file, and must be saved first: to the file, or to swap.",
    ),
    HelpEntry(
        "Anonymous",
        "A page without a file behind it: heap, stack, and every page of a private file mapping that was written to.",
    ),
    HelpEntry(
        "Copy-on-write",
        "The first write to a page of a private file mapping makes the kernel copy it: one minor fault and one more "
        "page of Anonymous, however few bytes were written. Rss does not change if the page was already mapped.",
    ),
    HelpEntry(
        "Watching",
        "smapstop affects what it measures. It maps the same libraries, so their pages turn from private to shared "
        "and the Pss of the process is lower while you watch. This is not an event: the first sample includes it.",
    ),
)
"""The basics of reading smaps, at the start of the help."""
INFERRED = (
    HelpEntry(
        "~",
        "Inferred, not measured: about so much the mapping grew since it was last read, by its page faults and by "
        "what Rss of the process grew. The next reading replaces it.",
        keywords="between inferred budget",
    ),
    HelpEntry(
        "elsewhere",
        "Growth of the process since the mappings were read that no known mapping accounts for: in memory mapped "
        "since, or without page faults that may be seen.",
        keywords="between inferred",
    ),
    HelpEntry(
        "····",
        "In histories: the mapping was not read then, within the budget. Charts are dim there, a straight line from "
        "reading to reading.",
        keywords="between dim dotted chart budget",
    ),
)
"""What is inferred between two readings."""
_SIGNS = (
    HelpEntry(fmt.UNKNOWN, "Unknown: this kernel does not print it, or it may not be read. Not the same as 0."),
    HelpEntry(fmt.STILL, "No change."),
    HelpEntry("▼ ▲", "The column that rows are sorted by: descending or ascending."),
    HelpEntry("highlighted, struck through", "A row or number that just changed; a mapping that just disappeared."),
    HelpEntry("underlined", "A number that just fell; one that just rose is only highlighted."),
    HelpEntry(
        "read 2 ms (0.2 %)",
        "In the header: what the last reading took, and its share of one CPU. Above the budget (:budget PERCENT) "
        "mappings are read less often; the header then says how often.",
        keywords="cost overhead interval",
    ),
    HelpEntry("first touch?", "Ambiguous: the fields also fit another mechanism; the inspector says which."),
)
_PAGE_SIGNS = (
    HelpEntry(
        "A, a",
        "A capital letter: the process's own, mapped nowhere else (Private in smaps). A small one: mapped elsewhere, "
        "too (Shared in smaps), as after a fork until one side writes.",
    ),
    HelpEntry(
        "A·, Aa",
        "Two letters, or two colours in a cell: it has pages in several states, and these are the commonest.",
    ),
    HelpEntry("F→C", "Changed since the compared snapshot: it was F (file) and is now C (copied on write)."),
    HelpEntry("in a huge page", HUGE_HELP),
)
_KIND_MEANINGS = {
    Kind.FILE: "part of a file",
    Kind.ANONYMOUS: "memory without a file",
    Kind.HEAP: "the heap that brk grows",
    Kind.STACK: "the main thread's stack",
    Kind.SHARED: "shared memory: memfd, shm, tmpfs",
    Kind.DEVICE: "of a device or a kernel object, no file: GPU, io_uring, packet and perf rings",
    Kind.SPECIAL: "provided by the kernel: vdso, vvar",
}
WHOLE_CHANGES = (
    HelpEntry("mapped", "A new mapping: mmap, the loader, or a new thread's stack."),
    HelpEntry("unmapped", "The mapping is gone, or the part of it that held these pages: munmap."),
    HelpEntry("grew, shrank", "Its end or its start moved: brk for the heap, a stack that reached further, mremap."),
    HelpEntry(
        "VMA split", "A part of it got other permissions or flags, or is gone: mprotect, madvise, mlock, munmap."
    ),
    HelpEntry("merged", "Two neighbours became one, because they no longer differ."),
    HelpEntry("protected", "Its permissions changed: mprotect."),
    HelpEntry("moved", "It is at other addresses: mremap."),
    HelpEntry("renamed", "It has another name: prctl(PR_SET_VMA_ANON_NAME), or its file was renamed or deleted."),
    HelpEntry("exec", "The process started a new program: execve. All of its mappings are new."),
    HelpEntry(
        "OOM-killed",
        "Killed for lack of memory: the kernel's OOM killer ended it, at the limit of its cgroup (memory.max) or of "
        "the machine.",
    ),
)
"""What happens to mappings as a whole, and to the process."""

HelpPlace = Literal["table", "why", "fields", "pages", "life", "events", "band"]
"""Part of the dashboard that has the focus."""
_MECHANISMS, _WHOLE, _RECIPES = (
    "What changed, and what the kernel did",
    "What happened to mappings, and to the process",
    "A leak? What grows, and what it is",
)
_COLUMNS, _SIGNS_TITLE, _PAGES = (
    "How to read the table: columns",
    "How to read the table: letters and signs",
    "How to read the pages",
)
_FIELDS, _ADDED, _FLAGS = (
    "Fields of smaps, and the first Linux version that prints them",
    "Fields that smapstop adds",
    "VmFlags",
)
_SECTIONS_OF: Mapping[HelpPlace, tuple[str, ...]] = {
    "table": ("Keys: table", _COLUMNS, _SIGNS_TITLE),
    "why": (_MECHANISMS, _RECIPES),
    "fields": (_FIELDS, _ADDED, _FLAGS),
    "pages": (_PAGES,),
    "life": (_WHOLE,),
    "events": (_MECHANISMS, _WHOLE),
    "band": ("Keys: time", "Keys: compare"),
}
"""Titles of the sections that come first in a place."""
_KEY_PLACES: Mapping[HelpPlace, tuple[Place, ...]] = {
    "why": ("inspector",),
    "fields": ("fields", "inspector"),
    "pages": ("pages", "inspector"),
    "life": ("inspector",),
    "events": ("events",),
    "band": ("band",),
}
"""Places of the key table whose keys come first."""


def sections_for(place: HelpPlace | None, keymap: Keymap) -> Iterator[HelpSection]:
    """All sections of the help; before them the keys of a place, and those about it."""
    first: tuple[str, ...] = ()
    if place is not None:
        first, places = _SECTIONS_OF[place], _KEY_PLACES.get(place, ())
        keys = tuple(_key_entry(key, keymap) for key in KEYS if key.actions.keys() & places)
        if keys:
            yield HelpSection("Keys: here", keys, short=True)
    rank = {title: number for number, title in enumerate(first)}
    yield from sorted(help_sections(keymap), key=lambda section: rank.get(section.title, len(rank)))


def _key_entry(key: Key, keymap: Keymap) -> HelpEntry:
    """A key and what it does."""
    return HelpEntry("  ".join(keymap.display_names(key.name)), key.help)


@cache
def _recipes() -> tuple[HelpEntry, ...]:
    """What grows, and what it is: the table of the guide's chapter."""
    table = read_chapter("recipes").partition("| what grows | is |\n")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", table.replace("`", ""), re.MULTILINE)
    return tuple(HelpEntry(grows, f"{what[:1].upper()}{what[1:]}.", keywords="leak") for grows, what in rows)


def help_sections(keymap: Keymap) -> Iterator[HelpSection]:
    """All sections of the help, in order."""
    for group in GROUPS:
        keys = tuple(_key_entry(key, keymap) for key in KEYS if key.group == group)
        yield HelpSection(f"Keys: {group.lower()}", keys, short=True)
    yield HelpSection("First principles", PRINCIPLES)
    columns = tuple(HelpEntry(column.title, column.help) for column in (*COLUMNS, ALL_COLUMNS["start"]))
    letters = tuple(HelpEntry(LETTERS[kind], f"{meaning}.".capitalize()) for kind, meaning in _KIND_MEANINGS.items())
    yield HelpSection(_COLUMNS, columns)
    yield HelpSection(_SIGNS_TITLE, letters + _SIGNS + INFERRED)
    states = (
        HelpEntry(f"{page_words.LETTERS[state]} {page_words.state_name(state)}", meaning)
        for state, meaning in STATE_HELP.items()
        if state not in BASE_STATES
    )
    yield HelpSection(_PAGES, (*states, *_PAGE_SIGNS))
    yield HelpSection(
        _MECHANISMS,
        tuple(
            HelpEntry(explanation.label, mechanisms.meaning_of(mechanism))
            for mechanism, explanation in mechanisms.EXPLANATIONS.items()
        ),
    )
    yield HelpSection(_WHOLE, WHOLE_CHANGES)
    yield HelpSection(_RECIPES, _recipes())
    yield HelpSection(
        _FIELDS,
        tuple(HelpEntry(field.label, field.help, field.since) for field in FIELDS),
    )
    yield HelpSection(
        _ADDED,
        tuple(HelpEntry(field.label, field.help) for field in ADDED_FIELDS),
    )
    yield HelpSection(_FLAGS, tuple(HelpEntry(flag, f"{meaning}.") for flag, meaning in VM_FLAGS.items()), short=True)
