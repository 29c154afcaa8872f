"""Who made more page faults in one run than in another one, or in one range of time than in another one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from factories import SECOND_NS, faults_of, mappings_of, tick_of
from list_source import target

from smapstop.cli.main import main
from smapstop.errors import SmapstopError
from smapstop.recording.redaction import Redaction
from smapstop.recording.writer import Recorder
from smapstop.report.diff.caller_runs import CallerRun, open_caller_run
from smapstop.report.diff.compare_callers import diff_callers, find_exceeded_callers
from smapstop.report.diff.limits import parse_limit
from smapstop.report.diff.moment_spec import MomentSpec, TimeRange
from smapstop.report.diff.render_callers import callers_as_json, callers_as_markdown, callers_as_table

OLD = (1, "libc.so.6:memset < remember@/old/leak.c:7 < main", 30), (1, "f < main", 5), (2, "gone < main", 10)
NEW = (1, "remember@/new/leak.c:8 < main", 60), (1, "remember@/new/leak.c:9 < other", 3), (1, "f < main", 5)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two mappings; at the start there are no faults, after one second the old ones, and after two the new ones."""
    return record(tmp_path / "run.smaps")


def record(path: Path, redaction: Redaction | None = None) -> Path:
    rows = mappings_of((1, 2, "rw-p", "[heap]"), (3, 4, "rw-p", "/data"))
    with closing_recorder(path, redaction) as recorder:
        for number, faults in enumerate((faults_of(), faults_of(*OLD), faults_of(*NEW, lost=2))):
            recorder.write(tick_of(number, rows, [1, 2], monotonic_ns=number * SECOND_NS, faults=faults))
    return path


@contextmanager
def closing_recorder(path: Path, redaction: Redaction | None = None, **other: Any) -> Iterator[Recorder]:
    recorder = Recorder(path, redaction=redaction)
    recorder.write_target(target(**other))
    yield recorder
    recorder.close("ended")


def runs(recording: Path, mapping: str | None = None) -> tuple[CallerRun, CallerRun]:
    before, after = (open_caller_run(str(recording), each, mapping) for each in (1.0, TimeRange(1)))
    return before, after


def test_functions_are_compared_by_their_name_and_file(recording: Path) -> None:
    found = diff_callers(*runs(recording), "function")
    assert [(row.frames[0].name, row.before, row.after, row.status) for row in found.rows] == [
        ("remember", 30, 63, "changed"),
        ("gone", 10, 0, "gone"),
        ("f", 5, 5, "unchanged"),
    ]
    assert found.rows[0].frames[0].source is None  # several lines
    assert (found.total.before, found.total.after) == (45, 68)


def test_stacks_are_compared_with_all_their_callers(recording: Path) -> None:
    found = diff_callers(*runs(recording, "[heap]"), "stack")
    assert [([frame.name for frame in row.frames], row.before, row.after) for row in found.rows] == [
        (["remember", "main"], 30, 60),
        (["remember", "other"], 0, 3),
        (["f", "main"], 5, 5),
    ]


@pytest.mark.parametrize(
    ("when", "faults", "reported"),
    [
        (None, 113, (0.0, 2.0)),
        (TimeRange(0, 1), 45, (0.0, 1.0)),
        (TimeRange(1, 2), 68, (1.0, 2.0)),
        (1.5, 45, (0.0, 1.0)),
        ("end", 113, (0.0, 2.0)),
    ],
)
def test_a_range_has_the_faults_between_its_ticks(
    recording: Path, when: MomentSpec | None, faults: int, reported: tuple[float, float]
) -> None:
    run = open_caller_run(str(recording), when)
    assert (run.faults.faults.sum(), (run.begin, run.end)) == (faults, reported)


def test_what_is_printed(recording: Path) -> None:
    found = diff_callers(*runs(recording), "stack")
    table = callers_as_table(found, unchanged=False, width=78).splitlines()
    assert (
        callers_as_table(found, unchanged=False, width=500)
        .splitlines()[1]
        .endswith("run.smaps, program 4711, 1.0 to 2.0 s, 68 page faults; 2 lost, distributed like the others")
    )
    assert [line.split() for line in table[3:]] == [
        ["Page", "faults", "by", "function", "<", "who", "called", "it", "Before", "After", "Change", "%"],
        ["remember", "leak.c:8", "<", "main", "30", "60", "+30", "+100", "%"],
        ["gone", "<", "main", "10", "−10", "gone"],
        ["remember", "leak.c:9", "<", "other", "3", "+3", "new"],
        ["total,", "with", "1", "unchanged", "45", "68", "+23", "+51", "%"],
    ]
    assert all(len(line) <= 78 for line in table)
    assert "| `gone < main` | 10 |  | −10 | gone |" in callers_as_markdown(found, unchanged=False)
    document = json.loads(callers_as_json(found, unchanged=True))
    assert [group["change"]["faults"] for group in document["groups"]] == [30, -10, 3, 0]
    assert [frame["name"] for frame in document["groups"][0]["frames"]] == ["remember", "main"]
    assert document["after"]["faults"]["lost"] == 2


def test_a_limit_is_on_the_growth_of_all_or_of_one_function(recording: Path) -> None:
    found = diff_callers(*runs(recording), "function")
    limits = [parse_limit(text) for text in ("51%", "52%", "remember=100%", "f=0%")]
    assert [limit.text for limit, _ in find_exceeded_callers(found, limits)] == ["51%", "100%"]
    for text, reported in (("5M", "give a percentage"), ("nobody=5%", "no such function")):
        with pytest.raises(SmapstopError, match=reported):
            find_exceeded_callers(found, [parse_limit(text)])


def test_redacted_functions_are_not_compared_with_names(recording: Path, tmp_path: Path) -> None:
    redacted = open_caller_run(str(record(tmp_path / "redacted", Redaction())), None)
    with pytest.raises(SmapstopError, match="redact"):
        diff_callers(open_caller_run(str(recording), None), redacted, "function")


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (["--by", "function", "--at", "peak"], "ranges"),
        (["--by", "function", "--at", "7.."], "its last one is at 2.0 s"),
        (["--by", "stack", "--mapping", "nothing"], "no page faults in a mapping"),
        (["--by", "stack", "--metric", "rss"], "omit --metric"),
        (["--by", "stack", "--reading", "1"], "omit --reading"),
        (["--at", "0..1"], "add --by function"),
        (["--mapping", "x"], "add --by function"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    recording: Path, words: list[str], reported: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(recording), str(recording), *words]) == 2
    assert reported in capsys.readouterr().err


def test_the_exit_status_is_for_ci(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["diff", str(recording), str(recording), "--by", "function", "--at", "1,1.."]
    assert main([*words, "--fail-over", "remember=50%"]) == 1
    assert "page faults of remember grew from 30 to 63, +33 (+110 %): more than 50%" in capsys.readouterr().err


def test_a_recording_without_callers_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.smaps"
    with closing_recorder(path, missing_callers="not asked for") as recorder:
        recorder.write(tick_of(0, mappings_of((1, 2)), [1]))
    assert main(["diff", str(path), str(path), "--by", "function"]) == 2
    assert "has no callers (not asked for)" in capsys.readouterr().err
