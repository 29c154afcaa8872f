"""What the list of runs says."""

from dataclasses import replace

from factories import COUNTERS, mappings_of, tick_of, timeline_of
from list_source import target

from smapstop.model.compare.runs import Run
from smapstop.model.tick import ExitStatus
from smapstop.model.timeline.timeline import Timeline
from smapstop.text import format as fmt
from smapstop.text.run_table import TITLES, header, line_of
from smapstop.text.units import UnitFormat


def run(number: int, *rss: int, ending: ExitStatus | None = None, peak: int | None = None) -> Run:
    """A run with so much Rss at each second; then it may end."""
    counters = replace(COUNTERS, vm_hwm=peak)
    ticks = [
        tick_of(at, mappings_of(), [], totals={"rss": kb}, counters=counters, keyframe=not at)
        for at, kb in enumerate(rss)
    ]
    if ending:
        ticks.append(tick_of(len(rss), mappings_of(), [], totals={"rss": rss[-1]}, counters=counters, ending=ending))
    return Run(number, target(), timeline_of(*ticks))


def cells(line: str) -> list[str]:
    """The columns of a line, which are two cells apart."""
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_a_run_says_when_how_long_how_it_ended_and_what_it_had() -> None:
    assert cells(line_of(run(1, 100, 500, 300, ending=ExitStatus(status=3)), None)) == [
        *("1", "22:13:20", "3 s", "exited 3", "500 K", "300 K"),
    ]


def test_it_is_compared_with_the_run_before_at_the_same_age() -> None:
    before = run(1, 100, 200, 300, 400, ending=ExitStatus(signal=1))
    assert cells(line_of(run(2, 10, 20, 320), before))[-1] == "+20 K"
    assert cells(line_of(run(2, *(10,) * 9), before))[-1] == "−390 K"
    assert cells(line_of(run(2, 10), run(1)))[-1] == "10 K"


def test_one_that_goes_on_says_so_and_one_without_a_sample_too() -> None:
    assert cells(line_of(run(2, 10), None))[3] == "running"
    assert cells(line_of(Run(3, target(), Timeline()), None)) == ["3", "no sample"]


def test_the_peak_is_the_kernels_when_samples_missed_it() -> None:
    assert cells(line_of(run(1, 100, 200, peak=900), None))[4] == "900 K"
    assert cells(line_of(run(1, 100, 200, peak=150), None))[4] == "200 K"


def test_the_titles_stand_over_their_columns_and_lines_fit_a_narrow_terminal() -> None:
    line = line_of(run(100, 999_000, 888_888, ending=ExitStatus(signal=9)), run(99, 1))
    assert cells(header()) == list(TITLES)
    assert fmt.cell_width(line) == fmt.cell_width(header()) <= 80 - 7
    assert "killed by SIGKILL" in line


def test_another_unit_is_in_the_titles_and_has_room() -> None:
    unit = UnitFormat("bytes")
    line = line_of(run(1, 100, 5_000_000), None, unit)
    assert cells(line)[-2:] == ["5,120,000,000"] * 2
    assert "Peak Rss B" in header(unit)
