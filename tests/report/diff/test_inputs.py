"""A run is found in a file by its content, and in a recording at the moment that is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest
from factories import SECOND_NS, mapping_dicts, mappings_of, tick_of
from list_source import target

from smapstop.errors import SmapstopError
from smapstop.model.tick import ExitStatus, Tick
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.recording.writer import Recorder
from smapstop.report.diff.inputs import ComparedRun, find_moment, open_run
from smapstop.report.diff.moment_spec import MomentSpec
from smapstop.report.snapshot.load import parse_saved_smaps
from smapstop.report.snapshot.render import as_json

SAVED = b"1000-2000 rw-p 00000000 00:00 0          [heap]\nSize: 4 kB\nRss: 4 kB\nPss: 3 kB\n"


def saved(path: Path, text: bytes) -> ComparedRun:
    path.write_bytes(text)
    return open_run(str(path), None, "pss")


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    text, json = (
        saved(tmp_path / "a.json", SAVED),
        saved(tmp_path / "b.smaps", as_json(parse_saved_smaps(SAVED)).encode()),
    )
    assert mapping_dicts(text.mappings) == mapping_dicts(json.mappings) == mapping_dicts(parse_smaps(SAVED))
    assert [text.file, json.file] == [str(tmp_path / "a.json"), str(tmp_path / "b.smaps")]


def test_a_short_text_and_spaces_before_json_are_no_obstacle(tmp_path: Path) -> None:
    assert len(saved(tmp_path / "a", b"\n " + as_json(parse_saved_smaps(SAVED)).encode()).mappings) == 1


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    with subprocess.Popen(["printf", "%s", SAVED.decode()], stdout=subprocess.PIPE) as pipe:
        assert pipe.stdout is not None
        assert mapping_dicts(open_run(f"/proc/self/fd/{pipe.stdout.fileno()}", None, "pss").mappings)


NEITHER = "use a file from smapstop record or smapstop snapshot --format json, or a saved smaps"


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        (b"", f"FILE: it is empty: {NEITHER}"),
        (b" \n", f"FILE: it is empty: {NEITHER}"),
        (
            b"root:x:0:0\n",
            "FILE: not smaps: no line is the header of a mapping; it begins with 'root:x:0:0': save /proc/",
        ),
        (
            SAVED + b"torn\nSwap: 0 kB\n",
            "FILE: line 5: expected a field of the mapping in line 1, found 'torn': the text is ",
        ),
        (b"SQLite format 3\0" + b"\0" * 100, "FILE: not smaps, but an SQLite database: "),
        (b"{}", "FILE: JSON, but not a smapstop snapshot: "),
        (
            b"1000-2000 ---p 00000000 00:00 0   [rollup]\nRss: 4 kB\n",
            "FILE: only totals, without mappings: save /proc",
        ),
    ],
)
def test_what_is_none_of_them_is_reported(tmp_path: Path, text: bytes, reported: str) -> None:
    with pytest.raises(SmapstopError) as raised:
        saved(tmp_path / "a", text)
    assert str(raised.value).replace(repr(str(tmp_path / "a")), "FILE").startswith(reported)


def test_what_cannot_be_read_is_reported(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(SmapstopError) as raised:
            open_run(str(path), None, "pss")
        assert str(raised.value) == f"cannot read {str(path)!r}: {why}: {NEITHER}"


def test_one_sample_has_no_moments_to_choose_from(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(SAVED)
    with pytest.raises(SmapstopError, match="is not a recording: --at is for recordings"):
        open_run(str(tmp_path / "a"), "peak", "pss")


# moments


def read(number: int, rss: int, **other: object) -> Tick:
    """A tick that reads the only mapping."""
    rows = mappings_of((1, 9, "rw-p", "[heap]", rss))
    return tick_of(number, rows, [0], totals={"rss": rss}, **other)


def unread(number: int, **other: object) -> Tick:
    """A tick without mappings."""
    return tick_of(number, mappings_of(), [], tier="rollup", totals={"rss": 1000}, **other)


TICKS = [read(0, 8), read(1, 40), unread(2), read(3, 40), read(4, 16), unread(5, ending=ExitStatus(status=0))]


@pytest.mark.parametrize(
    ("when", "tick"),
    [("start", 0), ("end", 4), ("peak", 1), (0.0, 0), (0.9, 0), (2.5, 1), (3.0, 3), (4.9, 4), (5.0, 4)],
)
def test_a_moment_is_one_at_which_the_mappings_were_read(when: MomentSpec, tick: int) -> None:
    moment, seconds = find_moment(TICKS, when, "rss", "run")
    assert (moment.tick.number, seconds) == (tick, float(tick))
    assert mapping_dicts(moment.mappings) == mapping_dicts(TICKS[tick].rows)


def test_a_moment_in_a_gap_is_the_one_before_it() -> None:
    late = read(1, 40, monotonic_ns=100 * SECOND_NS)
    moment, seconds = find_moment([read(0, 8), late], 50.0, "rss", "run")
    assert (moment.tick.number, seconds) == (0, 0.0)


def test_a_moment_long_after_the_end_is_reported() -> None:
    with pytest.raises(SmapstopError) as raised:
        find_moment(TICKS, 5.1, "rss", "run")
    assert str(raised.value) == "--at 5.1: 'run' ends earlier: its last sample is at 4.0 s"


@pytest.mark.parametrize("when", ["start", "end", "peak", 1.0])
def test_a_recording_without_mappings_is_reported(when: MomentSpec) -> None:
    with pytest.raises(SmapstopError, match="'run' has no mappings to compare"):
        find_moment([unread(0, keyframe=True)], when, "rss", "run")


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    """A recording of `TICKS`."""
    recorder = Recorder(tmp_path / "run")
    recorder.write_target(target())
    for tick in TICKS:
        recorder.write_ticks(tick)
    recorder.close("stopped")
    return str(tmp_path / "run")


def test_a_recording_is_compared_at_its_end_unless_another_moment_is_asked_for(recorded: str) -> None:
    end, peak = open_run(recorded, None, "rss"), open_run(recorded, "peak", "rss")
    assert [mapping_dicts(run.mappings)[0]["rss"] for run in (end, peak)] == [16, 40]
    assert (peak.pid, peak.name, peak.tick, peak.seconds) == (target().pid, "program", 1, 1.0)
    assert peak.taken_at == "2023-11-14T22:13:21.000000Z"


def test_a_recording_in_a_pipe_is_reported(recorded: str) -> None:
    command = [sys.executable, "-m", "smapstop", "diff", "-", recorded]
    run = subprocess.run(command, input=Path(recorded).read_bytes(), capture_output=True, check=False)
    assert run.stderr == b"smapstop: stdin is a recording: give its file name: SQLite cannot read a pipe\n"
    assert run.returncode == 2


def test_a_closed_stdin_is_reported(recorded: str) -> None:
    run = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m smapstop diff - {recorded} <&-"], capture_output=True, check=False
    )
    assert run.stderr.startswith(b"smapstop: cannot read stdin: it is closed: ")
    assert run.returncode == 2
