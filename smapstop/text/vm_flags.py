"""VmFlags in words: the name of each in the kernel, what it means, and which call sets it."""

import re

from smapstop.proc.fields import VM_FLAGS

_CONSTANTS: dict[str, str] = {
    "rd": "VM_READ",
    "wr": "VM_WRITE",
    "ex": "VM_EXEC",
    "sh": "VM_SHARED",
    "mr": "VM_MAYREAD",
    "mw": "VM_MAYWRITE",
    "me": "VM_MAYEXEC",
    "ms": "VM_MAYSHARE",
    "gd": "VM_GROWSDOWN",
    "pf": "VM_PFNMAP",
    "gu": "VM_MAYBE_GUARD",
    "dw": "VM_DENYWRITE",
    "lo": "VM_LOCKED",
    "io": "VM_IO",
    "sr": "VM_SEQ_READ",
    "rr": "VM_RAND_READ",
    "dc": "VM_DONTCOPY",
    "de": "VM_DONTEXPAND",
    "lf": "VM_LOCKONFAULT",
    "ac": "VM_ACCOUNT",
    "nr": "VM_NORESERVE",
    "ht": "VM_HUGETLB",
    "sf": "VM_SYNC",
    "nl": "VM_NONLINEAR",
    "ar": "VM_ARCH_1",
    "bt": "VM_ARM64_BTI",
    "wf": "VM_WIPEONFORK",
    "dd": "VM_DONTDUMP",
    "sd": "VM_SOFTDIRTY",
    "mm": "VM_MIXEDMAP",
    "hg": "VM_HUGEPAGE",
    "nh": "VM_NOHUGEPAGE",
    "mg": "VM_MERGEABLE",
    "um": "VM_UFFD_MISSING",
    "uw": "VM_UFFD_WP",
    "ui": "VM_UFFD_MINOR",
    "mt": "VM_MTE",
    "mp": "VM_MPX",
    "ss": "VM_SHADOW_STACK",
    "dp": "VM_DROPPABLE",
    "sl": "VM_SEALED",
}
"""Names in the kernel (include/linux/mm.h)."""
_CALLS: dict[str, str] = {
    "rd": "mmap, mprotect",
    "wr": "mmap, mprotect",
    "ex": "mmap, mprotect",
    "gd": "mmap with MAP_GROWSDOWN, and exec for the stack",
    "gu": "madvise(MADV_GUARD_INSTALL)",
    "lo": "mlock, mlockall, mmap with MAP_LOCKED",
    "lf": "mlock2(MLOCK_ONFAULT)",
    "sr": "madvise(MADV_SEQUENTIAL)",
    "rr": "madvise(MADV_RANDOM)",
    "dc": "madvise(MADV_DONTFORK), and some drivers",
    "nr": "mmap with MAP_NORESERVE",
    "ht": "mmap with MAP_HUGETLB, or of a file on hugetlbfs",
    "sf": "mmap with MAP_SYNC",
    "wf": "madvise(MADV_WIPEONFORK)",
    "dd": "madvise(MADV_DONTDUMP), and some drivers",
    "hg": "madvise(MADV_HUGEPAGE)",
    "nh": "madvise(MADV_NOHUGEPAGE)",
    "mg": "madvise(MADV_MERGEABLE), prctl(PR_SET_MEMORY_MERGE)",
    "um": "the ioctl UFFDIO_REGISTER",
    "uw": "the ioctl UFFDIO_REGISTER",
    "ui": "the ioctl UFFDIO_REGISTER",
    "dp": "mmap with MAP_DROPPABLE",
    "sl": "mseal",
}
"""System calls that set a flag; none where the kernel or a driver decides."""
_WORD = re.compile(r"(?<!\S)[+−]?(\w\w)(?!\S)")
_CHANGES = re.compile(r"VmFlags((?: [+−]\w\w)+)")


def flag_help(code: str) -> str:
    """What a flag is; empty for a code unknown to smapstop."""
    if code not in VM_FLAGS:
        return ""
    calls = f" Set by {_CALLS[code]}." if code in _CALLS else ""
    return f"{_CONSTANTS[code]}: {VM_FLAGS[code]}.{calls}"


def flag_at(text: str, index: int) -> str:
    """Code of the flag at a place in a line; empty if there is none.

    Flags stand after "VmFlags", with a sign, or before what they mean.
    """
    for match in _WORD.finditer(text):
        code = match[1]
        if match.start() <= index < match.end() and code in VM_FLAGS:
            changes = any(each.start() < match.start() < each.end() for each in _CHANGES.finditer(text))
            return code if changes or text.startswith(f" {VM_FLAGS[code]}", match.end()) else ""
    return ""
