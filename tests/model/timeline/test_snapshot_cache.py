"""Snapshots and ticks come back, whether they are cached, pinned, or rebuilt from packed segments."""

import pytest
from factories import mappings_of, tick_of

from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timeline.segment_store import SegmentStore
from smapstop.model.timeline.snapshot_cache import SnapshotCache

TICKS = 400


def log_of(ticks: int, kept_bytes: int = 1 << 20) -> tuple[SegmentStore, SnapshotCache]:
    """A heap that grows at every tick; every tick is a segment of its own."""
    segments = SegmentStore(kept_bytes, segment_ticks=1)
    snapshots, before = SnapshotCache(segments), None
    for number in range(ticks):
        after: MapSnapshot = apply_tick(
            before, tick_of(number, mappings_of((1, 9, "rw-p", "[heap]", 4 * number)), [7])
        )
        segments.append(before, after)
        snapshots.add(after)
        before = after
    return segments, snapshots


def rss(snapshot: MapSnapshot) -> list[int]:
    """Rss of the mappings, kB."""
    column = snapshot.mappings.get("rss")
    assert column is not None
    kb: list[int] = column.tolist()
    return kb


def test_what_was_asked_last_is_not_rebuilt_until_it_is_cleared() -> None:
    _, snapshots = log_of(20)
    snapshot, header = snapshots.snapshot(3), snapshots.header(3)
    assert (rss(snapshot), header.number) == ([12], 3)

    for number in range(4, 11):
        snapshots.snapshot(number)
    assert snapshots.snapshot(3) is snapshot
    assert snapshots.header(3) is header

    snapshots.clear()
    assert snapshots.snapshot(3) is not snapshot
    assert snapshots.header(3) is not header
    assert rss(snapshots.snapshot(3)) == [12]


def test_a_tick_has_the_rows_that_its_header_may_leave_out() -> None:
    _, snapshots = log_of(20)

    assert len(snapshots.header(3).ids) == 0
    assert snapshots.tick(3).ids.tolist() == [7]
    assert snapshots.tick(3).rows.amounts.tolist() == [[32], [12]]


def test_pinned_snapshots_stay_when_their_ticks_are_forgotten() -> None:
    segments, snapshots = log_of(TICKS, kept_bytes=1)
    newest = TICKS - 1
    with pytest.raises(IndexError, match="tick 5 is forgotten"):
        snapshots.pin(5)
    snapshots.pin(newest)
    snapshots.clear()

    assert segments.oldest > 5
    assert sorted(snapshots.pinned) == [0, newest]
    assert [rss(snapshots.snapshot(number)) for number in (0, newest)] == [[0], [4 * newest]]
    assert [snapshots.tick(number).number for number in (0, newest)] == [0, newest]
    for ask in (snapshots.snapshot, snapshots.header, snapshots.tick):
        with pytest.raises(IndexError, match="tick 5 is forgotten"):
            ask(5)
        with pytest.raises(IndexError, match=f"no tick {TICKS}"):
            ask(TICKS)
