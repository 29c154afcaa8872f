"""What kind of memory a name stands for."""

import pytest
from factories import mappings_of

from smapstop.model.kinds import Kind, backing_of, kind_codes, kind_of, kinds_of, likely_section
from smapstop.proc.pages.page_states import Backing


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", Kind.ANONYMOUS),
        ("[anon:glibc: malloc arena]", Kind.ANONYMOUS),
        ("/dev/zero", Kind.ANONYMOUS),
        ("[heap]", Kind.HEAP),
        ("[stack]", Kind.STACK),
        ("[stack:1234]", Kind.STACK),
        ("/memfd:pulseaudio (deleted)", Kind.SHARED),
        ("/dev/shm/sem.lock", Kind.SHARED),
        ("/dev/zero (deleted)", Kind.SHARED),
        ("/SYSV00000000 (deleted)", Kind.SHARED),
        ("/SYSVdeadbeef", Kind.SHARED),
        ("[anon_shmem:ring]", Kind.SHARED),
        ("[vdso]", Kind.SPECIAL),
        ("[vvar_vclock]", Kind.SPECIAL),
        ("[vsyscall]", Kind.SPECIAL),
        ("[uprobes]", Kind.SPECIAL),
        ("[not yet invented]", Kind.SPECIAL),
        ("/usr/lib/libc.so.6", Kind.FILE),
        ("/tmp/gone (deleted)", Kind.FILE),
        ("/home/me/[heap]", Kind.FILE),
        ("/dev/zeroes", Kind.FILE),
        ("/home/me/memfd:x", Kind.FILE),
        ("anon_inode:[perf_event]", Kind.FILE),
        ("socket:[1234]", Kind.FILE),
    ],
)
def test_kind_of_a_name(name: str, kind: Kind) -> None:
    assert kind == kind_of(name)


def test_kinds_of_a_map() -> None:
    rows = [(1, 2, "rw-p", "[heap]"), (3, 4), (5, 6, "r--p", "/lib/c"), (7, 8), (9, 10, "rw-p", "[stack]")]
    expected = [Kind.HEAP, Kind.ANONYMOUS, Kind.FILE, Kind.ANONYMOUS, Kind.STACK]
    mappings = mappings_of(*rows)

    assert expected == kinds_of(mappings)
    assert expected == [list(Kind)[code] for code in kind_codes(mappings).tolist()]
    assert kinds_of(mappings_of()) == []
    assert kind_codes(mappings_of()).tolist() == []


@pytest.mark.parametrize(
    ("name", "perms", "backing"),
    [
        ("", "rw-p", Backing.NOTHING),
        ("[heap]", "rw-p", Backing.NOTHING),
        ("[stack]", "rw-p", Backing.NOTHING),
        ("/dev/zero", "rw-p", Backing.NOTHING),
        ("/anon_hugepage (deleted)", "rw-p", Backing.NOTHING),
        ("/anon_hugepage (deleted)", "rw-s", Backing.SHARED_MEMORY),
        ("/lib/c", "r-xp", Backing.PRIVATE_FILE),
        ("/var/db (deleted)", "rw-s", Backing.SHARED_FILE),
        ("/memfd:x (deleted)", "rw-s", Backing.SHARED_MEMORY),
        ("/memfd:x (deleted)", "rw-p", Backing.PRIVATE_SHARED_MEMORY),
        ("/dev/zero (deleted)", "rw-s", Backing.SHARED_MEMORY),
        ("[vvar]", "r--p", Backing.SPECIAL),
    ],
)
def test_what_is_behind_a_mapping(name: str, perms: str, backing: Backing) -> None:
    assert backing_of(name, perms) is backing


def test_parts_of_a_file() -> None:
    assert [likely_section(perms) for perms in ("r-xp", "rw-p", "r--p", "---p")] == [".text", ".data", ".rodata", ""]
