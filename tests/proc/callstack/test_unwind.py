"""Stacks of real programs, compiled in all ways that matter, up to main and beyond."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from proc.callstack.conftest import OPTIMISED, RunChain

from smapstop.proc.callstack.unwind import MAX_FRAMES, Unwinder

Compile = Callable[..., Path]
CHAIN = ["tell", "second", "first", "main"]


@pytest.mark.parametrize(
    "options",
    [
        OPTIMISED,
        ("-O0",),
        (*OPTIMISED, "-no-pie"),
        (*OPTIMISED, "-static"),
        (*OPTIMISED, "-static-pie"),
        (*OPTIMISED, "-Wl,--no-eh-frame-hdr"),
        (*OPTIMISED, "-static", "-Wl,--no-eh-frame-hdr"),
        ("-O2", "-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables"),
    ],
    ids=" ".join,
)
def test_the_callers_are_found_up_to_the_start_of_the_program(
    program: Compile, run_chain: RunChain, options: tuple[str, ...]
) -> None:
    chain = run_chain(program("call_chain", *options))
    assert chain.names() == CHAIN
    assert not chain.unwind().is_cut
    assert chain.frames()[-1].name == "_start"


def test_a_thread_ends_where_it_was_made(program: Compile, run_chain: RunChain) -> None:
    chain = run_chain(program("call_chain", *OPTIMISED), "thread")
    assert [frame.name for frame in chain.frames()][:4] == ["tell", "second", "first", "of_thread"]
    assert not chain.unwind().is_cut


def test_a_signal_handler_was_called_by_what_it_interrupted(program: Compile, run_chain: RunChain) -> None:
    names = run_chain(program("call_chain", *OPTIMISED), "signal").names()
    assert names[:3] == ["tell", "handler", "<signal handler called>"]
    assert names[-2:] == ["first", "main"]


def test_a_realigned_stack_is_found_by_its_expression(program: Compile, run_chain: RunChain) -> None:
    names = run_chain(program("call_chain", *OPTIMISED), "realigned").names()
    assert names == ["tell", "second", "realigned", "first", "main"]


def test_what_is_beyond_the_sampled_stack_is_cut_off(program: Compile, run_chain: RunChain) -> None:
    chain = run_chain(program("call_chain", *OPTIMISED), "deep")
    assert len(chain.stack) == 8192
    assert chain.unwind().is_cut
    assert set(chain.names()[1:]) == {"second"}
    assert len(chain.names()) > 20


def test_a_deleted_program_is_unwound_and_named(program: Compile, run_chain: RunChain, tmp_path: Path) -> None:
    copy = Path(shutil.copy(program("call_chain", *OPTIMISED), tmp_path / "deleted"))
    chain = run_chain(copy)
    copy.unlink()
    copy.write_bytes(b"another file of this name")
    assert chain.names() == CHAIN
    assert not chain.unwind().is_cut


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the root of a process")
def test_a_program_in_a_root_of_its_own_is_unwound_and_named(
    program: Compile, run_chain: RunChain, tmp_path: Path
) -> None:
    shutil.copy(program("call_chain", *OPTIMISED, "-static"), tmp_path / "inside")
    chain = run_chain(Path("/inside"), "plain", "chroot", tmp_path)
    assert chain.names() == CHAIN


def test_a_library_that_was_replaced_has_no_names_that_are_of_another(
    program: Compile, run_chain: RunChain, tmp_path: Path
) -> None:
    """Its path leads to another file by now; the mapping still leads to it, for those who may follow."""
    copy = Path(shutil.copy(program("call_chain", *OPTIMISED), tmp_path / "rebuilt"))
    chain = run_chain(copy)
    shutil.copy(program("call_chain", "-O0"), tmp_path / "new")
    (tmp_path / "new").rename(copy)
    assert chain.names() == CHAIN


def test_a_program_that_has_ended_is_named_if_its_map_was_read(program: Compile, run_chain: RunChain) -> None:
    chain = run_chain(program("call_chain", *OPTIMISED))
    chain.code.begin_tick(is_changed=True)
    os.kill(chain.pid, signal.SIGKILL)
    os.waitid(os.P_PID, chain.pid, os.WEXITED | os.WNOWAIT)
    assert chain.names() == CHAIN
    assert chain.frames()[-1].name == "_start"


def test_the_same_address_is_decoded_once(program: Compile, run_chain: RunChain) -> None:
    chain = run_chain(program("call_chain", *OPTIMISED))
    unwinder = Unwinder(chain.code)
    first = unwinder.unwind(chain.registers, chain.stack)
    chain.code.close()  # no file is open any more: what is known must suffice
    assert unwinder.unwind(chain.registers, chain.stack) == first


@pytest.mark.parametrize("size", [0, 7, 64])
def test_a_stack_of_nothing_has_the_sampled_address_alone(program: Compile, run_chain: RunChain, size: int) -> None:
    chain = run_chain(program("call_chain", *OPTIMISED))
    unwinder = Unwinder(chain.code)
    stack = unwinder.unwind(chain.registers, bytes(size))
    assert stack.addresses == (chain.registers[8],)
    assert stack.is_cut


def test_registers_that_lead_nowhere_give_what_was_sampled(program: Compile, run_chain: RunChain) -> None:
    unwinder = Unwinder(run_chain(program("call_chain", *OPTIMISED)).code)
    assert unwinder.unwind((0,) * 17, b"").addresses == (0,)
    assert unwinder.unwind((2**64 - 1,) * 17, bytes(8192)).addresses == (2**64 - 1,)
    assert unwinder.unwind((1,), b"").addresses == ()


def test_a_stack_in_circles_ends(program: Compile, run_chain: RunChain) -> None:
    chain = run_chain(program("call_chain", "-O2", "-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables"))
    bp, sp = chain.registers[6], chain.registers[7]
    circle = (sp.to_bytes(8, "little") + chain.stack[bp + 8 - sp : bp + 16 - sp]) * 512
    registers = (*chain.registers[:6], sp, *chain.registers[7:])
    stack = Unwinder(chain.code).unwind(registers, circle)
    assert stack.is_cut
    assert len(stack.addresses) <= MAX_FRAMES
