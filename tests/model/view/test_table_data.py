"""The rows of a table: mappings, those just gone, and groups."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.grouping import GROUPINGS, Grouping
from smapstop.model.kinds import Kind
from smapstop.model.timeline.map_diff import diff_maps
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.groups import group_rows
from smapstop.model.view.table_data import RemovedRows, TableData, build_table, with_removed
from smapstop.proc.columns import ABSENT, Mappings

HEAP, ANON = (10, 20, "rw-p", "[heap]"), (30, 40, "rw-p", "")
TEXT, DATA, OTHER = (50, 60, "r-xp", "/lib/c"), (60, 64, "rw-p", "/lib/c"), (70, 80, "r--p", "/lib/d")


def rows(heap: int, anon: int, text: int, data: int, other: int | None) -> Mappings:
    """The five mappings with so much Rss; without the last one."""
    of = [(*HEAP, heap), (*ANON, anon), (*TEXT, text), (*DATA, data), *([] if other is None else [(*OTHER, other)])]
    n = len(of)
    return mappings_of(*of, kernel_page_size=[4] * n, swap=[ABSENT] * n)


@pytest.fixture
def timeline() -> Timeline:
    """The last mapping grows at tick 1 and is gone at tick 2; others change at 1, 2 and 3."""
    return timeline_of(
        tick_of(0, rows(8, 12, 4, 4, 8), [0, 1, 2, 3, 4]),
        tick_of(1, rows(9, 12, 4, 4, 20), [0, 1, 2, 3, 4], keyframe=True),
        tick_of(2, rows(9, 10, 4, 4, None), [0, 1, 2, 3], keyframe=True, gone=[4]),
        tick_of(3, rows(9, 10, 4, 7, None), [0, 1, 2, 3], keyframe=True),
    )


def sheet(timeline: Timeline, before: int, after: int, lingering: int) -> TableData:
    moment, old = timeline.at(after), timeline.at(lingering)
    changes, gone = diff_maps(timeline.at(before), moment), diff_maps(old, moment).gone_rows
    return with_removed(build_table(changes, changes, "rss"), changes, RemovedRows(old, gone, np.full(len(gone), 2)))


def table(of: TableData, name: str = "rss") -> list[dict[str, Any]]:
    column = of.get(name)
    assert column is not None
    return [
        {
            "name": of.texts[of.name[row]],
            name: int(column[row]),
            "delta": 0 if of.change is None else int(of.change[row]),
            "gone": bool(of.gone[row]),
            "members": int(of.mapping_count[row]),
        }
        for row in range(len(of))
    ]


def row(name: str, rss: int, delta: int, *, gone: bool = False, members: int = 1) -> dict[str, Any]:
    return {"name": name, "rss": rss, "delta": delta, "gone": gone, "members": members}


def test_row_per_mapping(timeline: Timeline) -> None:
    changes = diff_maps(timeline.at(0), timeline.at(1))
    of = build_table(changes, changes, "rss")

    assert table(of) == [
        row("[heap]", 9, 1),
        row("", 12, 0),
        row("/lib/c", 4, 0),
        row("/lib/c", 4, 0),
        row("/lib/d", 20, 12),
    ]
    assert of.recent_seconds == 1.0
    assert of.last_changed.tolist() == [1, -1, -1, -1, 1]
    assert of.ids.tolist() == [0, 1, 2, 3, 4]
    assert [list(Kind)[code] for code in of.kind] == [Kind.HEAP, Kind.ANONYMOUS, Kind.FILE, Kind.FILE, Kind.FILE]
    assert of.get("unheard_of") is None


def test_mapping_that_is_gone_lingers_with_what_it_had_and_lost(timeline: Timeline) -> None:
    of = sheet(timeline, 1, 2, 0)

    assert table(of) == [
        row("[heap]", 9, 0),
        row("", 10, -2),
        row("/lib/c", 4, 0),
        row("/lib/c", 4, 0),
        row("/lib/d", 8, -20, gone=True),
    ]
    assert of.ids.tolist() == [0, 1, 2, 3, 4]


def test_mapping_that_was_gone_before_loses_nothing_more(timeline: Timeline) -> None:
    assert table(sheet(timeline, 2, 3, 0))[-1] == row("/lib/d", 8, 0, gone=True)
    assert table(sheet(timeline, 0, 3, 1))[-1] == row("/lib/d", 20, -8, gone=True)


def test_nothing_lingers_for_ever(timeline: Timeline) -> None:
    changes = diff_maps(timeline.at(2), timeline.at(3))
    assert table(sheet(timeline, 2, 3, 2)) == table(build_table(changes, changes, "rss"))


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (
            "name",
            [
                row("[heap]", 9, 0),
                row("anonymous", 10, -2),
                row("/lib/c", 8, 0, members=2),
                row("/lib/d", 0, -20, gone=True, members=0),
            ],
        ),
        (
            "file",
            [
                row("anonymous", 10, -2),
                row("heap", 9, 0),
                row("/lib/c", 8, 0, members=2),
                row("/lib/d", 0, -20, gone=True, members=0),
            ],
        ),
        ("kind", [row("anonymous", 10, -2), row("heap", 9, 0), row("file", 8, -20, members=2)]),
    ],
)
def test_groups_add_up(timeline: Timeline, by: Grouping, expected: list[dict[str, Any]]) -> None:
    of = group_rows(sheet(timeline, 1, 2, 1), by)

    assert sorted(expected, key=repr) == sorted(table(of), key=repr)
    assert of.recent_seconds == 1.0
    assert len(set(of.ids.tolist())) == len(of)
    assert (of.ids < 0).all()


def test_group_moved_when_one_of_its_rows_did(timeline: Timeline) -> None:
    of = group_rows(sheet(timeline, 2, 3, 2), "kind")
    moved = {of.texts[of.name[at]]: int(of.last_changed[at]) for at in range(len(of))}

    assert moved == {"heap": 1, "anonymous": 2, "file": 3}


def test_groups_keep_their_ids(timeline: Timeline) -> None:
    def ids(after: int, by: Grouping) -> dict[str, int]:
        of = group_rows(sheet(timeline, 0, after, after), by)
        return {of.texts[of.name[at]]: int(of.ids[at]) for at in range(len(of))}

    for by in GROUPINGS[1:]:
        assert ids(3, by).items() <= ids(1, by).items()


def test_what_no_sum_makes_sense_of_is_absent_in_groups(timeline: Timeline) -> None:
    of = group_rows(sheet(timeline, 0, 1, 1), "kind")
    page_size, size = of.get("kernel_page_size"), of.get("size")

    assert page_size is not None
    assert set(page_size.tolist()) == {ABSENT}
    assert size is not None
    assert size.sum() == 4 * 44


@pytest.mark.parametrize("by", GROUPINGS)
def test_map_without_mappings_or_fields_has_a_sheet(by: Grouping) -> None:
    nothing = timeline_of(tick_of(0, mappings_of(), [])).at(0)
    same = diff_maps(nothing, nothing)
    assert len(group_rows(build_table(same, same, "rss"), by)) == 0

    one = mappings_of(HEAP)
    bare = replace(one, fields=(), amounts=one.amounts[:0])
    moment = timeline_of(tick_of(0, bare, [0])).at(0)
    same = diff_maps(moment, moment)
    assert len(group_rows(build_table(same, same, "rss"), by)) == 1
