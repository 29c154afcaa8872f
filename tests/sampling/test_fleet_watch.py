"""A fleet is watched: totals of all, mappings of the largest, and what is missing is said once."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from places import own_name
from stepped_program import SteppedProgram, wait_until

from smapstop.model.fleet.figures import FleetFigures, ProcessFigures
from smapstop.model.protocol import Pace
from smapstop.proc.smaps.parser import parse_rollup
from smapstop.sampling import family_watch
from smapstop.sampling.fleet_reader import FleetName
from smapstop.sampling.fleet_watch import MAX_NEW, MAX_SAMPLED, FleetWatch, choose_sampled

FAST = Pace(50_000_000, 1.0)


@pytest.fixture
def own(program: Callable[[str], Path], tmp_path: Path) -> Path:
    """A program whose heap grows, with a name that no other test's has."""
    return Path(shutil.copy(program("heap"), tmp_path / own_name("own")))


@pytest.fixture(autouse=True)
def _read_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family_watch, "LEAST_INTERVAL_NS", 10_000_000)


def watch_of(*names: str, said: list[str] | None = None, pace: Pace = FAST) -> FleetWatch:
    say = (said if said is not None else []).append
    return FleetWatch([FleetName(name) for name in names], pace, by="kind", top=20, families=False, say=say)


def after(watch: FleetWatch, holds: Callable[[FleetFigures], object]) -> FleetFigures:
    """Figures as soon as a condition holds of them."""

    def step() -> bool:
        watch.step()
        return bool(holds(watch.figures()))

    wait_until(step)
    return watch.figures()


def process_of(figures: FleetFigures, pid: int) -> ProcessFigures | None:
    return next((process for process in figures.processes if process.pid == pid), None)


def test_totals_are_those_of_the_kernel_and_mappings_add_up_to_them(own: Path) -> None:
    with closing(watch_of(own.name)) as watch, SteppedProgram(own) as program:
        figures = after(watch, lambda seen: (each := process_of(seen, program.pid)) and each.maps and each.totals)
        process = process_of(figures, program.pid)
        assert process
        assert process.maps
        rollup = parse_rollup(Path(f"/proc/{program.pid}/smaps_rollup").read_bytes())
        assert {name: process.totals[name] for name in ("rss", "anonymous", "private_dirty")} == {
            name: rollup[name] for name in ("rss", "anonymous", "private_dirty")
        }
        assert sum(group["rss"] for group in process.maps.groups.values()) == rollup["rss"]
        assert process.maps.groups["heap"]["uss"] == 8 * os.sysconf("SC_PAGE_SIZE") // 1024
        assert process.maps.mappings == len(Path(f"/proc/{program.pid}/maps").read_text().splitlines())
        assert process.minor_faults
        assert figures.cost_ns > 0


def test_pages_that_are_touched_are_counted(own: Path) -> None:
    def touched(figures: FleetFigures, pid: int) -> int:
        process = process_of(figures, pid)
        return process.maps.pages[("first-touch", True)] if process and process.maps else -1

    with closing(watch_of(own.name)) as watch, SteppedProgram(own) as program:
        after(watch, lambda seen: touched(seen, program.pid) == 0)
        program.go().go()  # 40 pages
        after(watch, lambda seen: touched(seen, program.pid) >= 40)


def test_processes_come_and_go_and_the_next_takes_the_slot(own: Path) -> None:
    with closing(watch_of(own.name)) as watch:
        for _ in range(2):
            with SteppedProgram(own) as program:
                figures = after(watch, lambda seen, pid=program.pid: process_of(seen, pid))  # type: ignore[misc]
                assert [process.slot for process in figures.processes] == [0]
            after(watch, lambda seen: not seen.processes)


def test_a_name_that_nobody_has_is_said_once() -> None:
    said = list[str]()
    with closing(watch_of("nobody-has-this", said=said)) as watch:
        for scanned in range(2):
            before = watch.figures().scanned_ns if scanned else 0
            after(watch, lambda seen, before=before: seen.scanned_ns > before)  # type: ignore[misc]
    assert said == ["no process is named 'nobody-has-this' yet"]


def test_the_largest_are_sampled_and_go_on_as_long_as_possible() -> None:
    sizes = {pid: 1000 - pid for pid in range(1, MAX_SAMPLED + 20)}
    first: tuple[int, ...] = ()
    for reading in range(1, MAX_SAMPLED // MAX_NEW + 1):
        first = choose_sampled(first, sizes)
        assert first == tuple(range(1, reading * MAX_NEW + 1)), "some more after each reading"
    assert len(first) == MAX_SAMPLED
    grown = sizes | {MAX_SAMPLED + 5: 1001}
    assert choose_sampled(first, grown) == first, "larger, but not much"
    leak = sizes | {MAX_SAMPLED + 5: 5000}
    assert choose_sampled(first, leak) == (*first[:-1], MAX_SAMPLED + 5)
    del leak[1]
    assert choose_sampled(first, leak) == (*first[1:], MAX_SAMPLED + 5), "one has ended: its place is free"
    assert choose_sampled((9,), {9: 1, 10: 5}) == (9, 10)
    assert choose_sampled(first, {}) == ()
