"""Rows of two readings side by side."""

from dataclasses import replace
from typing import Any

import numpy as np
from factories import mapping_dicts, mappings_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.mapping_rows import (
    ATTRIBUTE_COLUMNS,
    changed_rows,
    concatenate,
    find_rows,
    rows_differ,
    visibly_changed,
)
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.fields import EXTERNALLY_DRIVEN

FIRST = np.array([0])


def one(**amounts: int) -> Mappings:
    row = (10, 20, "rw-p", "/lib/c", 8, 2, "rd wr")
    return mappings_of(row, **dict[str, Any]({name: [kb] for name, kb in amounts.items()}))


def test_equal_rows_do_not_differ() -> None:
    assert not rows_differ(one(pss=3), FIRST, one(pss=3), FIRST).any()
    assert not visibly_changed(one(pss=3), FIRST, one(pss=3), FIRST).any()


def test_every_column_can_differ() -> None:
    for name in ATTRIBUTE_COLUMNS:
        other = one()
        getattr(other, name)[0] += 1
        assert rows_differ(one(), FIRST, other, FIRST).tolist() == [True], name
    assert rows_differ(one(pss=3), FIRST, one(pss=4), FIRST).tolist() == [True]


def test_what_other_processes_and_the_kernel_do_is_no_visible_change() -> None:
    for name in EXTERNALLY_DRIVEN:
        assert visibly_changed(one(**{name: 3}), FIRST, one(**{name: 4}), FIRST).tolist() == [False], name
    assert visibly_changed(one(anonymous=3), FIRST, one(anonymous=4), FIRST).tolist() == [True]


def test_other_fields_are_a_difference() -> None:
    assert rows_differ(one(), FIRST, one(pss=0), FIRST).tolist() == [True]
    assert visibly_changed(one(), FIRST, one(ksm=0), FIRST).tolist() == [True]
    assert visibly_changed(one(), FIRST, one(pss=0), FIRST).tolist() == [False], "only others change it"


def test_rows_are_compared_in_the_order_given() -> None:
    a, b = mappings_of((1, 2), (3, 4), (5, 6)), mappings_of((5, 6), (1, 3))

    assert rows_differ(a, np.array([2, 0]), b, np.array([0, 1])).tolist() == [False, True]


ANY_IDS = st.integers(0, 50) | st.sampled_from([-(1 << 40), -1, 1 << 20, 1 << 62])
"""Ids of new mappings, of groups, of a long history, and of another run."""


@given(st.lists(ANY_IDS, unique=True), st.lists(ANY_IDS))
def test_rows_of_ids(ids: list[int], wanted: list[int]) -> None:
    expected = [ids.index(mapping) if mapping in ids else -1 for mapping in wanted]

    assert expected == find_rows(np.array(ids, np.int64), np.array(wanted, np.int64)).tolist()


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=6), st.booleans())
def test_rows_of_the_same_layout_are_compared_in_place(changes: list[tuple[bool, bool]], other_field: bool) -> None:
    pages = range(len(changes))
    old = mappings_of(*((page, page + 1) for page in pages), pss=[1] * len(changes))
    amounts, flags = old.amounts.copy(), old.flags.copy()
    amounts[:, [page for page in pages if changes[page][0]]] += 1
    flags[[page for page in pages if changes[page][1]]] += 1
    fields = ("other", *old.fields[1:]) if other_field else old.fields
    new = replace(old, fields=fields, amounts=amounts, flags=flags)
    elsewhere = replace(new, start=old.start.copy())

    assert new.shares_layout(old)
    assert not elsewhere.shares_layout(old)
    rows = np.arange(len(changes))
    expected = [page for page in pages if other_field or any(changes[page])]
    assert changed_rows(old, rows, new).tolist() == changed_rows(old, rows, elsewhere).tolist() == expected
    assert changed_rows(old, rows, old).tolist() == []


def test_new_rows_are_changed() -> None:
    old, new = mappings_of((1, 2), (5, 6)), mappings_of((1, 2), (3, 4), (5, 6))
    assert changed_rows(old, np.array([0, -1, 1]), new).tolist() == [1]


def test_maps_with_other_fields_are_put_together() -> None:
    a, b = mappings_of((10, 20), pss=[1], swap=[2]), mappings_of((30, 40), (50, 60), swap=[3, 4], locked=[5, 6])
    both = concatenate(a, b)

    assert both.fields == ("size", "rss", "pss", "swap", "locked")
    assert both.amounts.tolist() == [
        [40, 40, 40],
        [0, 0, 0],
        [1, ABSENT, ABSENT],
        [2, 3, 4],
        [ABSENT, 5, 6],
    ]
    assert mapping_dicts(a) + mapping_dicts(b) == mapping_dicts(both)


def test_empty_maps_are_put_together() -> None:
    some, none = mappings_of((10, 20)), mappings_of()

    assert mapping_dicts(some) == mapping_dicts(concatenate(some, none)) == mapping_dicts(concatenate(none, some))
    assert len(concatenate(none, none)) == 0
