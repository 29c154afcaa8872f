"""What was watched, saved afterwards: as if it had been recorded from the beginning."""

import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from factories import COUNTERS, mappings_of, tick_of
from list_source import ListSource, target
from model.family.readings import reading_of
from stepped_program import stepped_python
from textual.pilot import Pilot
from tick_equality import tick_values

from smapstop.model.compare.runs import Run, Runs
from smapstop.model.marks import Mark
from smapstop.model.protocol import Attach, Pace
from smapstop.model.tick import Tick
from smapstop.proc.process import ProcDir
from smapstop.recording.reader import Recording
from smapstop.recording.redaction import Redaction
from smapstop.recording.save_run import TICKS_PER_STEP, save_run
from smapstop.sampling.sampler import Sampler
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard

TOUCHES = """
import mmap
memory = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(30):
    step()
    memory[at * mmap.PAGESIZE] = 1
"""
HEAP = (0x1000, 0x2000, "rw-p", "[heap]")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_of(*ticks: Tick) -> Run:
    run = Runs().begin(target())
    for tick in ticks:
        run.timeline.append(tick)
    return run


def grown(number: int, **other: object) -> Tick:
    return tick_of(number, mappings_of((*HEAP, 4 * number)), [0], **other)


def saved(folder: Path) -> tuple[str, list[Tick], str]:
    """The file in the folder: its name, the ticks in it, and why it ends."""
    (path,) = folder.iterdir()
    with closing(Recording(path)) as recording:
        return path.name, list(recording.ticks()), recording.stop_reason


def test_what_a_sampler_reported_is_in_the_file(folder: Path) -> None:
    with stepped_python(TOUCHES) as program, ProcDir(program.pid) as process:
        sampler, run = Sampler(process, Pace(budget=1.0)), Runs().begin(target(pid=program.pid))
        for _ in range(2 * TICKS_PER_STEP + 1):
            run.timeline.append(sampler.sample())
            if len(run.timeline) < TICKS_PER_STEP:
                program.go()
        steps = list(save_run(run))

    name, ticks, why = saved(folder)
    assert name.startswith(f"python3-{program.pid}-".replace("python3", run.timeline.initial.tick.counters.name))
    assert [tick_values(tick) for tick in ticks] == [tick_values(tick) for tick in run.timeline.ticks]
    assert why == "it was saved while it went on"
    assert [step.split(" ticks: ")[0] for step in steps] == ["saved, 20", "saved, 40", "saved, 41"]
    assert steps[-1].endswith(f": smapstop replay {name}")
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "called"),
    [("../../x y", "_.._x_y"), ("\x1b]0;pwn", "__0_pwn"), ("-rf", "rf"), ("a/0:1", "a_0_1")],
)
def test_a_process_may_be_called_anything(folder: Path, name: str, called: str) -> None:
    list(save_run(run_of(replace(grown(0), counters=replace(COUNTERS, name=name)))))

    assert saved(folder)[0].startswith(f"{called}-4711-")


def test_without_words_its_name_is_not_in_the_file_nor_in_its_name(folder: Path) -> None:
    run = run_of(grown(0), grown(1))

    list(save_run(run, redaction=Redaction()))

    name, ticks, _ = saved(folder)
    assert name.startswith("redacted-4711-")
    assert [tick.counters.name for tick in ticks] == ["redacted"] * 2
    assert b"/bin/program" not in (folder / name).read_bytes()


def test_marks_are_saved_with_their_ticks_and_a_file_may_be_named(folder: Path) -> None:
    run = run_of(*(grown(at, monotonic_ns=at) for at in range(TICKS_PER_STEP + 3)))
    marks = [Mark("a", 2), Mark("", TICKS_PER_STEP + 1, 0)]
    for mark in marks:
        assert run.add_mark(mark)
    assert not run.add_mark(Mark("z", 99))

    list(save_run(run, "named.smaps"))

    with closing(Recording(folder / "named.smaps")) as recording:
        assert len(list(recording.ticks())) == TICKS_PER_STEP + 3
        assert recording.marks() == tuple(marks)


def test_the_family_is_saved_with_the_run(folder: Path) -> None:
    readings = [
        reading_of(at, {10: {"rss": at}}, new=(10,) if at == 1 else ()) for at in range(1, TICKS_PER_STEP + 5)
    ]
    list(save_run(run_of(grown(0)), "named.smaps", readings))
    with closing(Recording(folder / "named.smaps")) as recording:
        assert [reading.get("rss").tolist() for reading in recording.family()] == [
            reading.get("rss").tolist() for reading in readings
        ]


def test_what_is_left_before_its_end_says_so(folder: Path) -> None:
    steps = save_run(run_of(*map(grown, range(TICKS_PER_STEP + 1))))
    next(steps)
    steps.close()  # type: ignore[attr-defined]  # as when the dashboard is left meanwhile

    _, ticks, why = saved(folder)
    assert (len(ticks), why) == (TICKS_PER_STEP, "it was not saved to its end")


# in the dashboard


async def pressed(pilot: Pilot[int]) -> list[str]:
    """What is told when the key is pressed."""
    await pilot.press("x")
    await pilot.app.workers.wait_for_complete()
    return [notice.message for notice in pilot.app._notifications]


def dashboard(*ticks: Tick) -> Dashboard:
    return Dashboard(ListSource(*ticks), Attach(4711), Settings(save=save_run))


async def test_a_key_saves_what_was_seen(folder: Path) -> None:
    app = dashboard(*map(grown, range(3)))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        notices = await pressed(pilot)

    name, ticks, _ = saved(folder)
    assert notices == [f"saved, 3 ticks: smapstop replay {name}"]
    assert [tick.rows.amounts.tolist() for tick in ticks] == [grown(at).rows.amounts.tolist() for at in range(3)]


async def test_where_nothing_can_be_written_that_is_reported(folder: Path) -> None:
    app = dashboard(grown(0))
    folder.rmdir()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        (notice,) = await pressed(pilot)
    assert notice.startswith("cannot create 'program-4711-")
    assert notice.endswith("No such file or directory")


async def test_before_the_first_tick_there_is_nothing_to_save(folder: Path) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        assert await pressed(pilot) == []
    assert list(folder.iterdir()) == []


def test_saving_again_within_a_second_takes_another_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.strftime", lambda _: "120000")
    for _ in range(3):
        list(save_run(run_of(grown(0))))
    assert sorted(path.name for path in folder.glob("*.smaps")) == [
        "program-4711-120000-2.smaps",
        "program-4711-120000-3.smaps",
        "program-4711-120000.smaps",
    ]
