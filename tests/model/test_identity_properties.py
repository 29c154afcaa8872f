"""What must hold for the ids of every life of every address space."""

from itertools import pairwise
from typing import Any

import numpy as np
from address_space import readings, space_histories
from factories import mapping_dicts
from hypothesis import given

from smapstop.model.identity import NO_ROW, match_readings, number_first_reading
from smapstop.model.tick import Ids


@given(space_histories)
def test_every_mapping_has_one_id_and_every_id_one_mapping(life: list[Any]) -> None:
    maps = readings(life)
    found = number_first_reading(maps[0])
    lost: set[int] = set()
    for previous, current in pairwise(maps):
        before, next_id = found.ids, found.next_id
        found = match_readings(previous, before, current, next_id)
        now, old, gone = set(found.ids.tolist()), set(before.tolist()), set(found.gone.tolist())
        lost |= gone

        assert len(now) == len(found.ids) == len(current)
        assert now - old == set(range(next_id, found.next_id))
        assert old - now == gone
        assert len(gone) == len(found.gone)
        assert not lost & now


@given(space_histories)
def test_unchanged_mapping_keeps_its_id(life: list[Any]) -> None:
    for previous, current in pairwise(readings(life)):
        ids = number_first_reading(previous).ids
        found = match_readings(previous, ids, current, len(ids))
        known = dict(zip(map(repr, mapping_dicts(previous)), ids.tolist(), strict=True))

        for row, mapping in enumerate(map(repr, mapping_dicts(current))):
            assert known.get(mapping, found.ids[row]) == found.ids[row]


@given(space_histories)
def test_every_birth_and_end_is_reported_once(life: list[Any]) -> None:
    for previous, current in pairwise(readings(life)):
        ids = number_first_reading(previous).ids
        found = match_readings(previous, ids, current, len(ids))
        reported = {what: [line for line in found.lineage if line.what in what] for what in (BIRTHS, ENDS, CHANGES)}

        assert sorted(line.mapping for line in reported[BIRTHS]) == list(range(len(ids), found.next_id))
        assert all(line.other in ids for line in reported[BIRTHS] if line.what == "split")
        assert sorted(line.mapping for line in reported[ENDS]) == sorted(found.gone.tolist())
        assert all(line.other in found.ids for line in reported[ENDS] if line.what == "merge")
        assert all(line.mapping in kept(ids, found.ids) and line.other is None for line in reported[CHANGES])
        assert len(set(found.lineage)) == len(found.lineage)


BIRTHS = ("map", "split")
ENDS = ("unmap", "merge")
CHANGES = ("grow", "shrink", "protect", "move", "rename")


def kept(before: Ids, after: Ids) -> set[int]:
    return set(before.tolist()) & set(after.tolist())


@given(space_histories)
def test_rows_before_are_those_of_the_same_id(life: list[Any]) -> None:
    for previous, current in pairwise(readings(life)):
        ids = np.arange(1000, 1000 + len(previous))
        found = match_readings(previous, ids, current, 5000)
        known = found.previous_rows != NO_ROW

        assert ids[found.previous_rows[known]].tolist() == found.ids[known].tolist()
        assert (found.ids[~known] >= 5000).all()


@given(space_histories)
def test_mapping_that_nothing_overlaps_any_more_was_moved_or_is_gone(life: list[Any]) -> None:
    for previous, current in pairwise(readings(life)):
        ids = number_first_reading(previous).ids
        found = match_readings(previous, ids, current, len(ids))
        moved = {line.mapping for line in found.lineage if line.what == "move"}
        for row, mapping in enumerate(found.ids.tolist()):
            old = found.previous_rows[row]
            if old == NO_ROW or mapping in moved:
                continue
            assert current.start[row] < previous.end[old]
            assert previous.start[old] < current.end[row]
