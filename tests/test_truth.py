"""What is said of real programs, step by step, against their page tables; `make truth` does the same at random."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from fnmatch import fnmatchcase
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from places import DATA, PROGRAMS
from stepped_program import SteppedProgram
from truth.cases import TICKS, Runner, directory
from truth.machine import huge_pages, large_pages, swap_space
from truth.page_table import PAGE
from truth.random_steps import random_case
from truth.witness import Account, Witness, wait_for_stillness

from smapstop.proc.process import ProcDir

Program = Callable[[str], Path]

pytestmark = [
    pytest.mark.skipif(PAGE != 4096, reason="the programs count pages of 4 kB"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root sees which page frame is where"),
]

NEEDS = {
    "hugetlb": "hugetlb",
    "huge_paged_out": "swap",
    "paged_out_by_child": "swap",
    "swap": "swap",
    "swap_memory": "swap",
    "swap_read_in_turn": "swap",
    "swap_shared": "swap",
    "large_pages": "large pages",
}
"""What a program needs of the machine."""
NOT_STEPPED = {
    "again": "executes itself",
    "amounts": "takes numbers",
    "dear": "takes numbers",
    "ksm": "waits for the kernel between steps",
    "ksm_zeros": "likewise",
    "hostile": "gives its steps names that nobody can read",
    "main_ended": "its main thread ends",
    "obedient": "does what it is told",
    "poked_after_fork": "its pages are copied, and a sentence that is true of copies is said of others, too",
}
"""Programs that are not run here though they have steps, and why."""
RANDOM_CASES = 15
NOTHING: tuple[str, ...] = ()

EXPECTED: dict[str, dict[str, tuple[str, ...]]] = {
    "unmapped_parts": {
        "merged": NOTHING,
        "touched": ("first-touch 32",),
        "middle-unmapped": ("unmapped 8",),
        "end-unmapped": ("unmapped 4",),
        "shrunk": ("unmapped 5",),
        "all-unmapped": ("unmapped 8",),
    },
    "shared_object memfd": {
        "written": ("first-touch 200",),
        "dropped": ("shared-unmap 100",),
        "again": ("shared-map 64",),
        "punched": ("discard 50",),
        "partly-new": ("first-touch 30",),
        "truncated": ("discard 80",),
    },
    "shared_object closed": {
        "written": ("first-touch 200",),
        "dropped": ("shared-unmap 100",),
        "again": ("shared-map 64",),
    },
    "shared_object two": {
        "writable": ("first-touch 8",),
        "executable": ("shared-map 8",),
        "both": ("first-touch 8 or first-touch? 8",),
        "executable-now": NOTHING,
        "punched": ("discard 16",),
    },
    "shared_object private": {
        "read": ("shared-map 1??",),
        "copied": ("copy-on-write 50",),
        "copies-dropped": ("discard 25",),
        "unmapped": ("shared-unmap 50",),
        "hole-read": ("first-touch 16",),
    },
    "shared_object sysv": {
        "written": ("first-touch 100",),
        "dropped": ("shared-unmap 40",),
        "again": ("shared-map 20",),
    },
    "shared_object anonymous": {
        "written": ("first-touch 100 or first-touch? 100",),
        "dropped": ("shared-unmap 40 or shared-unmap? 40 or discard? 40",),
        "again": ("shared-map 20 or shared-map? 20 or first-touch? 20",),
    },
    "shared_object child": {
        "by-the-child": NOTHING,
        "by-the-parent": ("shared-map 60",),
        "child-ended": NOTHING,
    },
    "hugetlb": {
        "touched": ("huge-fault 1536",),
        "forked": ("shared-by-fork 1536",),
        "child-wrote": ("sole-owner 512",),
        "parent-wrote": ("copy-on-write-after-fork 512 or copy-on-write-after-fork? 512",),
        "child-ended": ("sole-owner 512",),
        "given-up": ("discard 512",),
        "shared-touched": ("huge-fault 512",),
        "shared-unmapped": ("unmapped 512",),
        "middle-unmapped": ("unmapped? 512",),
    },
    "remap": {
        "grown-in-place": NOTHING,
        "moved": NOTHING,
        "kept-new": NOTHING,
        "old-touched": ("first-touch 8",),
        "shrunk": ("unmapped 12",),
        "file-moved": NOTHING,
    },
    "fork_kinds": {
        "vfork": NOTHING,
        "spawn": NOTHING,
        "forked-half-of-it": ("shared-by-fork 30",),
        "child-ended": ("sole-owner 30",),
        "forked-wiped": ("shared-by-fork 40",),
        "wiped-child-ended": ("sole-owner 40",),
    },
    "huge_paged_out": {
        "touched": ("huge-fault 512",),
        "paged-out": ("swap-out 256", "zero-page? 256 or zero-page 256"),
    },
    "huge_forked": {
        "touched": ("huge-fault 512",),
        "forked": ("shared-by-fork 512",),
        "parent-wrote": ("huge-split 512", "copy-on-write-after-fork? 1"),
        "child-ended": ("sole-owner 511",),
    },
    "huge_shared": {
        "read": NOTHING,
        "written": ("huge-fault 512",),
        "forked": ("shared-by-fork 512",),
        "child-wrote": ("sole-owner 1",),
    },
    "lock_parts": {
        "locked-on-fault": ("lock 0",),
        "touched": ("first-touch 8",),
        "half-locked": ("lock 32", "first-touch? 32 or first-touch 32"),
        "part-unlocked": ("unlock 24",),
        "all-locked": ("lock 64", "first-touch 28"),
        "all-unlocked": ("unlock 64",),
    },
    "populate": {
        "read": NOTHING,
        "written": ("first-touch 16",),
        "of-a-file": ("file-read 16",),
        "given-up-and-back": NOTHING,
    },
    "guarded": {"guarded": ("discard 4",), "not-guarded": NOTHING},
    "mapped_over": {"mapped-over": ("discard 16",), "heap-shrank-and-grew": ("discard 1?",)},
    "lock_and_back": {
        "middle-locked": ("lock 8",),
        "middle-unlocked": ("unlock 8",),
        "first-locked": ("lock 8",),
        "middle-locked-too": ("lock 8",),
        "all-unlocked": ("unlock 24",),
    },
    "poked": {"written": ("copy-on-write 1",)},
    "vdso": {"read": ("shared-map 1",)},
    "written_back": {
        "reclaimed": ("discard? 24",),
        "dirty": ("shared-write? 24",),
        "given-up": ("discard? 24",),
    },
    "paged_out_by_child": {"taken": ("swap-out 16",), "back": ("swap-in 16 or swap-in? 16",), "child-ended": NOTHING},
    "swap_read_in_turn": {
        "parent-read": ("swap-in 8",),
        "child-read": ("shared-by-fork? 8",),
        "child-ended": ("sole-owner 8",),
    },
    "moved_beside_faults": {"moved": ("first-touch? 48",)},
    "heap_trimmed": {"trimmed": ("unmapped? 10",), "all-but-20-unmapped": ("unmapped 40",)},
    "collapsed": {
        "few": ("huge-collapse? 512", "huge-fault? 1536"),
        "just-touched": ("huge-fault? 512",),
        "shared-ones": ("huge-collapse 512", "sole-owner? 511"),
    },
    "swap_shared": {
        "forked": NOTHING,
        "child-read": NOTHING,
        "parent-read": ("swap-in 8",),
        "child-ended": ("sole-owner 8",),
    },
    "large_folios": {
        "hole-written": ("shared-write? 512 or shared-write 512",),
        "file-pages-written": ("shared-write? 256 or file-read? 256",),
    },
    "large_pages": {
        "touched": ("first-touch 16 or first-touch? 16",),
        "all-touched": ("first-touch 48 or first-touch? 48",),
        "given-up-one": ("discard 1",),
    },
    "cut_file": {
        "file-written": ("shared-write 1",),
        "file-written-back": ("writeback 1",),
        "cut": ("discard 5", "reclaim? 10"),
    },
}
"""What is to be said of the mapping that a step speaks of; `or` where what may be known depends on the machine.

A `?` in a number is any digit: faults map neighbours, too.
"""

FOUND = {path.stem: tuple(path.read_text().splitlines()) for path in (DATA / "truth").glob("*.txt")}
"""Commands of which something was once said that was not true."""


def stepped_programs() -> list[str]:
    """Names of the programs that stand still at steps; with an argument, if they take one that is no file."""
    texts = {path.stem: path.read_text() for path in PROGRAMS.glob("*.c")}
    stepped = {name for name, text in texts.items() if "\tstep(" in text} - set(NOT_STEPPED)
    with_argument = {name for name in EXPECTED if " " in name}
    return sorted(stepped - {name.split()[0] for name in with_argument} | with_argument)


@pytest.fixture(autouse=True)
def _symbols_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs resolve their symbols at once: later, that copies pages."""
    monkeypatch.setenv("LD_BIND_NOW", "1")


def machine_for(need: str) -> AbstractContextManager[bool]:
    """The machine set up for a need, if any, only as long as one test has it; whether it could be."""
    settings: dict[str, Callable[[], AbstractContextManager[bool]]]
    settings = {"hugetlb": huge_pages, "swap": partial(swap_space, 16), "large pages": large_pages}
    return settings[need]() if need else nullcontext(True)


@contextmanager
def machine_for_commands(case: Sequence[str]) -> Iterator[None]:
    """The machine set up for what the commands ask for, as far as it can be."""
    text = "\n".join(case)
    with ExitStack() as stack:
        for word, need in (("hugetlb", "hugetlb"), ("pageout", "swap")):
            if word in text:
                stack.enter_context(machine_for(need))
        yield


@pytest.fixture
def runner(program: Program) -> Runner:
    return Runner(program("obedient"))


def each_step(program: SteppedProgram, witness: Witness) -> Iterator[tuple[str, int, Account]]:
    """Each step of a program with its address, and what is said of it."""
    while True:
        try:
            program.go()
        except AssertionError:
            assert program.wait() >= 0, "the program was killed"
            return
        wait_for_stillness(witness.process)
        account = witness.tick()
        yield program.words[0], program.address, account


@pytest.mark.parametrize("name", stepped_programs())
def test_what_is_said_of_each_step_of_a_program_is_true(name: str, program: Program) -> None:
    expected, (name, _, argument) = dict(EXPECTED.get(name, {})), name.partition(" ")
    need = NEEDS.get(name, "")
    with ExitStack() as stack:
        if not stack.enter_context(machine_for(need)):
            pytest.skip(f"no {need} here")
        data = stack.enter_context(directory("/var/tmp")) / "data"
        data.write_bytes(b"1")
        stepping = stack.enter_context(SteppedProgram(program(name), argument or data))
        process = stack.enter_context(ProcDir(stepping.pid))
        for step, address, account in each_step(stepping, Witness(process)):
            assert account.lies == (), step
            if (wanted := expected.pop(step, None)) is not None:
                events = account.of_address(address)
                said = [f"{event.what}{'' if event.sure else '?'} {event.pages}" for event in events]
                assert len(said) == len(wanted), (step, said)
                assert all(is_said(choice, said) for choice in wanted), (step, said)
    assert expected == {}, "steps that never came"


def is_said(wanted: str, said: list[str]) -> bool:
    return any(fnmatchcase(words, choice.replace("? ", "[?] ")) for choice in wanted.split(" or ") for words in said)


@pytest.mark.parametrize("case", sorted(FOUND), ids=str)
def test_what_was_reported_wrong_once_is_reported_right(case: str, runner: Runner) -> None:
    with machine_for_commands(FOUND[case]):
        finding = runner.run(FOUND[case])
    assert finding is None, finding


@pytest.mark.parametrize("first", range(5))
def test_random_commands_are_reported_right(first: int, runner: Runner) -> None:
    """The same ones each time; `make truth` has others, and makes what it finds smaller."""
    cases = {seed: random_case(seed, TICKS) for seed in range(first, RANDOM_CASES, 5)}  # not too long for one test
    with machine_for_commands(list(chain(*cases.values()))):
        for seed, case in cases.items():
            finding = runner.run(case)
            assert finding is None, f"seed {seed}: {finding}"
    assert runner.sure > 0
