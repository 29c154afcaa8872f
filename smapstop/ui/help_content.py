"""The help as data: sections of entries."""

from collections.abc import Iterator
from dataclasses import dataclass

from smapstop.model.kinds import Kind
from smapstop.proc.fields import FIELDS, VM_FLAGS
from smapstop.proc.pages.page_states import HUGE_HELP, STATE_HELP
from smapstop.text import format as fmt
from smapstop.text import mechanisms
from smapstop.text import pages as page_words
from smapstop.text.columns import COLUMNS
from smapstop.text.kinds import LETTERS
from smapstop.ui.keys.keymap import Keymap
from smapstop.ui.keys.table import GROUPS, KEYS


@dataclass(frozen=True, slots=True)
class HelpEntry:
    """A word and what it means."""

    word: str
    meaning: str
    note: str = ""
    """Something short beside the word: the kernel that first had it."""

    def matches(self, query: str) -> bool:
        """Whether every word of a query is somewhere in it."""
        text = f"{self.word} {self.note} {self.meaning}".casefold()
        return all(part in text for part in query.casefold().split())


@dataclass(frozen=True, slots=True)
class HelpSection:
    """Entries about one thing."""

    title: str
    entries: tuple[HelpEntry, ...]
    short: bool = False
    """Whether two of it fit side by side."""


PRINCIPLES = (
    HelpEntry(
        "Mapping",
        "A range of addresses with one origin, part of a file or nothing, and one set of permissions. "
        "It costs no memory until its pages are touched, one by one.",
    ),
    HelpEntry(
        "Rss, Pss, Uss",
        "Three answers to how much. Rss counts every resident page in full; Pss divides each by how often it is "
        "mapped; Uss counts only those that nobody else maps (Private_Clean + Private_Dirty).",
    ),
    HelpEntry(
        "Private, shared",
        "How often a page is mapped right now: once is private, twice or more is shared. This is the map count, not "
        "MAP_PRIVATE or MAP_SHARED; the p or s in Perm says that.",
    ),
    HelpEntry(
        "Clean, dirty",
        "A clean page can be dropped and read again from its file. A dirty one was written, by this process or by "
        "anybody who wrote the file, and must be stored first: in the file, or in swap.",
    ),
    HelpEntry(
        "Anonymous",
        "A page with no file behind it: heap, stack, and every page of a private file mapping that was written to.",
    ),
    HelpEntry(
        "Copy-on-write",
        "The first write to a page of a private file mapping makes the kernel copy it: one minor fault, one page "
        "more in Anonymous, however few bytes were written. Rss stays as it was if the page had been read before.",
    ),
    HelpEntry(
        "Watching",
        "It changes what is watched. smapstop maps the same libraries, so their pages turn from private to shared "
        "and the Pss of the process falls while you look. It is no event: the first sample already has it.",
    ),
)
"""What one has to know to read the rest."""
_SIGNS = (
    HelpEntry(fmt.UNKNOWN, "Not known: this kernel does not print it, or it may not be read. Never the same as 0."),
    HelpEntry(fmt.STILL, "No change."),
    HelpEntry("▼ ▲", "What the rows are sorted by, the greatest or the least first."),
    HelpEntry("highlighted, struck through", "A row or a number that just changed; a mapping that is just gone."),
    HelpEntry("underlined", "A number that just fell; one that rose is only highlighted."),
    HelpEntry("first touch?", "Ambiguous: the fields also fit another mechanism, which the open mapping names."),
)
_PAGE_SIGNS = (
    HelpEntry(
        "f, a, c", "A lower-case letter: the cell has pages of several states; most of those present have this one."
    ),
    HelpEntry("F→C", "A change since the compared moment: it was F (file) and is C (copied on write)."),
    HelpEntry("in a huge page", HUGE_HELP),
)
_KIND_MEANINGS = {
    Kind.FILE: "part of a file",
    Kind.ANONYMOUS: "memory without a file",
    Kind.HEAP: "the heap that brk grows",
    Kind.STACK: "the main thread's stack",
    Kind.SHARED: "shared memory: memfd, shm, tmpfs",
    Kind.SPECIAL: "the kernel's own: vdso, vvar",
}


def help_sections(keymap: Keymap) -> Iterator[HelpSection]:
    """All that the help says, in order."""
    for group in GROUPS:
        keys = tuple(
            HelpEntry("  ".join(keymap.display_names(key.name)), key.help) for key in KEYS if key.group == group
        )
        yield HelpSection(f"Keys: {group.lower()}", keys, short=True)
    yield HelpSection("First principles", PRINCIPLES)
    columns = tuple(HelpEntry(column.title, column.help) for column in COLUMNS)
    letters = tuple(HelpEntry(LETTERS[kind], f"{meaning}.".capitalize()) for kind, meaning in _KIND_MEANINGS.items())
    yield HelpSection("How to read the table: columns", columns)
    yield HelpSection("How to read the table: letters and signs", letters + _SIGNS)
    states = (
        HelpEntry(f"{page_words.LETTERS[each]} {page_words.state_name(each)}", told)
        for each, told in STATE_HELP.items()
    )
    yield HelpSection("How to read the pages", (*states, *_PAGE_SIGNS))
    yield HelpSection(
        "What changed, and what the kernel did",
        tuple(HelpEntry(told.label, mechanisms.meaning_of(what)) for what, told in mechanisms.EXPLANATIONS.items()),
    )
    yield HelpSection(
        "Fields of smaps, and the Linux that first printed them",
        tuple(HelpEntry(field.label, field.help, field.since) for field in FIELDS),
    )
    yield HelpSection(
        "VmFlags", tuple(HelpEntry(flag, f"{meaning}.") for flag, meaning in VM_FLAGS.items()), short=True
    )
