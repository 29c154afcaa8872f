"""The chart over time."""

from dataclasses import replace
from pathlib import Path

import pytest
from export_helpers import record_ticks
from recorded_runs import read_service, service_ticks

from smapstop.export.html.recorded_run import read_run
from smapstop.export.html.time_chart import TimeChart, nice_top, time_chart, time_labels


def test_areas_stand_on_each_other_from_zero_and_the_limit_is_in_sight(tmp_path: Path) -> None:
    memory = time_chart(read_service(tmp_path), ()).plots[0]
    file, anonymous = memory.parts
    assert (file.name, file.values[0], file.last) == ("file", 80, "80 K")
    assert (anonymous.name, anonymous.values[:4]) == ("anonymous", (400, 500, 600, 2748))
    assert [label.text for label in memory.labels] == ["4 M", "2 M", "0"]
    assert memory.limit == 0.0
    assert file.area.startswith("M0,235.3")
    assert file.area.endswith(" 0,240Z")


def test_where_no_sample_was_taken_for_long_there_is_a_gap(tmp_path: Path) -> None:
    late = [
        replace(tick, monotonic_ns=tick.monotonic_ns + 60 * 10**9 * (tick.number > 4)) for tick in service_ticks()
    ]
    run = read_run(record_ticks(tmp_path / "late.smaps", *late))
    assert all(part.line.count("M") == 2 for plot in time_chart(run, ()).plots for part in plot.parts)


def chart_labels(begin_s: float, seconds: float) -> list[tuple[int, str]]:
    return [(round(label.percent), label.text) for label in time_labels(begin_s, seconds)]


def test_times_are_round() -> None:
    assert chart_labels(80_000, 7) == [(0, "22:13:20"), (29, "22:13:22"), (57, "22:13:24"), (86, "22:13:26")]
    assert [text for _, text in chart_labels(86_000, 1_800)] == ["23:55", "00:00", "00:05", "00:10", "00:15", "00:20"]
    assert len(chart_labels(0, 86_400 * 3)) < 8


def test_what_the_script_is_given_has_a_value_for_each_time(tmp_path: Path) -> None:
    chart: TimeChart = time_chart(read_service(tmp_path), ())
    assert chart.data["begin"] == 80_000.0
    assert {len(part.values) for plot in chart.plots for part in plot.parts} == {len(chart.seconds)}


@pytest.mark.parametrize(("kb", "top"), [(1, 1), (7, 8), (801, 1024), (1100, 1536), (3 << 20, 3 << 20)])
def test_the_scale_ends_at_a_round_amount(kb: float, top: float) -> None:
    assert nice_top(kb) == top
