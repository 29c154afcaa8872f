"""The states of pages in words: of flags, and of the pages of a real program."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stepping import Stepping

from smapstop.proc.pages.page_runs import Page
from smapstop.proc.pages.page_states import STATE_HELP, STATES, Backing, State, states_of
from smapstop.proc.pages.pagemap import PAGE_BYTES, page_runs
from smapstop.proc.process import ProcDir

PRESENT, FILE, SWAPPED, ZERO, HUGE, GUARD = Page.PRESENT, Page.FILE, Page.SWAPPED, Page.ZERO, Page.HUGE, Page.GUARD


def states(flags: list[int], backing: Backing) -> list[State]:
    return [STATES[code] for code in states_of(np.array(flags, np.uint8), backing).tolist()]


@pytest.mark.parametrize(
    ("backing", "of_object", "other"),
    [
        (Backing.NOTHING, State.ZERO, State.ANONYMOUS),
        (Backing.PRIVATE_FILE, State.FILE, State.COPIED),
        (Backing.SHARED_FILE, State.FILE, State.SPECIAL),
        (Backing.SHARED_MEMORY, State.SHARED_MEMORY, State.SPECIAL),
        (Backing.PRIVATE_SHARED_MEMORY, State.SHARED_MEMORY, State.COPIED),
        (Backing.SPECIAL, State.SPECIAL, State.SPECIAL),
    ],
)
def test_page_that_is_present_is_what_the_mapping_makes_it(backing: Backing, of_object: State, other: State) -> None:
    expected = [of_object, of_object, other, other]
    assert states([FILE | PRESENT, FILE | PRESENT | HUGE, PRESENT, PRESENT | HUGE], backing) == expected


@pytest.mark.parametrize("backing", Backing)
def test_pages_that_are_the_same_in_every_mapping(backing: Backing) -> None:
    flags = [0, SWAPPED, SWAPPED | FILE, PRESENT | ZERO, PRESENT | ZERO | HUGE, GUARD]
    swapped, zero = [State.SWAPPED] * 2, [State.ZERO] * 2
    assert states(flags, backing) == [State.NOT_PRESENT, *swapped, *zero, State.GUARD]


def test_states_have_the_shape_of_the_flags() -> None:
    flags = np.array([[PRESENT, 0], [0, GUARD], [FILE | PRESENT, 0]], np.uint8)
    assert states_of(flags, Backing.PRIVATE_FILE).shape == (3, 2)


def test_every_state_is_explained_in_one_sentence() -> None:
    assert list(STATE_HELP) == list(State)
    assert all(text.endswith(".") and text.count(". ") == 0 for text in STATE_HELP.values())
    assert all(len(text) <= 77 for text in STATE_HELP.values()), "the line under the pages on 80 cells"


@pytest.mark.skipif(PAGE_BYTES != 4096, reason="the program counts pages of 4 kB")
def test_states_of_a_real_program(program: Callable[[str], Path], tmp_path: Path) -> None:
    with Stepping(program("page_states"), tmp_path / "file") as target, ProcDir(target.pid) as process:

        def told(pages: int, backing: Backing) -> str:
            """The first letter of each page's state."""
            runs = page_runs(process, target.address, target.address + pages * PAGE_BYTES)
            addresses = np.arange(pages, dtype=np.uint64) * np.uint64(PAGE_BYTES) + np.uint64(target.address)
            return "".join(STATES[code][0] for code in states_of(runs.flags_at(addresses), backing).tolist())

        guard = "g" if target.said[0] == "anonymous-guarded" else "n"
        assert told(10, Backing.NOTHING) == f"aaanzn{guard}nan"
        target.go()
        assert told(12, Backing.PRIVATE_FILE) == "ffcffccffnnf"
        target.go()
        assert told(6, Backing.SHARED_MEMORY) == "nssnnn"
