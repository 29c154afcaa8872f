"""A recording read back says what was recorded, tick for tick; one that is broken says so in a line."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from address_space import readings, space_histories, ticks_of
from factories import COUNTERS, mappings_of, tick_of
from hypothesis import given
from hypothesis import strategies as st
from list_source import target
from places import DATA
from stepped_program import SteppedProgram
from tick_equality import tick_values

from smapstop import __version__
from smapstop.errors import SmapstopError
from smapstop.model.events import Events
from smapstop.model.marks import Mark
from smapstop.model.protocol import Pace
from smapstop.model.tick import ExitStatus, LifecycleEvent, OomKill, OomLimit, ThreadStack, Tick
from smapstop.proc.columns import ABSENT, Mappings, StringTable
from smapstop.proc.process import ProcDir
from smapstop.recording.reader import Recording, is_recording
from smapstop.recording.writer import Recorder
from smapstop.sampling import transition as transition_module
from smapstop.sampling.sampler import Sampler

Program = Callable[[str], Path]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


def record(path: Path, *ticks: Tick, why: str = "stopped") -> None:
    """Record these ticks, and end."""
    recorder = Recorder(path)
    recorder.write_target(target())
    for tick in ticks:
        recorder.write_ticks(tick)
    recorder.close(why)


@contextmanager
def opened(path: Path) -> Iterator[Recording]:
    with closing(Recording(path)) as recording:
        yield recording


def read(path: Path) -> list[Tick]:
    with opened(path) as recording:
        return list(recording.ticks())


def same(expected: list[Tick], actual: list[Tick]) -> None:
    assert [tick_values(tick) for tick in expected] == [tick_values(tick) for tick in actual]


def sampled(pid: int, steps: Iterator[object], keyframe_every: int = 120) -> list[Tick]:
    """A tick after each step of a program."""
    with ProcDir(pid) as process:
        sampler = Sampler(process, Pace(budget=1.0))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(transition_module, "KEYFRAME_EVERY", keyframe_every)
            ticks = [sampler.sample() for _ in steps]
        ticks.append(sampler.final_tick(ExitStatus(3)) or ticks[-1])
        return ticks


# what was recorded


@pytest.mark.parametrize("keyframe_every", [120, 2])
def test_ticks_of_a_real_process_come_back_as_they_were(program: Program, path: Path, keyframe_every: int) -> None:
    with SteppedProgram(program("two_at_once"), path.with_suffix(".mapped")) as stepping:
        steps = (None if n == 0 else stepping.go() for n in range(2))
        ticks = sampled(stepping.pid, steps, keyframe_every)

    record(path, *ticks)

    same(ticks, read(path))


def test_everything_that_a_tick_can_say_comes_back(path: Path) -> None:
    texts = StringTable()
    vsyscall = replace(
        mappings_of((0, 1, "--xp", "[vsyscall]"), (5, 9, "rw-p", "/lib/\udcffodd name (deleted)"), texts=texts),
        start=np.array([5 * 4096, 0xFFFFFFFFFF600000], np.uint64),
        end=np.array([9 * 4096, 0xFFFFFFFFFF601000], np.uint64),
    )
    grown = mappings_of((5, 10, "rw-p", "/lib/\udcffodd name (deleted)", 8), texts=texts, swap=[ABSENT])
    later = mappings_of((5, 10, "rw-p", "/lib/\udcffodd name (deleted)", 1 << 40), texts=texts, swap=[4], New=[3])
    first = tick_of(
        0, vsyscall, [0, 1], totals={"rss": 1, "swap": 0}, counters=replace(COUNTERS, rss=5, image=1 << 63)
    )
    oom = OomKill(False, OomLimit(64 << 20, "/gr\udcffup"))
    ticks = [
        first,
        tick_of(1, grown, [0], lineage=(LifecycleEvent("grow", 0),), totals={"rss": 2, "pss": 3}, torn=True),
        tick_of(2, later, [0], counters=replace(COUNTERS, name="\udc80x", state="R", vm_swap=0), tier="smaps"),
        tick_of(3, later.take(slice(0)), [], gone=[1], lineage=(LifecycleEvent("merge", 1, 0),)),
        tick_of(
            4,
            later,
            [0],
            events=Events(
                *(np.array([0, 0]), np.array([0, 2], np.int8), np.array([8, 4]), np.array([False, True])),
                names=((1, ("page1", "a<b, c>")),),
            ),
            stacks=(ThreadStack(0, 7, "\x1b[1m\udcfe\n", threads=3), ThreadStack(1, 0, "")),
        ),
        tick_of(5, later.take(slice(0)), [], tier="counters", missing="not permitted: run it as root"),
        tick_of(6, mappings_of((1, 2), texts=(new := StringTable())), [7], executed=True, keyframe=True),
        tick_of(7, mappings_of(texts=new), [], ending=ExitStatus(None, 9, zombie=True, oom=oom)),
    ]

    record(path, *ticks)

    same(ticks, read(path))


def test_a_recording_made_before_the_oom_killer_was_known_is_read(path: Path) -> None:
    rows = mappings_of((1, 2))
    record(path, tick_of(0, rows, [0]), tick_of(1, rows.take(slice(0)), [], ending=ExitStatus(None, 9)))
    with closing(sqlite3.connect(path)) as database, database:
        for column in ("oom_sure", "oom_limit_bytes", "oom_cgroup"):
            database.execute(f"ALTER TABLE ticks DROP COLUMN {column}")

    assert read(path)[-1].ending == ExitStatus(None, 9)


@given(life=space_histories, keyframes=st.sets(st.integers(0, 8)))
def test_any_life_of_an_address_space_comes_back(
    life: list[list[Any]], keyframes: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("life") / "run"
    ticks = list(ticks_of(readings(life), keyframes))

    record(path, *ticks)

    same(ticks, read(path))


def test_a_recording_reports_whose_it_is_and_why_it_ended(path: Path) -> None:
    record(path, tick_of(0, mappings_of((0, 4)), [0]), why="the process ended")

    with opened(path) as recording:
        assert recording.target == target()
        assert recording.stop_reason == "the process ended"
        assert not recording.is_being_written


def test_a_recording_that_has_not_begun_has_no_target(path: Path) -> None:
    with closing_recorder(Recorder(path)), opened(path) as recording:
        assert recording.target is None
        assert not list(recording.ticks())


@contextmanager
def closing_recorder(recorder: Recorder) -> Iterator[None]:
    yield
    recorder.close("stopped")


def test_events_derived_again_are_those_that_were_recorded(program: Program, path: Path) -> None:
    ticks = []
    for name in ("first_touch", "copy_on_write", "two_at_once", "discard"):
        path = path.with_suffix(f".{name}")
        with SteppedProgram(program(name), path.with_suffix(".mapped")) as stepping:
            ticks = sampled(stepping.pid, (None if n == 0 else stepping.go() for n in range(2)))
        record(path, *ticks)
        with sqlite3.connect(path) as database:
            database.execute("UPDATE meta SET value = 'smapstop 0.0.1' WHERE key = 'tool'")
        database.close()

        same(ticks, read(path))
        assert any(len(tick.events) for tick in ticks), name


def test_a_recording_can_be_followed_while_it_is_written(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write_target(target())
    recorder.write_ticks(tick_of(0, mappings_of((0, 4)), [0]))
    with opened(path) as recording:
        assert recording.is_being_written
        assert [tick.number for tick in recording.ticks()] == [0]
        assert not list(recording.ticks())

        recorder.write_ticks(tick_of(1, mappings_of((0, 5)), [0], lineage=(LifecycleEvent("grow", 0),)))
        assert [tick.number for tick in recording.ticks()] == [1]

        recorder.close("stopped")
        assert not recording.is_being_written
        assert recording.stop_reason == "stopped"


def test_a_field_that_a_tick_brings_while_the_others_are_read_is_of_the_next_reading(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tick_of(0, mappings_of((0x10, 0x20, "rw-p", "[heap]", 40)), [0])
    brought = replace(first.rows, fields=(*first.rows.fields, "new"), amounts=np.vstack([first.rows.amounts, [[7]]]))
    second = replace(first, number=1, keyframe=False, rows=brought)
    recorder = Recorder(path)
    recorder.write(target())
    recorder.write_ticks(first)
    with closing(Recording(path)) as recording:
        read_meta = recording._read_meta

        def read_meta_late() -> dict[str, Any]:
            meta = read_meta()
            if recorder.tick_count == 1:
                recorder.write_ticks(second)
            return meta

        monkeypatch.setattr(recording, "_read_meta", read_meta_late)
        assert [tick.number for tick in recording.ticks()] == [0]
        (tick,) = recording.ticks()
    recorder.close("done")
    assert tick.rows.get("new") is not None


def test_marks_come_back_the_last_one_of_each_letter(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write_target(target())
    with opened(path) as recording:
        recorder.write_ticks(*(tick_of(number, mappings_of((0, 4)), [7]) for number in range(3)))
        recorder.write_marks(Mark("b", 0), Mark("", 1, 7), Mark("a", 2))
        assert recording.marks() == (Mark("b", 0), Mark("", 1, 7), Mark("a", 2))
        recorder.write_marks(Mark("b", 2, 7))
        assert set(recording.marks()) == {Mark("", 1, 7), Mark("a", 2), Mark("b", 2, 7)}
        recorder.remove_mark("a")
        recorder.remove_mark("z")
        assert set(recording.marks()) == {Mark("", 1, 7), Mark("b", 2, 7)}
    recorder.close("stopped")


def test_a_recording_made_before_marks_has_none(path: Path) -> None:
    record(path, tick_of(0, mappings_of((0, 4)), [7]))
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE marks")
    with opened(path) as recording:
        assert len(list(recording.ticks())) == 1
        assert recording.marks() == ()


def test_a_finished_recording_is_one_file_that_needs_no_writable_directory(path: Path) -> None:
    record(path, tick_of(0, mappings_of((0, 4)), [0]))

    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


# what people ask of it with SQL


def test_history_and_happenings_have_names(path: Path) -> None:
    rows = mappings_of((0, 4, "rw-p", "[heap]", 8))
    touched = Events(np.array([0]), np.array([0], np.int8), np.array([4]), np.array([True]))
    record(
        path,
        tick_of(0, rows, [0]),
        tick_of(1, mappings_of((0, 4, "rw-p", "[heap]", 12)), [0], events=touched),
        tick_of(2, mappings_of((0, 6, "rw-p", "[heap]", 16)), [0], lineage=(LifecycleEvent("grow", 0),)),
        tick_of(3, rows.take(slice(0)), [], ending=ExitStatus(0)),
    )

    with closing(sqlite3.connect(path)) as database:
        history = database.execute("SELECT tick, name, rss, size, seconds, at FROM history").fetchall()
        happened = database.execute("SELECT tick, name, what, pages FROM happenings").fetchall()

    assert history == [
        (0, "[heap]", 8, 16, 0.0, "2023-11-14T22:13:20.000Z"),
        (1, "[heap]", 12, 16, 1.0, "2023-11-14T22:13:21.000Z"),
        (2, "[heap]", 16, 24, 2.0, "2023-11-14T22:13:22.000Z"),
    ]
    assert happened == [(1, "[heap]", "first-touch", 1), (2, "[heap]", "grow", None), (3, None, "exit", None)]


def test_a_changed_mapping_takes_at_most_60_bytes_a_tick(path: Path) -> None:
    """All 23 fields of Linux 6.18, those that move with values of four digits and more."""
    moving = ("pss", "pss_dirty", "private_dirty", "referenced", "anonymous")
    still = ("kernel_page_size", "mmu_page_size", "shared_clean", "shared_dirty", "private_clean", "ksm", "lazy_free")
    more = ("anon_huge_pages", "shmem_pmd_mapped", "file_pmd_mapped", "shared_hugetlb", "private_hugetlb", "swap")
    rest = ("swap_pss", "locked", "thp_eligible")
    n, ticks = 50, 200

    def tick(number: int) -> Tick:
        amounts: dict[str, Any] = {
            name: [4] * n if "page_size" in name else [0] * n for name in (*still, *more, *rest)
        }
        amounts |= {name: [20_000 + 4 * number + at for at in range(n)] for name in moving}
        rows = [(10 * at, 10 * at + 9, "rw-p", "", 20_000 + 4 * number) for at in range(n)]
        return tick_of(number, mappings_of(*rows, **amounts), list(range(n)))

    record(path, *map(tick, range(ticks)))

    with closing(sqlite3.connect(path)) as database:
        (changes,) = database.execute("SELECT count(*) FROM changes").fetchone()
    assert changes == n * ticks
    assert path.stat().st_size / changes < 60


# what is broken


def refusal(path: Path) -> str:
    with pytest.raises(SmapstopError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def some_ticks() -> list[Tick]:
    """A minute of forty mappings that all grow."""

    def rows(number: int) -> Mappings:
        return mappings_of(*((10 * at, 10 * at + 4, "rw-p", f"/file{at}", number) for at in range(40)))

    return [tick_of(number, rows(number), list(range(40))) for number in range(60)]


def test_what_is_no_recording_is_refused(path: Path, tmp_path: Path) -> None:
    assert "No such file" in refusal(path)
    assert "Is a directory" in refusal(tmp_path)
    path.write_bytes(b"")
    assert "not a smapstop recording" in refusal(path)
    with closing(sqlite3.connect(tmp_path / "other")) as database:
        database.execute("CREATE TABLE meta (key, value)")
        database.commit()
    assert "not a smapstop recording" in refusal(tmp_path / "other")


def test_a_newer_format_asks_for_an_update(path: Path) -> None:
    record(path, *some_ticks()[:1])
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")

    assert "format 99" in refusal(path)
    assert "update" in refusal(path)


def test_a_truncated_recording_is_refused(path: Path) -> None:
    record(path, *some_ticks())
    size = path.stat().st_size
    for part in (0.95, 0.5, 0.1):
        os.truncate(path, int(size * part))
        assert "damaged" in refusal(path) or "not a smapstop recording" in refusal(path)


def test_flipped_bits_never_pass_for_what_was_recorded(path: Path) -> None:
    """Every flip is refused, or hits what does not matter: the ticks are then those that were recorded."""
    ticks = some_ticks()
    record(path, *ticks)
    whole = path.read_bytes()
    refused = 0
    for at in range(101, len(whole), len(whole) // 60):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        if (back := read_or_none(path)) is None:
            refused += 1
        else:
            same(ticks, back)
    assert refused > 13


def read_or_none(path: Path) -> list[Tick] | None:
    """The ticks; None when the recording is refused in a line."""
    with suppress(SmapstopError):
        return read(path)
    assert refusal(path)
    return None


def test_a_recording_is_known_by_its_head(path: Path) -> None:
    record(path, *some_ticks()[:1])

    assert is_recording(path.read_bytes()[:100])
    assert not is_recording(b"SQLite format 3\0" + bytes(84))
    assert not is_recording(b"")


def test_a_copy_without_its_log_lacks_only_the_newest_ticks(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write_target(target())
    for tick in some_ticks():
        recorder.write_ticks(tick)
    shutil.copy(path, path.with_suffix(".copy"))
    recorder.close("stopped")

    ticks = read(path.with_suffix(".copy"))
    same(some_ticks()[: len(ticks)], ticks)


def test_a_tick_that_is_missing_is_noticed(path: Path) -> None:
    record(path, *some_ticks())
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM ticks WHERE tick = 7")
        database.commit()

    assert "damaged at tick 7" in refusal(path)


# what was recorded before


RELEASED = sorted(path for kind in ("format", "version") for path in (DATA / "recordings").glob(f"{kind}-*"))
"""A recording of each format that was ever released, and of this version; they stay.

The newest is of tests/programs/memories.c as ./seed, a tick at each step.
"""


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_recording_of_every_format_can_be_read(path: Path) -> None:
    with opened(path) as recording:
        found = recording.target
        assert found is not None
        assert found.command_line == ("./seed",)
        ticks = list(recording.ticks())

    assert ("copy-on-write", 1, ("page1",)) in [event for tick in ticks for event in events_of(tick)]


def events_of(tick: Tick) -> list[tuple[str, int, tuple[str, ...]]]:
    """The events of a tick: what, how many pages, and what lies on them."""
    return [(event.what, event.pages, event.names) for event in tick.events]


def test_this_version_reports_what_it_recorded_itself_as_it_did_then(path: Path) -> None:
    """When it fails, events have other rules now: make the version another, too, and a new recording."""
    newest = RELEASED[-1]
    shutil.copy(newest, path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE meta SET value = 'smapstop 0.0.1' WHERE key = 'tool'")
        database.commit()

    with opened(newest) as recording:
        assert recording.tool == f"smapstop {__version__}"
    same(read(newest), read(path))
