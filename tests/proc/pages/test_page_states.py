"""Page states derived from flags, and of the pages of a real program."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stepped_program import SteppedProgram

from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import PAGE_STATES, STATE_HELP, Backing, PageState, states_of, states_of_runs
from smapstop.proc.pages.pagemap import PAGE_BYTES, read_page_runs
from smapstop.proc.process import ProcDir

PRESENT, FILE, SWAPPED, ZERO, HUGE, GUARD = (
    PageFlags.PRESENT,
    PageFlags.FILE,
    PageFlags.SWAPPED,
    PageFlags.ZERO,
    PageFlags.HUGE,
    PageFlags.GUARD,
)


def states(flags: Sequence[int], backing: Backing) -> list[PageState]:
    return [PAGE_STATES[code] for code in states_of(np.array(flags, np.uint8), backing).tolist()]


@pytest.mark.parametrize(
    ("backing", "of_object", "other"),
    [
        (Backing.NOTHING, PageState.ZERO, PageState.ANONYMOUS),
        (Backing.PRIVATE_FILE, PageState.FILE, PageState.COPIED),
        (Backing.SHARED_FILE, PageState.FILE, PageState.SPECIAL),
        (Backing.SHARED_MEMORY, PageState.SHARED_MEMORY, PageState.SPECIAL),
        (Backing.PRIVATE_SHARED_MEMORY, PageState.SHARED_MEMORY, PageState.COPIED),
        (Backing.SPECIAL, PageState.SPECIAL, PageState.SPECIAL),
    ],
)
def test_page_that_is_present_is_what_the_mapping_makes_it(
    backing: Backing, of_object: PageState, other: PageState
) -> None:
    expected = [of_object, of_object, other, other]
    assert states([FILE | PRESENT, FILE | PRESENT | HUGE, PRESENT, PRESENT | HUGE], backing) == expected


@pytest.mark.parametrize("backing", Backing)
def test_pages_that_are_the_same_in_every_mapping(backing: Backing) -> None:
    flags = [0, SWAPPED, SWAPPED | FILE, PRESENT | ZERO, PRESENT | ZERO | HUGE, GUARD]
    swapped, zero = [PageState.SWAPPED] * 2, [PageState.ZERO] * 2
    assert states(flags, backing) == [PageState.NOT_PRESENT, *swapped, *zero, PageState.GUARD]


def test_states_have_the_shape_of_the_flags() -> None:
    flags = np.array([[PRESENT, 0], [0, GUARD], [FILE | PRESENT, 0]], np.uint8)
    assert states_of(flags, Backing.PRIVATE_FILE).shape == (3, 2)


def test_every_state_is_explained_in_one_sentence() -> None:
    assert list(STATE_HELP) == list(PageState)
    assert all(text.endswith(".") and text.count(". ") == 0 for text in STATE_HELP.values())
    assert all(len(text) <= 77 for text in STATE_HELP.values()), "the line under the pages on 80 cells"


def test_pages_mapped_elsewhere_too_have_states_of_their_own_where_that_means_anything() -> None:
    flags = [PageFlags.PRESENT | PageFlags.SHARED, PageFlags.PRESENT | PageFlags.FILE | PageFlags.SHARED]
    assert states(flags, Backing.NOTHING) == [PageState.ANONYMOUS_SHARED, PageState.ZERO]
    assert states(flags, Backing.PRIVATE_FILE) == [PageState.COPIED_SHARED, PageState.FILE_SHARED]
    assert states(flags, Backing.SHARED_MEMORY) == [PageState.SPECIAL, PageState.SHARED_MEMORY_SHARED]
    assert states(flags, Backing.SPECIAL) == [PageState.SPECIAL] * 2
    assert states([PageFlags.PRESENT | PageFlags.ZERO | PageFlags.SHARED], Backing.NOTHING) == [PageState.ZERO]


@pytest.mark.parametrize(
    ("zero", "state"), [(PageFlags.ZERO, "anonymous shared"), (PageFlags(0), "anonymous shared or zero")]
)
def test_a_source_that_cannot_recognise_zero_pages_leaves_them_open(zero: PageFlags, state: str) -> None:
    at, flags = np.array([PAGE_BYTES], np.uint64), np.array([PageFlags.PRESENT | PageFlags.SHARED], np.uint8)
    runs = PageRuns(at, at + np.uint64(PAGE_BYTES), flags, PageFlags.PRESENT | PageFlags.SHARED | zero, PAGE_BYTES)
    assert [PAGE_STATES[code] for code in states_of_runs(runs, Backing.NOTHING)] == [state]
    flags = np.array([PageFlags.PRESENT], np.uint8)
    assert [PAGE_STATES[code] for code in states_of_runs(replace(runs, flags=flags), Backing.NOTHING)] == [
        "anonymous"
    ]


@pytest.mark.skipif(PAGE_BYTES != 4096, reason="the program counts pages of 4 kB")
def test_states_of_a_real_program(program: Callable[[str], Path], tmp_path: Path) -> None:
    with SteppedProgram(program("page_states"), tmp_path / "file") as target, ProcDir(target.pid) as process:

        def told(pages: int, backing: Backing) -> str:
            """The first letter of each page's state."""
            runs = read_page_runs(process, target.address, target.address + pages * PAGE_BYTES)
            addresses = np.arange(pages, dtype=np.uint64) * np.uint64(PAGE_BYTES) + np.uint64(target.address)
            return "".join(PAGE_STATES[code][0] for code in states_of(runs.flags_at(addresses), backing).tolist())

        guard = "g" if target.words[0] == "anonymous-guarded" else "n"
        assert told(10, Backing.NOTHING) == f"aaanzn{guard}nan"
        target.go()
        assert told(12, Backing.PRIVATE_FILE) == "ffcffccffnnf"
        target.go()
        assert told(6, Backing.SHARED_MEMORY) == "nssnnn"
