"""Who broke the sharing, in real families: how much of each mapping is whose own, and who copied first."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from factories import mappings_of, tick_of, timeline_of
from stepped_program import SteppedProgram

from smapstop.model.family.sharing import CopyLog, Part, SharedMapping, shared_mappings
from smapstop.model.protocol import Pace
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.process import ProcDir
from smapstop.sampling.sampler import Sampler

PAGE_KB = 4


class Sampled:
    """The processes of a family, sampled together."""

    def __init__(self, opened: ExitStack, *pids: int) -> None:
        pace = Pace(budget=1.0)
        self.samplers = {pid: Sampler(opened.enter_context(ProcDir(pid)), pace, callers=True) for pid in pids}
        self.timelines = {pid: Timeline() for pid in pids}
        self.log = CopyLog()

    def sample(self) -> None:
        for pid, sampler in self.samplers.items():
            self.timelines[pid].append(sampler.sample())
            self.log.update(pid, self.timelines[pid])

    def mapping_at(self, start: int) -> SharedMapping:
        snapshots = {pid: timeline.at(len(timeline) - 1) for pid, timeline in self.timelines.items()}
        return next(each for each in shared_mappings(snapshots, self.log) if each.start == start)


def test_a_parent_that_writes_after_the_fork_copies_first(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("two_children")) as parent, ExitStack() as opened:
        parent.go()
        start = int(parent.words[1], 16)
        _, child = map(int, Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split())
        family = Sampled(opened, parent.pid, child)
        family.sample()
        before = family.mapping_at(start)
        assert before.first_copy is None
        assert [part.share for part in before.parts.values()] == [0, 0]

        parent.go()  # the other child has ended
        family.sample()
        parent.go()  # 12 of 40 pages are written
        family.sample()
        after = family.mapping_at(start)
        assert after.size == 40 * PAGE_KB
        assert {pid: part.own for pid, part in after.parts.items()} == {parent.pid: 12 * PAGE_KB, child: 12 * PAGE_KB}
        assert after.parts[parent.pid].share == 0.3
        assert after.first_copy is not None
        assert (after.first_copy.pid, after.first_copy.pages) == (parent.pid, 12)
        if family.samplers[parent.pid].faults is not None:  # page faults may be seen here
            assert [(frame.name, count) for frame, count in after.copiers] == [("put", 12)]


def snapshot_of(*rows: tuple[int, int, str, str, int], own: list[int]) -> MapSnapshot:
    mappings = mappings_of(*rows, private_clean=[0] * len(rows), private_dirty=own)
    return timeline_of(tick_of(0, mappings, list(range(len(rows))))).initial


def test_only_mappings_at_one_address_with_one_name_are_the_same() -> None:
    one = snapshot_of((1, 3, "rw-p", "", 8), (5, 6, "r-xp", "/lib/a", 4), (8, 9, "rw-p", "", 0), own=[4, 0, 0])
    two = snapshot_of((1, 3, "rw-p", "", 8), (5, 6, "r-xp", "/lib/b", 4), (8, 9, "rw-p", "", 0), own=[8, 0, 0])
    (shared,) = shared_mappings({10: one, 20: two}, CopyLog())
    assert (shared.start, shared.size, shared.own) == (4096, 8, 12)
    assert shared.parts == {10: Part(0, 8, 4), 20: Part(0, 8, 8)}
    assert Part(0, 0, 0).share is None


def test_memory_without_a_name_has_its_label() -> None:
    arena = 64 << 8  # glibc's 64 MiB, in pages
    rows = (
        (1, 3, "r-xp", "/lib/libc.so.6", 8),
        (arena, arena + 8, "rw-p", "", 8),
        (3 * arena, 3 * arena + 1, "rw-p", "", 4),
    )
    rest = (arena + 8, 2 * arena, "---p", "", 0)
    maps = [snapshot_of(*rows[:2], rest, rows[2], own=[0, own, 0, 4]) for own in (4, 8)]
    labels = {each.start >> 12: each.label for each in shared_mappings({10: maps[0], 20: maps[1]}, CopyLog())}
    assert labels == {1: "", arena: "malloc arena?", 3 * arena: ""}


def test_the_mapping_with_the_most_own_memory_comes_first() -> None:
    maps = [snapshot_of((1, 3, "rw-p", "", 8), (5, 9, "rw-p", "", 16), own=[4, own]) for own in (8, 16)]
    assert [each.start // 4096 for each in shared_mappings({10: maps[0], 20: maps[1]}, CopyLog())] == [5, 1]
