"""The order of a live table holds still for its readers."""

from factories import mappings_of, tick_of

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.ui.state.stable_order import MIN_TICKS_BETWEEN_MOVES, QUIET_SECONDS, StableOrder

CALM = QUIET_SECONDS + 1


class Table:
    """A table of two mappings, whose Rss the test gives tick by tick."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.calm = StableOrder(Sorting("rss"))

    def order(
        self, first: int, second: int, *, seconds_since_key: float = CALM, state: ViewState | None = None
    ) -> list[int]:
        """The ids from the top after one more tick."""
        rows = mappings_of((1, 2, "rw-p", "", first), (3, 4, "rw-p", "", second))
        self.timeline.append(tick_of(len(self.timeline), rows, [0, 1], keyframe=True))
        shown = derive_view(self.timeline, state or ViewState())
        ids: list[int] = shown.table.ids[self.calm.arrange_rows(shown, seconds_since_key)].tolist()
        return ids


def test_rows_are_sorted_again_only_every_few_ticks() -> None:
    table = Table()
    orders = [table.order(8, 4), *(table.order(4, 8) for _ in range(MIN_TICKS_BETWEEN_MOVES))]
    assert orders == [[0, 1]] * MIN_TICKS_BETWEEN_MOVES + [[1, 0]]


def test_rows_hold_still_after_a_key() -> None:
    table = Table()
    table.order(8, 4)
    assert {tuple(table.order(4, 8, seconds_since_key=0.1)) for _ in range(9)} == {(0, 1)}
    assert table.order(4, 8) == [1, 0]


def test_a_frozen_order_is_kept_until_the_user_asks_for_another() -> None:
    table = Table()
    table.order(8, 4)
    table.calm.frozen = True
    assert {tuple(table.order(4, 8)) for _ in range(9)} == {(0, 1)}
    table.calm.sorting = Sorting("rss", descending=False)
    assert table.order(8, 4) == [1, 0]


def test_another_view_is_sorted_at_once() -> None:
    table = Table()
    table.order(8, 4)
    assert table.order(4, 8, seconds_since_key=0.1, state=ViewState(baseline="start")) == [1, 0]


def test_new_rows_come_first_and_what_is_gone_leaves_no_gap() -> None:
    table = Table()
    table.order(8, 4)
    rows = mappings_of((1, 2, "rw-p", "", 8), (5, 6, "rw-p", "", 4), (7, 8, "rw-p", "", 12))
    for number in range(1, 6):
        table.timeline.append(tick_of(number, rows, [0, 2, 3], keyframe=True))
    shown = derive_view(table.timeline, ViewState())
    assert shown.table.ids[table.calm.arrange_rows(shown, 0.1)].tolist() == [3, 2, 0]
