"""Why memory without a name has its label: what proves it, or why it is only a guess."""

from smapstop.model.labels import given_label
from smapstop.model.purposes import Purpose
from smapstop.model.tick import ThreadStack
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.added_fields import FILE_BSS
from smapstop.proc.columns import Mappings
from smapstop.text import format as fmt

_PROOFS = {
    Purpose.ARENA: "aligned as a heap of a glibc arena, and reserves 64 MiB as one does; other memory may do so, too",
    Purpose.RESERVE: "inaccessible, the rest of the 64 MiB that such a heap reserves",
    Purpose.GO_HEAP: "a program built by Go, whose runtime puts its heap at this address",
    Purpose.V8_HEAP: "aligned and kept from children (VmFlags dc) as V8's heap in Node.js; other memory may be so",
    Purpose.JEMALLOC: "mapped without reserving memory (VmFlags nr), as jemalloc does, whose library the process has",
    Purpose.MIMALLOC: "mapped without reserving memory (VmFlags nr), as mimalloc does, whose library the process has",
    Purpose.JIT_CODE: "executable, and of no file, as what a compiler writes at run time; so may be unpacked code",
    Purpose.JVM_HEAP: "the JVM has its heap here, by its tables for debuggers (gHotSpotVMStructs)",
    Purpose.PYTHON_HEAP: "mostly pools of Python's allocator: objects of up to 512 bytes; larger may be here, too",
    Purpose.MALLOC_BLOCK: "large blocks of glibc's malloc, by their headers; the rest was not looked at, or is not",
}
"""By purpose, what suggests it, or proves it if it is never a guess."""
_PROVEN = {
    Purpose.ARENA: "begins with the header of a heap of a glibc arena (heap_info)",
    Purpose.RESERVE: "inaccessible, the rest of the 64 MiB that the heap before it reserves",
    Purpose.MALLOC_BLOCK: "large blocks of glibc's malloc, by their headers (IS_MMAPPED); at most an eighth is not",
}
"""What proves a purpose that is a guess elsewhere."""
_GUARDED = "an inaccessible guard lies below it"
_FLAG_OF_GUARDS = "gu"


def label_proof(timeline: Timeline, number: int, mapping: int) -> str:
    """What proves the label of a mapping at a tick, or why it is a guess; empty without a label."""
    if number < timeline.oldest:
        return ""
    snapshot = timeline.at(number)
    row, mappings = snapshot.row_of(mapping), snapshot.mappings
    if row is None:
        return ""
    if mappings.name[row]:
        given = given_label(mappings.string_at(mappings.name, row))
        return "the program itself gave it this name (PR_SET_VMA_ANON_NAME)" if given else ""
    purposes = timeline.purposes_at(number)
    purpose, proven = Purpose(int(purposes.purpose[row])), bool(purposes.proven[row])
    match purpose:
        case Purpose.BSS:
            return _bss_proof(mappings, row, proven=proven)
        case Purpose.STACK:
            return _stack_proof(mappings, row, timeline.stacks_at(number).get(mapping), proven=proven)
        case Purpose.GUARD:
            return f"inaccessible, below what is {'' if proven else 'likely '}the stack of a thread"
    return _PROVEN[purpose] if proven and purpose in _PROVEN else _PROOFS.get(purpose, "")


def _bss_proof(mappings: Mappings, row: int, *, proven: bool) -> str:
    """Why memory is zeroed data of a file."""
    file = mappings.string_at(mappings.name, row - 1).rpartition("/")[2]
    if not proven:
        return f"follows {file} with the same permissions; the file could not be read, which would prove it"
    column = mappings.get(FILE_BSS)
    assert column is not None, "without the size in the file there is no proof"
    return f"follows {file}, whose segments have {fmt.amount(int(column[row]))} of zeroed data here"


def _stack_proof(mappings: Mappings, row: int, stack: ThreadStack | None, *, proven: bool) -> str:
    """Why memory is the stack of a thread."""
    guarded = row > 0 and mappings.end[row - 1] == mappings.start[row]
    guarded = bool(guarded) and mappings.string_at(mappings.perms, row - 1) == "---p"
    if stack is None:
        return f"{_GUARDED}, and no more memory looks so than there are threads whose stack is unknown"
    pointer = (
        "the stack pointer of the thread is in it"
        if stack.threads == 1
        else f"the stack pointers of {stack.threads} threads are in it"
    )
    if not proven:
        return f"{pointer}, but there is no guard below it"
    if guarded:
        return f"{pointer}, and {_GUARDED}"
    has_guards = _FLAG_OF_GUARDS in mappings.string_at(mappings.flags, row).split()
    return f"{pointer}, and there are guard regions inside" if has_guards else pointer
