"""What all mappings are for, by kind, name, permissions and purpose."""

from typing import Any

import pytest
from factories import mappings_of

from smapstop.model.purpose_groups import PURPOSE_GROUPS, purpose_groups
from smapstop.model.purposes import purposes_of
from smapstop.model.tick import ThreadStack

LIB = "/usr/lib/libx.so"


def groups(*rows: tuple[Any, ...], **columns: Any) -> list[str]:
    mappings = mappings_of(*rows, **columns)
    return [PURPOSE_GROUPS[code].value for code in purpose_groups(mappings, purposes_of(mappings)).tolist()]


def test_parts_of_a_library_are_recognised_by_its_code() -> None:
    rows = [
        *((1, 2, "r--p", LIB), (2, 3, "r-xp", LIB), (3, 4, "---p", LIB)),
        *((4, 5, "r--p", LIB), (5, 6, "rw-p", LIB), (6, 7, "rw-p")),
    ]
    assert groups(*rows, anonymous=[0, 0, 0, 4, 4, 0], file_bss=[-1] * 5 + [4]) == [
        *("constants", "code", "reserved", "program data", "program data", "program data")
    ]
    assert groups((1, 2, "r--p", LIB), (2, 3, "r--s", "/usr/share/fonts")) == ["mapped files", "mapped files"]


def test_a_program_on_a_tmpfs_is_one_too() -> None:
    rows = [(1, 2, "r--p", "/tmp/x"), (2, 3, "r-xp", "/tmp/x"), (3, 4, "rw-s", "/tmp/data")]
    assert groups(*rows, memory_filesystem=[1, 1, 1]) == ["constants", "code", "shared memory"]


@pytest.mark.parametrize(
    ("perms", "name", "group"),
    [
        ("rw-p", "[heap]", "main heap"),
        ("rw-p", "[stack]", "stacks"),
        ("rw-p", "", "other"),
        ("r--p", "", "other"),
        ("---p", "", "reserved"),
        ("rwxp", "", "JIT code"),
        ("r-xp", "[anon:hot]", "JIT code"),
        ("r-xs", "/memfd:doublemapper (deleted)", "JIT code"),
        ("rw-s", "/memfd:pool (deleted)", "shared memory"),
        ("rw-s", "/SYSV00000000 (deleted)", "shared memory"),
        ("rw-s", "anon_inode:[io_uring]", "device"),
        ("rw-s", "/dev/dri/card0", "device"),
        ("r-xp", "[vdso]", "kernel"),
        ("rw-p", "[anon: glibc: malloc arena]", "malloc"),
        ("rw-p", "[anon: glibc: pthread stack: 7]", "stacks"),
        ("rw-p", "[anon:scudo:primary]", "malloc"),
        ("rw-p", "[anon: Go: heap]", "Go heap"),
        ("rw-p", "[anon:v8]", "V8 heap"),
        ("rw-p", "[anon:dalvik-main space (region space)]", "JVM heap"),
        ("rw-p", "/dev/ashmem/dalvik-main space (deleted)", "JVM heap"),
        ("rw-s", "/memfd:java_heap (deleted)", "JVM heap"),
        ("rw-s", "/memfd:java_heaps (deleted)", "shared memory"),
        ("rw-p", "[anon:cpython:pymalloc]", "Python heap"),
        ("rw-p", "[anon:my cache]", "other"),
        ("rw-p", "[anon:stackoverflow]", "other"),
    ],
)
def test_what_a_mapping_is_for(perms: str, name: str, group: str) -> None:
    assert groups((1, 2, perms, name)) == [group]


def test_stacks_of_threads_and_their_guards_are_stacks() -> None:
    mappings = mappings_of((99, 100, "---p"), (100, 2148, "rw-p"), (3000, 3100, "rw-p", "[stack]"))
    purposes = purposes_of(mappings, {1: ThreadStack(1, 7, "io")}, 2)
    assert [PURPOSE_GROUPS[code] for code in purpose_groups(mappings, purposes)] == ["stacks"] * 3


def test_an_empty_map_has_no_groups() -> None:
    assert groups() == []
