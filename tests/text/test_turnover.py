"""Pages that come and go between two readings."""

import pytest
from factories import faults_of, mappings_of, tick_of, timeline_of

from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.text.turnover import turnover_text
from smapstop.text.units import AUTO


def turnover(faults: PageFaults | None, *, perms: str = "r--s", name: str = "/data/big", rss: int = 8040) -> str:
    """What is said of a mapping whose Rss was 8000 kB before these faults."""
    before, after = (mappings_of((0x1000, 0x9000, perms, name, kb)) for kb in (8000, rss))
    return turnover_text(
        MappingHistory(timeline_of(tick_of(0, before, [7]), tick_of(1, after, [7], faults=faults)), 7), 1, AUTO
    )


def test_a_file_that_is_read_again_and_again_says_so_though_its_rss_hardly_moves() -> None:
    faults = faults_of((7, "read_page", 2690), (8, "fill", 10), minor=15, major=2685)
    assert turnover(faults) == (
        "At least 2,675 page faults read it from disk between the last two readings, but Rss changed by +40 K: "
        "as many pages left again."
    )
    assert "but Rss did not change: as many" in turnover(faults, rss=8000)


@pytest.mark.parametrize(
    ("faults", "other"),
    [
        (None, {}),  # not watched
        (faults_of((7, "read_page", 2690)), {}),  # from the page cache, or by another mechanism
        (faults_of((7, "read_page", 10), (8, "other", 2690), minor=10, major=2690), {}),  # the other mapping's
        (faults_of((7, "read_page", 2690), minor=0, major=2690), {"rss": 8000 + 4 * 2690}),  # all of it stayed
        (faults_of((7, "read_page", 2690), minor=0, major=2690), {"perms": "rw-p"}),  # it may be swapped in
        (faults_of((7, "read_page", 2690), minor=0, major=2690), {"name": ""}),
    ],
)
def test_nothing_is_said_where_it_may_be_otherwise(faults: PageFaults | None, other: dict[str, object]) -> None:
    assert turnover(faults, **other) == ""  # type: ignore[arg-type]
