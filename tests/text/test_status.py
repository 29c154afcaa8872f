"""What the header and the totals say."""

from dataclasses import replace
from typing import Any

import pytest
from factories import COUNTERS, SECOND_NS, mappings_of, tick_of, timeline_of
from list_source import target

from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.kinds import Kind
from smapstop.model.tick import ExitStatus, OomKill, OomLimit
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import Units, ViewState
from smapstop.text.status import (
    baseline_text,
    exit_status_label,
    exit_status_text,
    faults_choices,
    figures_of,
    header_of,
    kind_amounts,
    oom_notices,
)


def two_ticks(*, apart_s: float = 1.0, **after: Any) -> Timeline:
    """A process before and after a second, whose counters moved."""
    rows = mappings_of((1, 2, "rw-p", "", 8))
    counters = replace(COUNTERS, minor_faults=30, major_faults=2, user_ticks=40, system_ticks=10, threads=4)
    usual = {"counters": counters, "totals": {"rss": 3072, "pss": 10}, "monotonic_ns": round(apart_s * SECOND_NS)}
    return timeline_of(
        tick_of(0, rows, [0], totals={"rss": 1024, "pss": 8}), tick_of(1, rows, [0], **(usual | after))
    )


def scene_of(timeline: Timeline, **state: Any) -> View:
    return derive_view(timeline, ViewState(**state))


def test_the_header_says_who_and_how_it_does() -> None:
    timeline = two_ticks()
    header = header_of(target(), scene_of(timeline), timeline)
    assert header.name == "program"
    assert header.process_facts == ("4711", "S sleeping", "4 threads", "cpu 50 %", "up 16m41s")
    assert (header.mode, header.moving) == ("● live 1.0 s", True)
    assert header.costs == ("Δ previous tick", "read 1.0 ms (0.1 %)")


def test_the_past_says_when_it_was() -> None:
    timeline = two_ticks()
    header = header_of(target(), scene_of(timeline, at=0), timeline)
    assert header.mode.endswith(", 1 s ago  tick 0/1")
    assert not header.moving


def test_what_is_overdue_is_not_called_live() -> None:
    timeline = two_ticks()
    header = header_of(target(), scene_of(timeline), timeline, overdue_seconds=65)
    assert (header.mode, header.moving) == ("○ no sample for 1m05s", False)
    assert header_of(target(), scene_of(timeline, at=0), timeline, overdue_seconds=65).mode.startswith("❚❚")


def test_a_sample_that_the_budget_delays_is_announced() -> None:
    timeline = two_ticks(due_ns=24 * SECOND_NS, smaps_interval_ns=23 * SECOND_NS)
    modes = [
        header_of(target(), scene_of(timeline), timeline, overdue_seconds=seconds).mode for seconds in (0, 16, 23)
    ]
    assert modes == [
        "● live, next in about 22 s (budget)",
        "○ no sample for 16 s, next in about 6 s (budget)",
        "○ no sample for 23 s",
    ]
    soon = two_ticks(due_ns=2 * SECOND_NS)
    assert header_of(target(), scene_of(soon), soon, overdue_seconds=65).mode == "○ no sample for 1m05s"


def test_what_ended_says_how_and_no_more_what_it_does() -> None:
    timeline = two_ticks()
    timeline.append(tick_of(2, mappings_of(), [], ending=ExitStatus(status=3)))
    header = header_of(target(), scene_of(timeline), timeline)
    assert header.process_facts == ("4711", "exited 3")
    assert (header.mode[0], header.moving) == ("■", False)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (ExitStatus(status=0), "exited 0"),
        (ExitStatus(status=3, zombie=True), "exited 3 (zombie)"),
        (ExitStatus(signal=9), "killed by SIGKILL"),
        (ExitStatus(signal=64), "killed by SIGRTMAX"),
        (ExitStatus(signal=50), "killed by signal 50"),
        (ExitStatus(), "ended, exit status unknown"),
    ],
)
def test_an_end_is_reported_as_far_as_it_is_known(ending: ExitStatus, expected: str) -> None:
    assert exit_status_text(ending) == expected
    assert exit_status_label(ending) == expected


@pytest.mark.parametrize(
    ("ending", "label", "text"),
    [
        (
            ExitStatus(signal=9, oom=OomKill(True, OomLimit(64 << 20, "/app\n1"))),
            "OOM-killed (limit 64.0 MiB)",
            "killed by the OOM killer (memory limit 64.0 MiB of cgroup /app\\x0a1)",
        ),
        (
            ExitStatus(oom=OomKill(False, OomLimit(64 << 20, "/"))),
            "OOM-killed? (limit 64.0 MiB)",
            (
                "ended, exit status unknown: the OOM killer? "
                "(memory limit 64.0 MiB of cgroup /, but another process may have been its victim)"
            ),
        ),
        (
            ExitStatus(signal=9, oom=OomKill(True)),
            "OOM-killed",
            "killed by the OOM killer (the machine's memory ran out)",
        ),
    ],
)
def test_an_end_by_the_oom_killer_is_reported_with_the_limit(ending: ExitStatus, label: str, text: str) -> None:
    assert (exit_status_label(ending), exit_status_text(ending)) == (label, text)
    tick = tick_of(1, mappings_of(), [], ending=ending)
    assert oom_notices(tick) == [f"process 4711 (program): {text}"]
    assert oom_notices(tick_of(1, mappings_of(), [], ending=ExitStatus(signal=9))) == []


def test_rates_divide_by_the_real_time() -> None:
    shown = scene_of(two_ticks(apart_s=2.0))
    assert next((each.amount, each.change_text, each.change) for each in figures_of(shown)) == (
        "3.0 MiB",
        "+1 M/s",
        1024.0,
    )
    assert faults_choices(shown)[0] == [("minor faults", "15/s"), ("major", "1/s")]


def test_where_one_figure_of_page_faults_has_room_it_is_that_of_the_disk_if_there_is_any() -> None:
    assert faults_choices(scene_of(two_ticks(apart_s=2.0)))[1:] == [
        [("major faults", "1/s")],
        [("major", "1/s")],
    ]
    none_major = replace(COUNTERS, minor_faults=30)
    assert faults_choices(scene_of(two_ticks(counters=none_major)))[1:] == [[("minor faults", "30/s")]]


def test_after_a_gap_there_is_no_rate() -> None:
    shown = scene_of(two_ticks(apart_s=3600.0))
    assert figures_of(shown)[0].change_text == "–"
    assert faults_choices(shown)[0][0] == ("minor faults", "–")


def test_counters_that_ran_backwards_give_no_rate() -> None:
    shown = scene_of(two_ticks(counters=replace(COUNTERS, minor_faults=-1)))
    assert faults_choices(shown)[0][0] == ("minor faults", "–")


def test_what_is_not_known_is_not_zero() -> None:
    figures = {each.label: (each.amount, each.change_text) for each in figures_of(scene_of(two_ticks()))}
    assert figures["Pss"] == ("10 K", "+2 K")
    assert figures["Swap"] == ("–", "")


def test_totals_are_in_the_unit_but_what_shares_are_of_is_seen() -> None:
    def texts(units: Units) -> list[tuple[str, str]]:
        view = derive_view(two_ticks(), ViewState(units=units))
        return [(each.amount, each.change_text) for each in figures_of(view)][:2]

    assert texts("pages") == [("768 p", "+512 p/s"), ("2.5 p", "+0.5")]
    assert texts("bytes") == [("3,145,728 B", "+2,097,152 B/s"), ("10,240 B", "+2,048")]
    assert texts("share") == texts("auto") == [("3.0 MiB", "+2 M/s"), ("10 K", "+2 K")]


def test_the_kinds_have_their_memory_and_what_they_lost() -> None:
    heap, file = (1, 3, "rw-p", "[heap]", 8), (4, 6, "r--p", "/lib/a.so", 4)
    timeline = timeline_of(tick_of(0, mappings_of(heap, file), [0, 1]), tick_of(1, mappings_of(), [], gone=[0]))
    assert kind_amounts(scene_of(timeline, at=0)) == [(Kind.FILE, 4, 0), (Kind.HEAP, 8, 0)]
    assert kind_amounts(scene_of(timeline)) == [(Kind.FILE, 4, 0)]


def test_hugetlb_memory_is_said_to_be_outside_of_rss() -> None:
    timeline = two_ticks()
    assert "Hugetlb, not in Rss" not in {figure.label for figure in figures_of(scene_of(timeline))}
    timeline.append(tick_of(2, mappings_of(), [], keyframe=True, totals={"rss": 0, "private_hugetlb": 2048}))
    parts = {figure.label: figure.amount for figure in figures_of(scene_of(timeline))}
    assert parts["Hugetlb, not in Rss"] == "2 M"


def test_totals_that_a_cheap_tick_did_not_read_are_those_of_the_last_reading() -> None:
    timeline = two_ticks()
    timeline.append(tick_of(2, mappings_of(), [], tier="counters", totals={"rss": 3072}))
    assert {each.label: each.amount for each in figures_of(scene_of(timeline))}["Pss"] == "10 K"


def test_the_compared_moment_is_named() -> None:
    timeline = two_ticks()
    assert baseline_text(derive_view(timeline, ViewState(baseline="start")), timeline) == "start"
    assert baseline_text(derive_view(timeline, ViewState(baseline="mark", mark=1)), timeline).startswith("mark ")
    assert baseline_text(derive_view(timeline, ViewState(baseline="run")), timeline) == "previous tick"


def test_an_earlier_run_is_named_and_that_it_had_ended_by_then() -> None:
    earlier, later = two_ticks(), two_ticks()
    earlier.append(tick_of(2, mappings_of(), [], ending=ExitStatus(status=0)))
    later.append(tick_of(2, mappings_of(), []))
    reported = [
        baseline_text(derive_view(later, ViewState(at=at, baseline="run"), PreviousRun(7, earlier)), later)
        for at in (1, 2)
    ]
    assert reported == ["run 7", "run 7 (end)"]


def test_of_several_runs_the_header_says_which_one() -> None:
    timeline = two_ticks()
    assert header_of(target(), scene_of(timeline), timeline, run=3).process_facts[:2] == ("run 3", "4711")


def test_the_header_names_the_script_until_another_program_runs() -> None:
    rows, counters = mappings_of((1, 2, "rw-p", "", 8)), replace(COUNTERS, name="python3")
    ticks = [
        tick_of(0, rows, [0], counters=counters),
        tick_of(1, rows, [1], counters=counters, keyframe=True, executed=True),
    ]
    timeline, script = timeline_of(*ticks), target(command_line=("/usr/bin/python3", "/srv/le\x1bak.py"))
    assert header_of(script, scene_of(timeline, at=0), timeline).name == "python3 le\\x1bak.py"
    assert header_of(script, scene_of(timeline), timeline).name == "python3", "it may run another script now"
