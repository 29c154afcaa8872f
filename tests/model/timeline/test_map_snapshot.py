"""How a tick leads from one moment to the next."""

import pytest
from factories import mapping_dicts, mappings_of, tick_of

from smapstop.model.tick import ExitStatus
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.proc.columns import ABSENT


@pytest.fixture
def first() -> MapSnapshot:
    return apply_tick(None, tick_of(0, mappings_of((10, 20, "rw-p", "", 8), (30, 40), pss=[8, 0]), [5, 6]))


def test_first_tick_must_be_a_keyframe() -> None:
    with pytest.raises(ValueError, match="keyframe"):
        apply_tick(None, tick_of(1, mappings_of(), []))


def test_first_moment_has_no_movement(first: MapSnapshot) -> None:
    assert first.last_changed.tolist() == [-1, -1]
    assert first.row_of(6) == 1
    assert first.row_of(7) is None
    assert first.reading_tick is first.tick


def test_changed_row_is_replaced_where_it_stands(first: MapSnapshot) -> None:
    tick = tick_of(1, mappings_of((30, 40, "r--p", "", 4), pss=[4]), [6])
    moment = apply_tick(first, tick)

    assert moment.ids.tolist() == [5, 6]
    assert mapping_dicts(first.mappings)[:1] + mapping_dicts(tick.rows) == mapping_dicts(moment.mappings)
    assert moment.last_changed.tolist() == [-1, 1]
    assert mapping_dicts(first.mappings)[1]["rss"] == 0, "the moment before stays as it was"


def test_tick_without_changes_keeps_the_map_and_reports_that_it_was_read(first: MapSnapshot) -> None:
    tick = tick_of(1, mappings_of(), [])
    moment = apply_tick(first, tick)

    assert moment.mappings is first.mappings
    assert moment.tick is moment.reading_tick is tick


@pytest.mark.parametrize(
    "unread",
    [{"tier": "counters"}, {"tier": "rollup"}, {"missing": "not permitted"}, {"ending": ExitStatus(status=0)}],
)
def test_tick_that_read_no_mappings_shows_those_of_the_last_that_did(
    first: MapSnapshot, unread: dict[str, object]
) -> None:
    tick = tick_of(1, mappings_of(), [], **unread)
    moment = apply_tick(first, tick)

    assert moment.mappings is first.mappings
    assert moment.tick is tick
    assert moment.reading_tick is first.tick


def test_born_and_gone_mappings(first: MapSnapshot) -> None:
    tick = tick_of(1, mappings_of((4, 6), (22, 30), pss=[0, 0]), [7, 8], gone=[5])
    moment = apply_tick(first, tick)

    assert moment.ids.tolist() == [7, 8, 6]
    assert moment.last_changed.tolist() == [1, 1, -1]
    assert mapping_dicts(tick.rows) + mapping_dicts(first.mappings)[1:] == mapping_dicts(moment.mappings)


def test_last_mapping_gone(first: MapSnapshot) -> None:
    moment = apply_tick(first, tick_of(1, mappings_of(), [], gone=[5, 6]))

    assert len(moment.mappings) == len(moment.ids) == len(moment.last_changed) == 0


def test_moved_mapping_stands_where_it_is_now(first: MapSnapshot) -> None:
    moment = apply_tick(first, tick_of(1, mappings_of((50, 60, "rw-p", "", 8), pss=[8]), [5]))

    assert moment.ids.tolist() == [6, 5]
    assert moment.last_changed.tolist() == [-1, 1]


def test_externally_driven_fields_are_updated_but_do_not_move_a_row(first: MapSnapshot) -> None:
    moment = apply_tick(first, tick_of(1, mappings_of((10, 20, "rw-p", "", 8), pss=[4]), [5]))

    assert mapping_dicts(moment.mappings)[0]["pss"] == 4
    assert moment.last_changed.tolist() == [-1, -1]


def test_keyframe_keeps_when_mappings_moved(first: MapSnapshot) -> None:
    second = apply_tick(first, tick_of(1, mappings_of((30, 40, "rw-p", "", 4), pss=[4]), [6]))
    rows = mappings_of((10, 20, "rw-p", "", 8), (30, 40, "rw-p", "", 4), (50, 60), pss=[8, 4, 0])
    third = apply_tick(second, tick_of(2, rows, [5, 6, 7], keyframe=True))

    assert third.last_changed.tolist() == [-1, 1, 2]
    assert mapping_dicts(rows) == mapping_dicts(third.mappings)


def test_field_that_appears_later_was_not_printed_before(first: MapSnapshot) -> None:
    moment = apply_tick(first, tick_of(1, mappings_of((30, 40), pss=[0], swap=[9]), [6]))

    assert moment.mappings.amounts[moment.mappings.fields.index("swap")].tolist() == [ABSENT, 9]
