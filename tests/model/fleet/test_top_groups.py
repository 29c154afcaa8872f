"""The groups that have a label of their own: few, the largest, and not others at every reading."""

from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.fleet.figures import GROUP_FIELDS
from smapstop.model.fleet.top_groups import OTHER, TopGroups


def amounts(rss: int) -> dict[str, int]:
    return dict.fromkeys(GROUP_FIELDS, rss)


def labels(top: TopGroups, sizes: dict[str, int]) -> set[str]:
    top.update(sizes)
    return set(top.fold({name: amounts(size) for name, size in sizes.items()}))


def test_the_largest_are_chosen_and_the_others_are_summed() -> None:
    top = TopGroups(2)
    sizes = {"a": 10, "b": 30, "c": 20, "d": 5}
    top.update(sizes)
    folded = top.fold({name: amounts(size) for name, size in sizes.items()})
    assert folded == {"b": amounts(30), "c": amounts(20), OTHER: amounts(15)}


def test_a_group_takes_a_place_only_when_it_is_much_larger() -> None:
    top = TopGroups(2)
    assert labels(top, {"a": 10, "b": 30}) == {"a", "b"}
    assert labels(top, {"a": 10, "b": 30, "c": 20}) == {"a", "b", OTHER}
    assert labels(top, {"a": 10, "b": 30, "c": 21}) == {"b", "c", OTHER}
    assert labels(top, {"a": 10, "c": 21}) == {"a", "c"}, "b is gone, and leaves its place"


def test_a_group_without_memory_takes_no_place() -> None:
    assert labels(TopGroups(2), {"a": 0, "b": 0, "c": 1}) == {"c", OTHER}


def test_a_group_that_is_named_like_the_others_counts_with_them() -> None:
    top = TopGroups(1)
    top.update({OTHER: 10, "a": 4})
    assert top.fold({OTHER: amounts(10), "a": amounts(4)}) == {OTHER: amounts(14)}


@given(st.lists(st.dictionaries(st.sampled_from([f"g{i}" for i in range(60)]), st.integers(0, 1 << 20)), max_size=30))
def test_there_are_never_more_labels_and_nothing_is_lost(readings: list[dict[str, int]]) -> None:
    top, ever = TopGroups(3), set[str]()
    for sizes in readings:
        top.update(sizes)
        folded = top.fold({name: amounts(size) for name, size in sizes.items()})
        assert len(folded.keys() - {OTHER}) <= 3
        assert sum(each["pss"] for each in folded.values()) == sum(sizes.values())
        ever |= folded.keys()
    assert len(ever) <= 3 * 10 + 1, "names that never come back do not add up"
