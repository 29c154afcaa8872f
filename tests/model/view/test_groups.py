"""Groups of rows, and the mappings that they unfold into."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.history.group_history import GroupHistory
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.row_names import child_name, row_name
from smapstop.model.view.sort import Sorting, sort_rows
from smapstop.model.view.table_data import TableData
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState

HEAP, TEXT, DATA = (
    (0x1000, 0x2000, "rw-p", "[heap]"),
    (0x30000, 0x38000, "r-xp", "/lib/c"),
    (0x38000, 0x3A000, "rw-p"),
)
BSS, FAR = (0x3A000, 0x3B000, "rw-p", ""), (0x50000, 0x60000, "rw-p", "")


def timeline(bss: int = 4) -> Timeline:
    """A heap, a library with its zeroed data, and memory without a name, which changes at tick 1."""
    rows = [(*HEAP, 40), (*TEXT, 100), (*DATA, "/lib/c", 8), (*BSS, 4), (*FAR, 16)]
    return timeline_of(
        tick_of(0, mappings_of(*rows), [0, 1, 2, 3, 4]), tick_of(1, mappings_of((*BSS, bss), (*FAR, 20)), [3, 4])
    )


def groups(view: View) -> dict[str, int]:
    """Ids of the groups by name."""
    table = view.table
    return {table.texts[int(table.name[row])]: int(table.ids[row]) for row in np.flatnonzero(table.ids < 0).tolist()}


def shown(table: TableData, sorting: Sorting) -> list[str]:
    """Names of the rows as they are shown, those below a group indented."""
    return [
        f"  {child_name(table, row)}" if table.is_member(row) else row_name(table, row)
        for row in sort_rows(table, sorting).tolist()
    ]


def test_groups_unfold_into_their_mappings_which_are_sorted_among_themselves() -> None:
    history = timeline()
    folded = derive_view(history, ViewState(grouping="file"))
    assert shown(folded.table, Sorting("rss")) == ["c × 3", "heap × 1", "anonymous × 1"]
    state = ViewState(grouping="file", unfolded=frozenset(groups(folded).values()) - {groups(folded)["heap"]})
    table = derive_view(history, state).table

    file, nameless = ["  .bss? 3a000000", "  .data", "  .text"], "  anon 50000000"
    assert shown(table, Sorting("rss")) == ["c × 3", *file[::-1], "heap × 1", "anonymous × 1", nameless]
    assert shown(table, Sorting("rss", descending=False)) == ["anonymous × 1", nameless, "heap × 1", "c × 3", *file]
    assert shown(table, Sorting()) == ["anonymous × 1", nameless, "c × 3", *file[::-1], "heap × 1"]


def test_mappings_of_a_group_with_its_name_are_distinguished_by_address() -> None:
    history = timeline()
    state = ViewState(
        grouping="name", unfolded=frozenset(groups(derive_view(history, ViewState(grouping="name"))).values())
    )
    names = shown(derive_view(history, state).table, Sorting("start", descending=False))
    assert names[:5] == ["[heap] × 1", "  1000000", "c × 2", "  .text", "  .data"]


def test_a_filter_chooses_mappings_and_groups_sum_up_those() -> None:
    view = derive_view(timeline(), ViewState(grouping="file", filter="perm:w"))
    rss = view.table.get("rss")
    assert rss is not None
    sums = dict(zip((row_name(view.table, row) for row in range(len(view.table))), rss.tolist(), strict=True))
    assert sums == {"heap × 1": 40, "c × 2": 12, "anonymous × 1": 20}
    assert view.matching.tolist() == [True, False, True, True, True]
    assert view.filter_mask.all()


def test_the_history_of_a_group_is_of_the_mappings_that_the_filter_chooses_with_zeroed_data() -> None:
    history = timeline(bss=12)
    view = derive_view(history, ViewState(grouping="file", filter="perm:w"))
    ids = np.array([groups(view)["/lib/c"]])
    assert GroupHistory(history, view.scope).series(ids, 0, 2).tolist() == [[[12, 20]]]
    whole = derive_view(history, ViewState(grouping="file"))
    assert GroupHistory(history, whole.scope).series(ids, 0, 2).tolist() == [[[112, 120]]]


def test_a_group_that_is_unfolded_but_not_there_does_not_matter() -> None:
    state = ViewState(grouping="kind", unfolded=frozenset({-99}))
    assert (derive_view(timeline(), state).table.ids < 0).all()
