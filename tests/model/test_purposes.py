"""What memory without a name is for: as files and stack pointers prove, else by shapes that nothing contradicts."""

from typing import Any

import pytest
from factories import mappings_of

from smapstop.model.purposes import Purpose, purposes_of, unknown_purposes
from smapstop.model.tick import ThreadStack
from smapstop.proc.columns import ABSENT

ARENA = (64 << 20) // 4096
AT = 8 * ARENA
LIBC = (1, 500, "r-xp", "/usr/lib/libc.so.6")
"""Mapped below all others; glibc has arenas."""


def purposes(*rows: tuple[Any, ...], threads: int | None = None, **facts: Any) -> list[str]:
    """The purpose of each mapping; a guess with a question mark, nothing known as an empty text."""
    stacks = {row: ThreadStack(row, 100 + row, "t", count) for row, count in facts.pop("stacks", {}).items()}
    found = purposes_of(mappings_of(*rows, **facts), stacks, threads)
    names = [Purpose(code).name.lower() if code else "" for code in found.purpose.tolist()]
    return [name + "?" * bool(name and not proven) for name, proven in zip(names, found.proven.tolist(), strict=True)]


# arenas


def arena(*rows: tuple[Any, ...]) -> list[str]:
    """Purposes of mappings in a process with glibc."""
    return purposes(LIBC, *rows)[1:]


def test_an_arena_begins_at_64_mib_and_reserves_as_much() -> None:
    both = ["arena?", "reserve?"]
    assert arena((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p")) == both
    assert arena((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA + 1, "---p")) == both, "a guard follows the reserve"
    assert arena((AT, AT + ARENA, "rw-p")) == ["arena?"], "it is full"
    assert arena((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA - 1, "---p")) == ["", ""], "it reserves less"
    assert arena((AT + 1, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p")) == ["", ""], "it begins elsewhere"
    assert arena((AT, AT + 33, "rw-p"), (AT + 34, AT + ARENA, "---p")) == ["", ""], "there is a hole"
    assert arena((AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p", "/x")) == ["", ""], "that is a file"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/usr/lib/libc.so.6", "arena?"),
        ("/lib/libc-2.28.so (deleted)", "arena?"),
        ("/lib/ld-musl-x86_64.so.1", ""),
        ("/usr/lib/libc.so.6.old", ""),
        ("/usr/bin/go-program", ""),
    ],
)
def test_only_glibc_has_such_arenas(name: str, expected: str) -> None:
    rows = [(1, 9, "r-xp", name), (AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p")]
    assert purposes(*rows)[1] == expected


@pytest.mark.parametrize(
    ("flags", "expected"), [("rd wr mr mw me nr ", "arena?"), ("rd wr mr mw me ac ", ""), ("", "arena?")]
)
def test_heaps_of_arenas_reserve_no_swap_space(flags: str, expected: str) -> None:
    assert arena((AT, AT + 33, "rw-p", "", 0, 0, flags), (AT + 33, AT + ARENA, "---p"))[0] == expected


# the heap of V8

NODE = (1, 2, "r-xp", "/usr/bin/node")
OF_V8 = "rd wr mr mw me dc nr "


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((64, 128, "rw-p", "", 0, 0, OF_V8), "v8_heap?"),
        ((64, 289, "rw-p", "", 0, 0, OF_V8), "v8_heap?"),  # a large object
        ((64, 77, "r--p", "", 0, 0, "rd mr mw me dc nr "), "v8_heap?"),
        ((64, 128, "---p", "", 0, 0, OF_V8), ""),
        ((65, 128, "rw-p", "", 0, 0, OF_V8), ""),
        ((64, 128, "rw-p", "", 0, 0, "rd wr mr mw me nr "), ""),
        ((64, 128, "rw-p", "", 0, 0, "rd wr mr mw me dc ac "), ""),
        ((64, 128, "rw-p"), ""),  # a kernel that prints no flags
        ((64, 128, "rw-p", "[anon:mine]", 0, 0, OF_V8), ""),
    ],
)
def test_the_heap_of_v8_has_its_alignment_and_is_kept_from_forks(row: tuple[Any, ...], expected: str) -> None:
    assert purposes(NODE, row)[1] == expected
    assert purposes((1, 2, "r-xp", "/usr/bin/qemu"), row)[1] == "", "others keep memory from forks, too"


def test_a_stack_pointer_is_better_than_the_guess_that_it_is_the_heap_of_v8() -> None:
    assert purposes(NODE, (64, 128, "rw-p", "", 0, 0, OF_V8), stacks={1: 1})[1] == "stack?"


@pytest.mark.parametrize("name", ["/opt/node", "/usr/bin/nodejs", "/usr/lib/libnode.so.115", "/x/node (deleted)"])
def test_node_is_known_by_its_file(name: str) -> None:
    assert purposes((1, 2, "r-xp", name), (64, 128, "rw-p", "", 0, 0, OF_V8))[1] == "v8_heap?"


# jemalloc

UNRESERVED = "rd wr mr mw me nr "


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((64, 128, "rw-p", "", 0, 0, UNRESERVED), "jemalloc?"),
        ((AT, AT + ARENA, "rw-p", "", 0, 0, UNRESERVED), "jemalloc?"),  # aligned as an arena of glibc, too
        ((64, 128, "---p", "", 0, 0, "mr mw me nr "), ""),
        ((64, 128, "rw-p", "", 0, 0, "rd wr mr mw me ac "), ""),  # mmap by somebody else
        ((64, 128, "rw-p"), ""),
    ],
)
def test_memory_without_a_reservation_is_of_jemalloc_where_the_process_has_it(
    row: tuple[Any, ...], expected: str
) -> None:
    assert purposes(LIBC, (3, 4, "r-xp", "/usr/lib/libjemalloc.so.2"), row)[2] == expected
    assert purposes((1, 2, "r-xp", "/usr/lib/libjemalloc.so.2"), row)[1] == expected
    assert purposes((1, 2, "r-xp", "/usr/lib/libjemalloc.so.2.old"), row)[1] == ""
    for name in ("libmimalloc.so.2.0", "libmimalloc-secure.so.2.0"):
        assert purposes((1, 2, "r-xp", f"/usr/lib/{name}"), row)[1] == expected.replace("je", "mi")


# code that was written at run time


def test_executable_memory_without_a_file_may_be_of_a_compiler() -> None:
    for perms in ("rwxp", "r-xp", "--xp"):
        assert purposes((64, 128, perms)) == ["jit_code?"]
        assert purposes((64, 128, perms, "/usr/bin/node")) == [""]
    assert purposes((64, 128, "rwxs"), (200, 300, "r--p")) == ["", ""]
    assert purposes(NODE, (64, 128, "rwxp", "", 0, 0, OF_V8))[1] == "jit_code?"


# stacks

GUARDED = [(99, 100, "---p"), (100, 2148, "rw-p")]


def test_a_stack_that_no_thread_is_known_of_lies_behind_a_small_guard() -> None:
    assert purposes(*GUARDED) == ["guard?", "stack?"]
    assert purposes((50, 100, "---p"), (100, 2148, "rw-p")) == ["", ""], "too large for a guard"
    assert purposes((99, 100, "---p"), (100, 103, "rw-p")) == ["", ""], "too small for a stack"
    assert purposes((99, 100, "---p"), (100, 2200, "rw-p")) == ["", ""], "too large for a stack"
    assert purposes((98, 99, "---p"), (100, 2148, "rw-p")) == ["", ""], "there is a hole"
    assert purposes((99, 100, "---p"), (100, 2148, "rw-p", "", 0, 0, "rd wr nr ")) == ["", ""], "stacks are accounted"


def test_it_is_no_guess_with_the_threads_stack_pointer_and_a_guard() -> None:
    assert purposes(*GUARDED, stacks={1: 1}) == ["guard", "stack"]
    assert purposes((99, 100, "---p"), (100, 9000, "rw-p"), stacks={1: 1}) == ["guard", "stack"], "however large"


def test_without_a_guard_it_is_one_only_alone_in_a_mapping_of_a_stacks_size() -> None:
    assert purposes((100, 2148, "rw-p"), stacks={0: 1}) == ["stack?"]
    assert purposes((100, 9000, "rw-p"), stacks={0: 1}) == [""]
    assert purposes((100, 9000, "rw-p"), stacks={0: 3}) == ["stack"], "the stacks of three"
    assert purposes((100, 2148, "rw-p", "", 0, 0, "rd wr gu "), stacks={0: 1}) == ["stack"], "the guard is inside"
    assert purposes((100, 9000, "rw-p", "", 0, 0, "rd wr gu "), stacks={0: 1}) == [""]


def test_a_stack_pointer_makes_no_stack_of_an_arena_a_go_heap_or_bss() -> None:
    rows = [LIBC, (AT, AT + 33, "rw-p"), (AT + 33, AT + ARENA, "---p")]
    assert purposes(*rows, stacks={1: 1})[1:] == ["arena?", "reserve?"]
    assert purposes((100, 2148, "rw-p"), stacks={0: 2}, go_heap=[1]) == ["go_heap"]
    file = (90, 100, "rw-p", "/bin/x")
    assert purposes(file, (100, 110, "rw-p"), stacks={1: 1}, file_bss=[ABSENT, 40]) == ["", "bss"]


def test_no_more_stacks_are_guessed_than_there_are_threads_without_one() -> None:
    rows = [*GUARDED, (4099, 4100, "---p"), (4100, 6148, "rw-p")]
    guessed, known = ["guard?", "stack?"], ["guard", "stack"]
    assert purposes(*rows, threads=3) == guessed * 2
    assert purposes(*rows, threads=2) == [""] * 4, "one of the two is something else"
    assert purposes(*rows, threads=1) == [""] * 4
    assert purposes(*rows, threads=3, stacks={1: 1}) == known + guessed
    assert purposes(*rows, threads=2, stacks={1: 1}) == [*known, "", ""]


def test_the_reserve_of_an_arena_may_also_guard_a_stack() -> None:
    stop = AT + ARENA
    rows = [LIBC, (AT, stop - 16, "rw-p"), (stop - 16, stop, "---p"), (stop, stop + 8, "rw-p")]
    assert purposes(*rows) == ["", "arena?", "reserve?", "stack?"]


# zeroed data

CODE, DATA = (0, 8, "r-xp", "/lib/c.so"), (8, 9, "rw-p", "/lib/c.so")


@pytest.mark.parametrize(
    ("pages", "kb", "expected"),
    [(7, 28, "bss"), (5, 28, "bss"), (8, 28, ""), (7, 0, ""), (7, ABSENT, "bss?"), (256, ABSENT, "")],
)
def test_zeroed_data_is_as_long_as_its_file_says(pages: int, kb: int, expected: str) -> None:
    rows = [CODE, DATA, (9, 9 + pages, "rw-p")]
    assert purposes(*rows, file_bss=[ABSENT, ABSENT, kb])[2] == expected
    if kb == ABSENT:
        assert purposes(*rows)[2] == expected, "as in a saved text"


def test_zeroed_data_follows_its_file_which_may_end_read_only() -> None:
    relocated = (8, 9, "r--p", "/lib/c.so")
    assert purposes(CODE, relocated, (9, 12, "rw-p")) == ["", "", ""]
    assert purposes(CODE, relocated, (9, 12, "rw-p"), file_bss=[ABSENT, ABSENT, 12])[2] == "bss"
    assert purposes(CODE, DATA, (10, 12, "rw-p"), file_bss=[ABSENT] * 3)[2] == "", "there is a hole"


@pytest.mark.parametrize("name", ["/anon_hugepage (deleted)", "/dev/zero", "/var/cache/table"])
def test_what_has_no_code_has_no_zeroed_data(name: str) -> None:
    assert purposes(CODE, (8, 9, "rw-p", name), (9, 12, "rw-p")) == ["", "", ""]


def test_purposes_of_nothing() -> None:
    assert purposes() == []
    assert unknown_purposes(2).with_rows(unknown_purposes(3), mappings_of().start.astype(int)).purpose.tolist() == [
        0,
        0,
    ]
