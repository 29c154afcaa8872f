"""The verdict on a run, in sentences."""

from pathlib import Path

import pytest
from places import DATA
from recorded_runs import read_service

from smapstop.export.html.recorded_run import read_run
from smapstop.text.run_verdict import RunVerdict, run_verdict


def verdict_of(directory: Path, **other: object) -> RunVerdict:
    run = read_service(directory, **other)
    return run_verdict(run.view, run.timeline, run.sums)


def test_a_leak(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path)
    (heap,) = verdict.movers
    assert verdict.change_kb == 700
    assert (heap.name, heap.change, heap.share) == ("[heap]", "+700 K", "100 %")
    assert heap.mechanisms == "175 pages first touch"
    assert heap.culprit == "100 % of the 175 page faults seen in it: remember, service.c:9"
    assert [reason.source for reason in heap.reasons] == ["mm/memory.c: do_anonymous_page"]


@pytest.mark.parametrize(
    ("growth", "lead"),
    [
        (-40, "Rss fell from 480 KiB to 200 KiB in 7.0 s, by 280 KiB."),
        (0, "Rss was 480 KiB at the end of 7.0 s, as at the start."),
    ],
)
def test_what_falls_and_what_stays(tmp_path: Path, growth: int, lead: str) -> None:
    verdict = verdict_of(tmp_path, growth=growth)
    assert verdict.lead == lead
    assert [mover.kb for mover in verdict.movers] == [7 * growth] * bool(growth)


def test_a_function_with_few_of_the_faults_is_not_named(tmp_path: Path) -> None:
    run = read_run(DATA / "recordings/server.smaps")
    (heap,) = run_verdict(run.view, run.timeline, run.sums).movers
    assert heap.culprit == "99 % of the 437 page faults seen in it: copy_request, server.c:6"
    assert verdict_of(tmp_path, stack="…").movers[0].culprit == ""
