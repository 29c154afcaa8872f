"""What a process does itself, and what others do to its pages."""

import numpy as np
import pytest

from smapstop.model.own_changes import most_own_kb, own_amounts_changed

FILE = {"rss": 80, "pss": 40, "shared_clean": 40, "private_clean": 40, "private_dirty": 0, "shared_dirty": 0}
FILE |= {"anonymous": 0, "swap": 0, "referenced": 80}
COPIED = FILE | {"anonymous": 8, "private_dirty": 8, "private_clean": 32}
HEAP = {"rss": 80, "pss": 80, "shared_clean": 0, "private_clean": 8, "private_dirty": 72, "shared_dirty": 0}
HEAP |= {"anonymous": 80, "swap": 0, "referenced": 80}
MEMFD = HEAP | {"anonymous": 0, "private_clean": 0, "private_dirty": 80}


@pytest.mark.parametrize(
    ("was", "change", "is_own"),
    [
        pytest.param(FILE, {"pss": -20}, False, id="others map the pages"),
        pytest.param(FILE, {"private_clean": -40, "shared_clean": 40, "pss": -20}, False, id="pages become shared"),
        pytest.param(COPIED, {"private_clean": -32, "shared_clean": 32, "pss": -16}, False, id="also beside copies"),
        pytest.param(FILE, {"referenced": -40}, False, id="the kernel ages pages"),
        pytest.param(FILE, {"private_clean": 4, "rss": 4, "pss": 4}, True, id="a page more"),
        pytest.param(FILE, {"private_clean": -4, "private_dirty": 4, "anonymous": 4}, True, id="a page copied"),
        pytest.param(COPIED, {"private_dirty": -8, "shared_dirty": 8, "pss": -4}, True, id="a fork shares copies"),
        pytest.param(HEAP, {"private_dirty": -72, "shared_dirty": 72, "pss": -36}, True, id="a fork shares the heap"),
        pytest.param(HEAP, {"private_clean": -8, "shared_clean": 8, "pss": -4}, True, id="a fork shares clean pages"),
        pytest.param(MEMFD, {"private_dirty": -80, "shared_dirty": 80, "pss": -40}, False, id="others map a memfd"),
        pytest.param(MEMFD, {"rss": -80, "private_dirty": -80, "pss": -80}, True, id="a memfd unmapped"),
    ],
)
def test_only_its_own_doing_counts(was: dict[str, int], change: dict[str, int], is_own: bool) -> None:
    before, after = ({name: np.array([kb]) for name, kb in each.items()} for each in (was, moved(was, change)))
    assert own_amounts_changed(before, after).tolist() == [is_own]


def moved(was: dict[str, int], change: dict[str, int]) -> dict[str, int]:
    return {name: kb + change.get(name, 0) for name, kb in was.items()}


def test_pages_that_came_or_were_copied_bound_what_the_process_did_to_pss() -> None:
    def bound(was: dict[str, int], **change: int) -> float:
        before, after = ({name: np.array([kb]) for name, kb in each.items()} for each in (was, moved(was, change)))
        return float(most_own_kb(before, after)[0])

    assert bound(FILE, pss=-20, private_clean=-40, shared_clean=40) == 0
    assert bound(FILE, rss=4, private_clean=-36, shared_clean=40, pss=-16) == 4
    assert bound(HEAP, private_dirty=-72, shared_dirty=72, pss=-36) == 144
    assert bound(MEMFD, private_dirty=-80, shared_dirty=80, pss=-40) == 0


def test_a_kernel_that_does_not_print_all_fields() -> None:
    eight, none, four = np.array([8]), np.array([0]), np.array([4])
    was, now = {"private_dirty": eight, "shared_dirty": none}, {"private_dirty": none, "shared_dirty": eight}
    assert own_amounts_changed(was, now).tolist() == [True], "the pages may be anonymous"
    assert own_amounts_changed({"pss": eight}, {"pss": four}).tolist() == [False]
    assert own_amounts_changed({}, {}).tolist() == []
    assert most_own_kb({"pss": eight}, {"pss": four}).tolist() == [0]
