"""Readings that are kept to be saved: the newest ones, of which the first describes its members."""

from dataclasses import fields

import numpy as np
from model.family.readings import SECOND_NS, reading_of

from smapstop.model.family.reading import FamilyReading
from smapstop.model.family.recent_readings import RecentReadings, pack_reading, unpack_reading

READINGS = (
    reading_of(1, {10: {}, 11: {}}, new=(10, 11)),
    reading_of(2, {10: {}, 12: {}}, new=(12,)),
    reading_of(3, {10: {}, 12: {}, 13: {}}, new=(13,)),
    reading_of(4, {10: {}, 13: {}}),
)


def kept(max_bytes: int, *readings: FamilyReading) -> RecentReadings:
    keeping = RecentReadings(max_bytes)
    for reading in readings:
        keeping.append(reading)
    return keeping


def seconds(readings: list[FamilyReading]) -> list[int]:
    return [reading.monotonic_ns // SECOND_NS for reading in readings]


def test_readings_of_a_time_begin_with_a_description_of_those_that_are_there() -> None:
    found = kept(1 << 20, *READINGS).between(2 * SECOND_NS, 3 * SECOND_NS)
    assert seconds(found) == [2, 3]
    assert [member.pid for member in found[0].new] == [10, 12]
    assert [member.pid for member in found[1].new] == [13]
    assert kept(1 << 20, *READINGS).between(9 * SECOND_NS, 10 * SECOND_NS) == []


def test_the_oldest_are_forgotten_but_not_who_was_there() -> None:
    found = kept(pack_reading(READINGS[2]).nbytes + pack_reading(READINGS[3]).nbytes, *READINGS).between(
        0, 9 * SECOND_NS
    )
    assert seconds(found) == [3, 4]
    assert [member.pid for member in found[0].new] == [10, 12, 13]
    assert seconds(kept(1, *READINGS).between(0, 9 * SECOND_NS)) == [4]


def same(one: FamilyReading, other: FamilyReading) -> bool:
    """Whether all fields of two readings are equal."""
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(FamilyReading)]
    return all(np.array_equal(left, right) for left, right in pairs)


def test_what_was_packed_is_the_same_again() -> None:
    many = reading_of(5, {pid: {"rss": pid % 7 * 4, "uss": 2**40} for pid in range(10, 300)}, new=(17,))
    for reading in (*READINGS, many, reading_of(6, {})):
        assert same(unpack_reading(pack_reading(reading)), reading)
    assert not same(READINGS[0], READINGS[1])
    plain = sum(column.nbytes for column in (many.amounts, many.pids, many.ppids, many.start_times, many.read_ns))
    assert pack_reading(many).nbytes < plain / 5
