"""Rebuilds are reported once settled: the state machine with invented times, the watch on real files."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
import watchfiles
from stepped_program import DEADLINE_SECONDS

from smapstop.errors import SmapstopError
from smapstop.rebuild_watcher import (
    SETTLE_SECONDS,
    Observation,
    RebuildProgress,
    RebuildState,
    stamp_of,
    watch_rebuilds,
)

OLD, NEW, NEWER = Observation("old"), Observation("new"), Observation("newer")
GONE = Observation(None, usable=False)
WRITTEN = Observation("new", usable=False, written=True)
REST = SETTLE_SECONDS


def states(*observations: tuple[float, Observation], used: Observation = OLD) -> list[RebuildState]:
    """States after each observation; the program was started at 0."""
    settling, out = RebuildProgress(used, used, 0), []
    for now, seen in observations:
        settling = settling.observe(seen, now)
        out.append(settling.state_at(now))
    return out


def test_what_does_not_change_stays_unchanged() -> None:
    assert states((0, OLD), (100, OLD)) == [RebuildState.UNCHANGED, RebuildState.UNCHANGED]


def test_a_change_is_a_rebuild_when_nothing_more_changed_for_a_while() -> None:
    observations = ((1, NEW), (1 + REST - 0.01, NEW), (1 + REST, NEW))
    assert states(*observations) == [RebuildState.CHANGING, RebuildState.CHANGING, RebuildState.REBUILT]


def test_every_further_change_puts_it_off() -> None:
    observations = ((1, NEW), (1.2, NEWER), (1.4, NEW), (1.6, NEW), (1.7, NEW))
    assert states(*observations) == [*[RebuildState.CHANGING] * 4, RebuildState.REBUILT]


def test_what_becomes_again_what_was_used_needs_no_new_start() -> None:
    assert states((1, GONE), (1.1, OLD), (5, OLD)) == [
        RebuildState.CHANGING,
        RebuildState.UNCHANGED,
        RebuildState.UNCHANGED,
    ]


def test_a_file_that_is_gone_or_may_not_be_executed_is_unusable_until_it_is_another_one() -> None:
    assert states((1, GONE), (1 + REST, GONE), (9, GONE), (10, NEW), (11, NEW)) == [
        RebuildState.CHANGING,
        RebuildState.UNUSABLE,
        RebuildState.UNUSABLE,
        RebuildState.CHANGING,
        RebuildState.REBUILT,
    ]


def test_what_is_open_to_be_written_is_a_rebuild_only_after_it_was_closed() -> None:
    assert states((1, WRITTEN), (1 + REST, WRITTEN), (9, WRITTEN), (10, NEW), (11, NEW)) == [
        RebuildState.CHANGING,
        RebuildState.WRITTEN,
        RebuildState.WRITTEN,
        RebuildState.CHANGING,
        RebuildState.REBUILT,
    ]


def test_what_is_open_to_be_written_from_the_start_on_is_not_unchanged() -> None:
    assert states((1, WRITTEN), (2, NEW), (3, NEW), used=WRITTEN) == [
        RebuildState.WRITTEN,
        RebuildState.CHANGING,
        RebuildState.REBUILT,
    ]


def test_once_the_program_was_started_with_it_only_another_change_is_a_rebuild() -> None:
    settling = RebuildProgress(OLD, OLD, 0).observe(NEW, 1).accept()
    assert settling.state_at(9) is RebuildState.UNCHANGED
    assert settling.observe(NEWER, 9).state_at(10) is RebuildState.REBUILT
    assert settling.observe(OLD, 9).state_at(10) is RebuildState.REBUILT


def test_only_what_nothing_reports_is_observed_again_soon() -> None:
    assert [state for state in RebuildState if state.needs_polling] == [
        RebuildState.CHANGING,
        RebuildState.WRITTEN,
    ]


def test_a_stamp_distinguishes_builds(tmp_path: Path) -> None:
    file = tmp_path / "app"
    assert stamp_of(file) is None
    stamps = []
    for size, mode in ((1, 0o644), (1, 0o755), (2, 0o755)):
        file.write_bytes(b"x" * size)
        file.chmod(mode)
        os.utime(file, ns=(0, 0))
        stamps.append(stamp_of(file))
    file.touch()
    stamps.append(stamp_of(file))
    shutil.copy2(file, tmp_path / "new")
    (tmp_path / "new").replace(file)
    stamps.append(stamp_of(file))
    assert len(set(stamps)) == 5
    assert [stamp.executable for stamp in stamps if stamp] == [False, True, True, True, True]


# on real files

_TURNS = 20
"""Event loop turns after which the watch is certainly active."""


class Watching:
    """Counter of the rebuilds that `watch_rebuilds` reports."""

    def __init__(self, path: Path, *, executed: bool = True) -> None:
        self.count = 0
        self.task = asyncio.create_task(self._follow(path, executed))

    async def _follow(self, path: Path, executed: bool) -> None:
        async with aclosing(watch_rebuilds(path, must_be_executable=executed)) as rebuilds:  # type: ignore[type-var]
            async for _ in rebuilds:
                self.count += 1

    async def until(self, count: int) -> None:
        """Wait for a total number of rebuilds, and check that no more follow."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.count < count:
                await asyncio.sleep(0.01)
        assert self.count == count


@asynccontextmanager
async def watching(path: Path, *, executed: bool = True) -> AsyncIterator[Watching]:
    """Watch a path for the duration of the block."""
    watched = Watching(path, executed=executed)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    try:
        yield watched
        if watched.task.done():
            watched.task.result()
    finally:
        watched.task.cancel()
        await asyncio.gather(watched.task, return_exceptions=True)


def build(path: Path, text: str, mode: int = 0o755) -> None:
    """Write a program like a linker that replaces the file."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.chmod(mode)
    new.replace(path)


async def test_a_file_that_is_replaced_or_written_again_was_rebuilt(tmp_path: Path) -> None:
    app = tmp_path / "app"
    build(app, "1")
    async with watching(app) as watched:
        build(app, "2")
        await watched.until(1)
        app.write_text("three")
        await watched.until(2)


async def test_rapid_writes_are_one_rebuild_and_other_files_none(tmp_path: Path) -> None:
    app = tmp_path / "app"
    build(app, "1")
    async with watching(app) as watched:
        for text in ("22", "333", "4444"):
            app.write_text(text)
            (tmp_path / f"app{text}.o").write_text(text)
        await watched.until(1)
        (tmp_path / "other").write_text("x")
        build(app, "5")
        await watched.until(2)


async def test_what_may_not_be_executed_yet_is_waited_for(tmp_path: Path) -> None:
    app = tmp_path / "app"
    build(app, "1")
    async with watching(app) as watched, watching(app, executed=False) as less_choosy:
        app.unlink()
        app.write_text("2")
        await less_choosy.until(1)
        assert watched.count == 0
        app.chmod(0o755)
        await watched.until(1)


async def test_what_is_still_open_to_be_written_is_waited_for(tmp_path: Path) -> None:
    """The kernel would not execute it (ETXTBSY), and no event reports the close."""
    app, later = tmp_path / "app", tmp_path / "later"
    build(app, "1")
    async with watching(app) as watched, watching(app, executed=False) as less_choosy, watching(later) as after:
        with app.open("w") as writer:
            writer.write("22")
            writer.flush()
            await less_choosy.until(1)
            build(later, "built when that was at rest")
            await after.until(1)
            assert watched.count == 0
        await watched.until(1)


async def test_a_file_that_is_not_the_program_need_not_be_executable(tmp_path: Path) -> None:
    settings = tmp_path / "settings"
    settings.write_text("1")
    async with watching(settings, executed=False) as watched:
        settings.write_text("22")
        await watched.until(1)


async def test_links_are_followed_to_where_the_file_is_and_noticed_when_they_change(tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        build(tmp_path / name / "app", name)
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "app"
    link.symlink_to("../v1/app")
    async with watching(link) as watched:
        build(tmp_path / "v1" / "app", "v1 anew")
        await watched.until(1)
        (tmp_path / "bin" / "new").symlink_to("../v2/app")
        (tmp_path / "bin" / "new").replace(link)
        await watched.until(2)
        build(tmp_path / "v2" / "app", "v2 anew")
        await watched.until(3)


async def test_a_build_directory_that_is_removed_and_made_again_is_watched_again(tmp_path: Path) -> None:
    app = tmp_path / "build" / "bin" / "app"
    app.parent.mkdir(parents=True)
    build(app, "1")
    async with watching(app) as watched:
        for before in (0, 2):
            shutil.rmtree(tmp_path / "build")
            app.parent.mkdir(parents=True)
            build(app, f"again {before}")
            await watched.until(before + 1)
            build(app, f"once more {before}")
            await watched.until(before + 2)


async def test_any_change_in_a_directory_counts_but_for_what_tools_leave_there(tmp_path: Path) -> None:
    source = tmp_path / ".venv" / "source"  # the filter must not apply to the watched path itself
    (source / "package").mkdir(parents=True)
    swap = source / "package" / ".a.py.swp"
    async with watching(source) as watched, watching(swap, executed=False) as swap_watched:
        (source / "package" / "__pycache__").mkdir()
        (source / "package" / "__pycache__" / "a.cpython-311.pyc").write_text("x")
        (tmp_path / "beside").write_text("x")
        swap.write_text("x")
        await swap_watched.until(1)
        assert watched.count == 0
        (source / "package" / "a.py").write_text("x")
        (source / "package" / "b.py").write_text("x")
        await watched.until(1)


async def test_a_limit_of_the_system_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "OS file watch limit reached")

    monkeypatch.setattr(watchfiles.main, "RustNotify", refuse)
    with pytest.raises(SmapstopError, match="OS file watch limit reached"):
        await anext(watch_rebuilds(tmp_path / "app", must_be_executable=True))
