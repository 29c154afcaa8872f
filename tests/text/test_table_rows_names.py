"""The names of rows, as the table has room for them."""

import numpy as np
import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events
from smapstop.model.tick import ThreadStack
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.table_columns import ALL_COLUMNS
from smapstop.text.table_rows import build_rows

ROWS = mappings_of(
    (0x1000, 0x1001, "rw-p", "/usr/bin/redis-server"),
    (0x1001, 0x1009, "rw-p"),
    (0x2000, 0x2001, "---p"),
    (0x2001, 0x2100, "rw-p"),
    (0x3001, 0x3100, "rw-p"),
    (0x4000, 0x4020, "r-xp", "/usr/bin/redis-server"),
)


@pytest.mark.parametrize(
    ("width", "names"),
    [
        (
            40,
            [
                "redis-server .data",
                "redis-server .bss? 1001000",
                "guard of a stack 2000000",
                "stack of io\\x0a 4711 2001000",
                "anon 3001000",
            ],
        ),
        (
            22,
            [
                "redis-server .data",
                "redis-server .bss?",
                "guard of a stack",
                "stack of io\\x0a 4711",
                "anon 3001000",
            ],
        ),
        (15, ["redis-… .data", "redis-… .bss?", "guard … stack", "stack …a 4711", "anon 3001000"]),
    ],
)
def test_memory_without_a_name_says_what_it_is_for_and_where_it_is_when_there_is_room(
    width: int, names: list[str]
) -> None:
    timeline = timeline_of(tick_of(0, ROWS, [1, 2, 3, 4, 5, 6], stacks=(ThreadStack(4, 4711, "io\n"),)))
    shown = derive_view(timeline, ViewState())
    found = build_rows(shown, timeline, shown.table.ids - 1, [(ALL_COLUMNS["name"], width)])
    assert [row.cells[0] for row in found][:5] == names


@pytest.mark.parametrize(
    ("width", "names"), [(40, ["stacks × 2", "program data × 2"]), (15, ["stacks × 2", "program … × 2"])]
)
def test_a_group_that_does_not_fit_keeps_its_size(width: int, names: list[str]) -> None:
    timeline = timeline_of(tick_of(0, ROWS, [1, 2, 3, 4, 5, 6], stacks=(ThreadStack(4, 4711, "io"),)))
    view = derive_view(timeline, ViewState(grouping="purpose"))
    found = build_rows(view, timeline, np.arange(len(view.table)), [(ALL_COLUMNS["name"], width)])
    assert {row.cells[0] for row in found} >= set(names)


def test_a_verdict_says_how_often_it_happened_where_there_is_room() -> None:
    code = np.array([MECHANISMS.index("first-touch")], np.int8)
    events = Events(np.array([7]), code, np.array([4]), np.array([True]))
    heaps = [mappings_of((0x1000, 0x2000, "rw-p", "[heap]", 8 + 4 * n)) for n in range(5)]
    ticks = [tick_of(n, heap, [7], events=events if n else NO_EVENTS) for n, heap in enumerate(heaps)]
    timeline = timeline_of(*ticks)
    view = derive_view(timeline, ViewState())
    for width, text in (
        (40, "1 p first touch ×4 · now"),
        (24, "1 p first touch ×4 · now"),
        (23, "1 p first touch · now"),
    ):
        (row,) = build_rows(view, timeline, np.array([0]), [(ALL_COLUMNS["happened"], width)])
        assert row.cells == (text,)


def test_of_several_changes_those_are_shown_that_fit_whole() -> None:
    codes = np.array([MECHANISMS.index(what) for what in ("first-touch", "swap-out")], np.int8)
    events = Events(np.array([7, 7]), codes, np.array([40, 4]), np.array([True, True]))
    heaps = [mappings_of((0x1000, 0x2000, "rw-p", "[heap]", 8 + 4 * n)) for n in range(2)]
    ticks = [tick_of(n, heap, [7], events=events if n else NO_EVENTS) for n, heap in enumerate(heaps)]
    timeline = timeline_of(*ticks)
    view = derive_view(timeline, ViewState())
    texts = {
        43: "10 p first touch · 1 p swapped out · now",
        39: "10 p first touch · 1 p swapped o… · now",
        34: "10 p first touch · 1 p swap… · now",
        33: "10 p first touch … · now",
        25: "10 p first touch … · now",
        24: "10 p first touch … · now",
        23: "10 p first touch… · now",
        22: "10 p first touc… · now",
    }
    for width, text in texts.items():
        (row,) = build_rows(view, timeline, np.array([0]), [(ALL_COLUMNS["happened"], width)])
        assert row.cells == (text,)
