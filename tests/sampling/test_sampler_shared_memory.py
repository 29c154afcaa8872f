"""Shared memory of real programs: what is told of its pages, as the sampler tells it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from stepped_program import SteppedProgram

from smapstop.model.protocol import Pace
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.sampling.sampler import Sampler

Program = Callable[[str], Path]
pytestmark = pytest.mark.skipif(os.sysconf("SC_PAGE_SIZE") != 4096, reason="the programs count pages of 4 kB")


class Unprivileged(ProcDir):
    """A process that somebody else than root reads."""

    def stat(self, name: str) -> os.stat_result:
        if name.startswith("map_files/"):
            raise PermissionError
        return super().stat(name)


class Told:
    """A program that stands still at each step, and what the sampler says of shared memory on the way there."""

    def __init__(self, stepping: SteppedProgram, process: ProcDir) -> None:
        self.stepping = stepping
        self._sampler = Sampler(process, Pace(budget=1.0))
        self._mappings: Mappings = self._sampler.sample().rows

    def go(self) -> dict[str, list[str]]:
        """What happened until the next step, the most first, by the permissions of the shared memory."""
        self.stepping.go()
        tick = self._sampler.sample()
        found: dict[str, list[str]] = {}
        for mapping in dict.fromkeys(tick.events.mapping.tolist()):
            (row,) = np.flatnonzero(tick.ids == mapping)
            if tick.rows.name_of(int(row)).startswith(("/memfd:", "/dev/shm/", "/SYSV", "/dev/zero")):
                found[tick.rows.perms_of(int(row))] = [
                    f"{event.what}{'' if event.sure else '?'} {event.pages}"
                    for event in tick.events.of_mapping(mapping)
                ]
        return found


@contextmanager
def watched(program: Path, *arguments: str, kind: type[ProcDir] = Unprivileged) -> Iterator[Told]:
    with SteppedProgram(program, *arguments) as stepping, kind(stepping.pid) as process:
        yield Told(stepping, process)


@pytest.mark.parametrize("kind", ["memfd", "tmpfs"])
def test_what_the_object_holds_decides(program: Program, memory_directory: Path, kind: str) -> None:
    with watched(program("shared_object"), f"{memory_directory}/file" if kind == "tmpfs" else kind) as target:
        assert target.go() == {"rw-s": ["first-touch 200"]}
        assert target.go() == {"rw-s": ["shared-unmap 100"]}, "MADV_DONTNEED frees nothing"
        assert target.go() == {"rw-s": ["shared-map 64"]}, "they are not new"
        assert target.go() == {"rw-s": ["discard 50"]}, "a hole was punched"
        assert target.go() == {"rw-s": ["first-touch 30"]}
        assert target.go() == {"rw-s": ["discard 80"]}, "truncated"
        assert target.go() == {"rw-s": ["first-touch 1"]}, "written by write(2), then mapped"


def test_an_object_that_nothing_leads_to_leaves_both_open(program: Program) -> None:
    with watched(program("shared_object"), "closed") as target:
        assert target.go() == {"rw-s": ["first-touch? 200"]}
        assert target.go() == {"rw-s": ["shared-unmap? 100"]}
        assert target.go() == {"rw-s": ["first-touch? 64"]}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may follow map_files")
def test_root_knows_an_object_whose_file_is_closed(program: Program) -> None:
    with watched(program("shared_object"), "closed", kind=ProcDir) as target:
        assert target.go() == {"rw-s": ["first-touch 200"]}
        assert target.go() == {"rw-s": ["shared-unmap 100"]}
        assert target.go() == {"rw-s": ["shared-map 64"]}


def test_two_views_of_one_memfd(program: Program) -> None:
    with watched(program("shared_object"), "two") as target:
        assert target.go() == {"rw-s": ["first-touch 8"]}
        assert target.go() == {"r-xs": ["shared-map 8"]}
        assert target.go() == {"rw-s": ["first-touch? 8"], "r-xs": ["shared-map? 8"]}, "which was first?"
        assert target.go() == {}
        assert target.go() == {"rw-s": ["discard 16"], "r-xs": ["discard 16"]}, "a hole takes them from both"


def test_a_private_view_of_a_memfd(program: Program) -> None:
    with watched(program("shared_object"), "private") as target:
        (read,) = target.go()["rw-p"]
        assert read.startswith("shared-map 1"), "100, and their neighbours"
        assert target.go() == {"rw-p": ["copy-on-write 50"]}
        assert target.go() == {"rw-p": ["discard 25"]}, "copies are the process's own"
        assert target.go() == {"rw-p": ["shared-unmap 50"]}
        assert target.go() == {"rw-p": ["first-touch 16"]}, "reading a hole fills it"


def test_a_system_v_segment(program: Program) -> None:
    with watched(program("shared_object"), "sysv") as target:
        assert target.go() == {"rw-s": ["first-touch 100"]}
        assert target.go() == {"rw-s": ["shared-unmap 40"]}
        assert target.go() == {"rw-s": ["shared-map 20"]}


def test_shared_anonymous_memory(program: Program) -> None:
    with watched(program("shared_object"), "anonymous") as target:
        assert target.go() == {"rw-s": ["first-touch 10"]}, "it is as new as its mapping"
        assert target.go() == {"rw-s": ["first-touch? 100"]}
        assert target.go() == {"rw-s": ["shared-unmap? 40"]}
        assert target.go() == {"rw-s": ["first-touch? 20"]}


def test_pages_that_a_child_touched_first(program: Program) -> None:
    with watched(program("shared_object"), "child") as target:
        assert target.go() == {}
        assert target.go() == {"rw-s": ["shared-map 60"]}
        assert target.go() == {}
