"""What kind of memory a name stands for."""

import numpy as np
import pytest
from factories import mappings_of

from smapstop.model.kinds import (
    Kind,
    backing_of,
    data_file_column,
    kind_at,
    kind_codes,
    kind_of,
    kinds_of,
    section_of,
    with_data_files,
)
from smapstop.model.lookup import section_at
from smapstop.proc.columns import ABSENT
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
        ("/dev/zeroes", Kind.DEVICE),
        ("/home/me/memfd:x", Kind.FILE),
        ("/devices", Kind.FILE),
        ("/run/shm/a", Kind.SHARED),
        ("/dev/hugepages/libvirt/ram", Kind.SHARED),
        ("/dev/hugepages1G/ram (deleted)", Kind.SHARED),
        ("/secretmem (deleted)", Kind.SHARED),
        ("anon_inode:[secretmem]", Kind.SHARED),
        ("/secretmember", Kind.FILE),
        ("anon_inode:[perf_event]", Kind.DEVICE),
        ("anon_inode:kvm-vcpu:0", Kind.DEVICE),
        ("socket:[1234]", Kind.DEVICE),
        ("/[aio] (deleted)", Kind.DEVICE),
        ("/dev/dri/renderD128", Kind.DEVICE),
        ("/dev/nvidia-uvm", Kind.DEVICE),
        ("/dev/kgsl-3d0", Kind.DEVICE),
        ("/dev/infiniband/uverbs0", Kind.DEVICE),
        ("/dmabuf:system", Kind.DEVICE),
        ("/drm mm object (deleted)", Kind.DEVICE),
        ("/i915 (deleted)", Kind.DEVICE),
        ("/i915/firmware.bin", Kind.FILE),
        ("/sys/devices/pci0000:00/0000:00:02.0/resource0", Kind.DEVICE),
    ],
)
def test_kind_of_a_name(name: str, kind: Kind) -> None:
    assert kind == kind_of(name)


@pytest.mark.parametrize(
    ("name", "perms", "flags", "memory_filesystem", "kind"),
    [
        ("/anon_hugepage (deleted)", "rw-p", "rd wr ht", ABSENT, Kind.ANONYMOUS),
        ("/anon_hugepage (deleted)", "rw-s", "rd wr sh ht", ABSENT, Kind.SHARED),
        ("/dev/zero", "rw-s", "", ABSENT, Kind.SHARED),
        ("/dev/ashmem/dalvik-main space (deleted)", "rw-p", "", ABSENT, Kind.ANONYMOUS),
        ("/dev/ashmem/shared_memory/1A2B (deleted)", "rw-s", "", ABSENT, Kind.SHARED),
        ("/mnt/huge/ram", "rw-s", "rd wr sh ht", 1, Kind.SHARED),
        ("/mnt/huge/ram", "rw-p", "rd wr ht", ABSENT, Kind.SHARED),
        ("/tmp/cache", "rw-s", "", 1, Kind.SHARED),
        ("/tmp/cache", "rw-s", "", 0, Kind.FILE),
        ("/tmp/cache", "rw-s", "", ABSENT, Kind.FILE),
        ("/tmp/lib.so", "r-xp", "", 1, Kind.SHARED),
        ("/dev/regular", "rw-s", "", 1, Kind.SHARED),
        ("/dev/dri/card0", "rw-s", "rd wr sh pf io", 1, Kind.DEVICE),
        ("/rom/program", "r-xp", "rd ex pf io", 0, Kind.DEVICE),
        ("/mnt/virtiofs-dax/data", "rw-s", "rd wr sh mm hg", 0, Kind.FILE),
        ("", "rw-s", "rd wr sh pf io", ABSENT, Kind.DEVICE),
        ("[vvar]", "r--p", "rd mr pf io de dd", ABSENT, Kind.SPECIAL),
    ],
)
def test_kind_by_all_evidence(name: str, perms: str, flags: str, memory_filesystem: int, kind: Kind) -> None:
    assert kind_of(name, perms, flags, memory_filesystem) is kind

    others = [(1, 2, "r--p", "/lib/c"), (3, 4, perms, name, 0, 0, flags)]
    mappings = mappings_of(*others, memory_filesystem=[0, memory_filesystem])
    assert kinds_of(mappings) == [Kind.FILE, kind]
    assert kind_at(mappings, 1) is kind
    assert kind_codes(mappings, np.array([1])).tolist() == [list(Kind).index(kind)]


def test_kinds_of_a_map() -> None:
    rows = [(1, 2, "rw-p", "[heap]"), (3, 4), (5, 6, "r--p", "/lib/c"), (7, 8), (9, 10, "rw-p", "[stack]")]
    expected = [Kind.HEAP, Kind.ANONYMOUS, Kind.FILE, Kind.ANONYMOUS, Kind.STACK]
    mappings = mappings_of(*rows)

    assert expected == kinds_of(mappings)
    assert expected == [list(Kind)[code] for code in kind_codes(mappings).tolist()]
    assert kinds_of(mappings_of()) == []
    assert kind_codes(mappings_of()).tolist() == []


@pytest.mark.parametrize(
    ("kind", "perms", "backing"),
    [
        (Kind.ANONYMOUS, "rw-p", Backing.NOTHING),
        (Kind.HEAP, "rw-p", Backing.NOTHING),
        (Kind.STACK, "rw-p", Backing.NOTHING),
        (Kind.FILE, "r-xp", Backing.PRIVATE_FILE),
        (Kind.FILE, "rw-s", Backing.SHARED_FILE),
        (Kind.SHARED, "rw-s", Backing.SHARED_MEMORY),
        (Kind.SHARED, "rw-p", Backing.PRIVATE_SHARED_MEMORY),
        (Kind.SPECIAL, "r--p", Backing.SPECIAL),
        (Kind.DEVICE, "rw-s", Backing.SPECIAL),
    ],
)
def test_what_is_behind_a_mapping(kind: Kind, perms: str, backing: Backing) -> None:
    assert backing_of(kind, perms) is backing


def test_parts_of_a_file() -> None:
    sections = [section_of(Kind.FILE, "/lib/c", perms) for perms in ("r-xp", "rw-p", "r--p", "---p")]
    assert sections == [".text", ".data", ".rodata", ""]


@pytest.mark.parametrize(
    ("kind", "name", "perms", "section"),
    [
        (Kind.SHARED, "/tmp/on-tmpfs", "r-xp", ".text"),
        (Kind.SHARED, "/tmp/on-tmpfs", "rw-s", ""),
        (Kind.FILE, "/var/lib/data", "r--s", ""),
        (Kind.SHARED, "/memfd:x (deleted)", "rw-p", ""),
        (Kind.DEVICE, "/dev/mem", "rw-p", ""),
        (Kind.ANONYMOUS, "", "rw-p", ""),
    ],
)
def test_only_what_may_be_a_program_has_sections(kind: Kind, name: str, perms: str, section: str) -> None:
    assert section_of(kind, name, perms) == section


def test_a_file_of_which_nothing_is_executable_is_data_and_has_no_sections() -> None:
    rows = [(1, 2, "r--p", "/lib/c"), (2, 3, "r-xp", "/lib/c"), (4, 5, "rw-p", "/classes.jsa")]
    rows += [(6, 7, "r--p", "/locale"), (8, 9, "r--s", "/gconv-modules.cache"), (10, 11, "rw-p", "[heap]")]
    mappings = mappings_of(*rows)
    assert data_file_column(mappings).tolist() == [ABSENT, ABSENT, 1, 1, ABSENT, ABSENT]
    assert [section_at(with_data_files(mappings), row) for row in range(6)] == [".rodata", ".text", "", "", "", ""]
    assert with_data_files(mappings.take(slice(2))).fields == mappings.fields
