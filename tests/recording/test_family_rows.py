"""The family in a recording: what was read comes back, in little space, and damage is noticed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import mappings_of, tick_of
from list_source import target
from model.family.readings import reading_of
from stepped_program import SteppedProgram

from smapstop.errors import SmapstopError
from smapstop.model.family.family_log import SERIES, FamilyLog, MemberHistory
from smapstop.model.family.reading import FamilyMember, FamilyReading
from smapstop.recording.reader import Recording
from smapstop.recording.redaction import Redaction
from smapstop.recording.writer import Recorder
from smapstop.sampling.family_reader import FamilyReader

TICK = tick_of(0, mappings_of((0, 4)), [0])
ODD = FamilyMember(11, 11, "\udcff\x1b[1m", ("a b", "\udcfe", ""), "/bin/\udcff (deleted)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


def record(path: Path, *readings: FamilyReading, redaction: Redaction | None = None) -> None:
    recorder = Recorder(path, redaction=redaction)
    recorder.write_target(target())
    recorder.write_ticks(TICK)
    for reading in readings:
        recorder.write_family(reading)
    recorder.close("stopped")


def read(path: Path) -> list[FamilyReading]:
    with closing(Recording(path)) as recording:
        return list(recording.family())


def values(reading: FamilyReading) -> dict[str, Any]:
    cells = {field.name: getattr(reading, field.name) for field in fields(reading)}
    return {name: cell.tolist() if isinstance(cell, np.ndarray) else cell for name, cell in cells.items()}


def log_values(readings: list[FamilyReading]) -> list[Any]:
    """All that the log of these readings has."""
    log = FamilyLog()
    for reading in readings:
        log.append(reading)
    return [
        (each.member, each.ppid, each.gone_ns, each.missing, each.times_ns.tolist(), _series_of(each))
        for each in log.members
    ]


def _series_of(history: MemberHistory) -> dict[str, list[int]]:
    return {name: history.series(name).tolist() for name in SERIES}


def rows_in(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def some_readings() -> list[FamilyReading]:
    first = reading_of(1, {10: {"rss": 40, "pss": 30}, 11: {"rss": 2**40}}, new=(10, 11), read={11: 0})
    later = reading_of(2, {10: {"rss": 44}, 11: {}, 12: {"swap": 0}}, new=(12,), read={10: 1})
    return [
        replace(first, new=(first.new[0], ODD)),
        replace(later, missing=((12, "not permitted"),)),
        reading_of(3, {10: {"rss": 44}}),
    ]


def test_readings_come_back(path: Path) -> None:
    readings = some_readings()
    record(path, *readings)
    found = read(path)
    assert list(map(values, found[::2])) == list(map(values, readings[::2]))
    assert log_values(found) == log_values(readings)


def test_a_real_family_comes_back(program: Callable[[str], Path], path: Path) -> None:
    with SteppedProgram(program("two_children")) as stepping, closing(FamilyReader(stepping.go().pid)) as reader:
        readings = []
        for _ in range(3):
            reader.scan()
            readings += [reader.read(10**10), reader.read(0)]
            stepping.go()
    record(path, *readings)
    assert log_values(read(path)) == log_values(readings)


def test_what_did_not_change_takes_no_row(path: Path) -> None:
    first = reading_of(1, {10: {}, 11: {}}, new=(10, 11))
    same = [reading_of(second, {10: {}, 11: {}}, read={10: 1, 11: 1}) for second in range(2, 9)]
    record(path, first, *same, reading_of(9, {10: {}, 11: {}}, read={11: 1}))
    assert rows_in(path, "SELECT reading, pid FROM member_readings ORDER BY reading, pid") == [
        (0, 10),
        (0, 11),
        (1, 10),
    ]
    assert [reading.monotonic_ns for reading in read(path)] == [1_000_000_000, 9_000_000_000]


def test_parents_in_a_loop_lose_nobody(path: Path) -> None:
    torn = replace(reading_of(1, {10: {}, 11: {}, 12: {}}, new=(10, 11, 12)), ppids=np.array([1, 12, 11]))
    record(path, torn)
    assert sorted(read(path)[0].pids.tolist()) == [10, 11, 12]


def test_readings_can_be_followed_while_they_are_written(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write_target(target())
    recorder.write_ticks(TICK)
    with closing(Recording(path)) as recording:
        assert list(recording.family()) == []
        for reading in some_readings():
            recorder.write(reading)
            assert [each.monotonic_ns for each in recording.family()] == [reading.monotonic_ns]
    recorder.close("stopped")


def test_the_view_names_the_worker_that_grew(path: Path) -> None:
    grown = reading_of(2, {10: {}, 11: {"private_clean": 4, "private_dirty": 96}}, read={10: 1})
    record(path, reading_of(1, {10: {}, 11: {"private_clean": 4, "private_dirty": 16}}, new=(10, 11)), grown)
    grew = "SELECT pid, name, max(uss) - min(uss) AS grew FROM family GROUP BY pid, start_time ORDER BY grew DESC"
    assert rows_in(path, grew)[0] == (11, "p11", 80)
    assert rows_in(path, "SELECT DISTINCT seconds, at FROM family WHERE reading = 1")[0][1].endswith("Z")


def test_a_recording_made_before_families_has_none(path: Path) -> None:
    record(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP VIEW family")
        for table in ("readings", "members", "member_readings"):
            database.execute(f"DROP TABLE {table}")
    assert read(path) == []
    with closing(Recording(path)) as recording:
        assert len(list(recording.ticks())) == 1


DAMAGES = (
    "UPDATE member_readings SET rss = 41 WHERE reading = 0 AND pid = 10",
    "UPDATE members SET name = 'other'",
    "UPDATE members SET command_line = 'x'",
    "DELETE FROM members",
    "DELETE FROM readings WHERE reading = 1",
    "DELETE FROM member_readings WHERE reading = 1 AND pid = 12",
    "UPDATE readings SET monotonic_ns = 'x'",
    "UPDATE readings SET checksum = 1",
    "ALTER TABLE member_readings DROP COLUMN rss",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_said_in_a_line(path: Path, damage: str) -> None:
    record(path, *some_readings())
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP VIEW family")
        database.execute(damage)
    with pytest.raises(SmapstopError) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("column", ["pid", "ppid", "state", "read_ns", "missing", "rss", "name", "command_line"])
@pytest.mark.parametrize("value", [None, "x", -1, b"\xff", 2.5, 2**62])
def test_values_that_nobody_wrote_are_no_traceback(
    path: Path, column: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the checksum was made to fit."""
    monkeypatch.setattr("smapstop.recording.family_rows._checksum_of", lambda *_: 7)
    record(path, *some_readings())
    table = "members" if column in ("name", "command_line") else "member_readings"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", [value])
    with suppress(SmapstopError):
        log_values(read(path))


def test_without_words_there_are_none_of_the_members(path: Path) -> None:
    readings = [replace(reading, missing=((11, "not /secret"),)) for reading in some_readings()[:1]]
    record(path, *readings, redaction=Redaction())
    (found,) = read(path)
    assert [(member.name, member.command_line, member.executable) for member in found.new] == [
        ("redacted", (), None)
    ] * 2
    assert found.missing == ((11, "its memory could not be read"),)
    assert values(found)["amounts"] == values(readings[0])["amounts"]
    assert b"secret" not in path.read_bytes()
