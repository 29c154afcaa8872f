"""Rows of consecutive ticks, and the map to which they lead."""

from typing import Any

import numpy as np
import pytest
from factories import mappings_of

from smapstop.model.timeline.delta import Delta
from smapstop.model.timeline.row_log import RowLog, build_row_log, rebuild_map
from smapstop.proc.columns import ABSENT

PLACES = {"A": (10, 20), "B": (30, 40), "C": (50, 60), "D": (70, 80)}
IDS = {name: at for at, name in enumerate(PLACES)}


def change(number: int, rows: str = "", gone: str = "", **amounts: Any) -> Delta:
    """A tick that changed the mappings with these letters, so that their Rss is its number, and found others gone."""
    ids, lost = (np.array([IDS[name] for name in names], np.int64) for names in (rows, gone))
    mappings = mappings_of(*((*PLACES[name], "rw-p", "", number) for name in rows), **amounts)
    return Delta(number, ids, mappings, np.full(len(ids), number), lost)


def part(*changes: Delta) -> RowLog:
    """Consecutive ticks as one part."""
    rows = changes[0].rows
    return build_row_log(changes, (rows.fields, rows.strings))


def after(number: int, *steps: RowLog) -> str:
    """The map after a tick: each mapping with its Rss, in address order."""
    ids, mappings, moved = rebuild_map(steps, number)
    rss = mappings.get("rss")
    assert rss is not None
    assert rss.tolist() == moved.tolist()
    return " ".join(f"{'ABCD'[mapping]}{kb}" for mapping, kb in zip(ids.tolist(), rss.tolist(), strict=True))


WHOLE = part(change(0, "ABC"))


@pytest.mark.parametrize(
    ("until", "expected"), [(0, "A0 B0 C0"), (1, "A1 B0 C0"), (2, "A1 C0"), (3, "A1 C3"), (4, "A4 C3")]
)
@pytest.mark.parametrize("squeezed", [False, True])
def test_the_newest_row_of_each_mapping_stands_unless_it_is_gone_since(
    until: int, expected: str, *, squeezed: bool
) -> None:
    later = part(change(1, "A"), change(2, gone="B"), change(3, "C"), change(4, "A"))

    assert after(until, WHOLE, later.pack() if squeezed else later) == expected


def test_a_mapping_that_is_reported_again_after_it_was_gone_is_there() -> None:
    later = part(change(1, "A", gone="B"), change(2, "B"), change(3, gone="B"), change(4, "B", gone="B"))

    assert [after(until, WHOLE, later) for until in range(1, 5)] == ["A1 C0", "A1 B2 C0", "A1 C0", "A1 B4 C0"]


def test_several_parts_follow_each_other() -> None:
    parts = (WHOLE, part(change(1, "D"), change(2, "B")), part(change(3, gone="A"), change(4, "D")))

    assert [after(until, *parts) for until in (2, 3, 4)] == ["A0 B2 C0 D1", "B2 C0 D1", "B2 C0 D4"]


def test_a_field_is_known_from_the_first_tick_that_printed_it() -> None:
    later = part(change(2, "A", swap=[7]))

    _, before, _ = rebuild_map([WHOLE, later], 1)
    _, since, _ = rebuild_map([WHOLE, later], 2)

    assert before.get("swap") is None
    swap = since.get("swap")
    assert swap is not None
    assert swap.tolist() == [7, ABSENT, ABSENT]
