"""Pages of shared memory: what is reported of them by what their object grew, and when that is not known."""

from typing import Any

import numpy as np
from factories import mappings_of

from smapstop.model.explain.rules import FaultCounts, explain
from smapstop.model.identity import match_readings, number_first_reading
from smapstop.proc.columns import ABSENT, Mappings

RAM, CODE, COPY = (("/memfd:x (deleted)", perms) for perms in ("rw-s", "r-xs", "rw-p"))
ZEROED = "/dev/zero (deleted)", "rw-s"
STATES = ("private_clean", "private_dirty", "shared_clean", "shared_dirty")


def reading(*rows: tuple[tuple[str, str], dict[str, int]]) -> Mappings:
    """A map of mappings of 1000 pages, with what they hold in pages: `rss`, `anonymous`, `elsewhere` (of these also
    mapped elsewhere), `object` (allocated) and `grown` (while smaps was read); and fields of huge pages and swap."""
    amounts: dict[str, Any] = {}
    for _, pages in rows:
        kb = {name: 4 * count for name, count in pages.items()}
        shared = kb.get("elsewhere", 0)
        row = dict.fromkeys(STATES, 0) | {
            "swap": kb.get("swap", 0),
            "private_hugetlb": kb.get("hugetlb", 0),
            "shared_hugetlb": kb.get("shared_hugetlb", 0),
            "shmem_pmd_mapped": kb.get("huge", 0),
            "rss": kb["rss"],
            "anonymous": kb.get("anonymous", 0),
            "private_dirty": kb["rss"] - shared,
            "shared_dirty": shared,
            "object_allocated": kb.get("object", ABSENT),
            "object_grown_while_read": kb.get("grown", 0) if "object" in kb else ABSENT,
        }
        for name, value in row.items():
            amounts.setdefault(name, []).append(value)
    of: list[Any] = [(2000 * at, 2000 * at + 1000, perms, name) for at, ((name, perms), _) in enumerate(rows)]
    return mappings_of(*of, **amounts)


def reported(before: Mappings, after: Mappings, faults: int = 5000) -> list[list[str]]:
    """What happened to each mapping of the later map, the costliest first; with a question mark where not sure."""
    ids = number_first_reading(before).ids
    found = match_readings(before, ids, after, len(ids))
    events = explain(before, found.previous_rows, after, np.arange(len(after)), found.ids, FaultCounts(faults, 0), 4)
    return [
        [f"{event.what}{'' if event.sure else '?'} {event.pages}" for event in events.of_mapping(mapping)]
        for mapping in found.ids.tolist()
    ]


def one(was: dict[str, int], now: dict[str, int], of: tuple[str, str] = RAM, faults: int = 5000) -> list[str]:
    """What happened to one mapping."""
    return reported(reading((of, was)), reading((of, now)), faults)[0]


def two(was: list[dict[str, int]], now: list[dict[str, int]]) -> list[list[str]]:
    """What happened to a writable and an executable view of one object."""
    before, after = (reading((RAM, pages[0]), (CODE, pages[1])) for pages in (was, now))
    return reported(before, after)


def test_pages_are_new_as_far_as_the_object_grew() -> None:
    assert one({"rss": 0, "object": 0}, {"rss": 8, "object": 8}) == ["first-touch 8"]
    assert one({"rss": 2, "object": 9}, {"rss": 6, "object": 13}) == ["first-touch 4"]
    assert one({"rss": 2, "object": 9}, {"rss": 6, "object": 9}) == ["shared-map 4"]
    assert one({"rss": 2, "object": 9}, {"rss": 6, "object": 7}) == ["shared-map? 4"], "others made room"


def test_growth_that_is_not_the_gain_may_be_of_other_pages() -> None:
    assert one({"rss": 2, "object": 9}, {"rss": 6, "object": 11}) == ["first-touch? 2", "shared-map? 2"]
    assert one({"rss": 2, "object": 9}, {"rss": 6, "object": 30}) == ["first-touch? 4"], "somebody else was at work"


def test_more_mapped_pages_than_the_object_had_must_be_new() -> None:
    assert one({"rss": 2, "object": 4}, {"rss": 9, "object": 9}) == ["first-touch 5", "shared-map? 2"]
    assert one({"rss": 2, "object": 3}, {"rss": 9, "object": 30}) == ["first-touch 6", "first-touch? 1"]


def test_growth_while_smaps_was_read_leaves_it_open() -> None:
    was = {"rss": 2, "object": 20}
    assert one(was, {"rss": 12, "object": 31, "grown": 3}) == ["first-touch 8", "first-touch? 2"]
    assert one(was, {"rss": 12, "object": 22, "grown": 2}) == ["first-touch? 2", "shared-map? 8"]


def test_of_an_unknown_object_pages_that_others_map_were_there_before() -> None:
    assert one({"rss": 0}, {"rss": 8, "elsewhere": 3}) == ["first-touch? 5", "shared-map? 3"]
    assert one({"rss": 0, "object": 3}, {"rss": 8}) == ["first-touch 5", "first-touch? 3"], "it had no more before"
    assert one({"rss": 8}, {"rss": 0}) == ["shared-unmap? 8"]


def test_pages_that_leave_are_freed_as_far_as_the_object_shrank() -> None:
    assert one({"rss": 8, "object": 20}, {"rss": 4, "object": 16}) == ["discard 4"]
    assert one({"rss": 8, "object": 20}, {"rss": 4, "object": 20}) == ["shared-unmap 4"]
    assert one({"rss": 8, "object": 20}, {"rss": 4, "object": 25}) == ["shared-unmap? 4"], "others may replace them"
    assert one({"rss": 8, "object": 8}, {"rss": 0, "object": 2}) == ["discard 6", "shared-unmap? 2"]
    assert one({"rss": 8, "object": 20}, {"rss": 0, "object": 18}) == ["shared-unmap? 8"]


def test_what_another_process_reads_back_from_swap_is_no_discard() -> None:
    was = {"rss": 8, "swap": 6, "object": 14}
    assert one(was, {"rss": 8, "swap": 0, "object": 14}) == ["swap-in 6"]
    assert one(was, {"rss": 8, "swap": 0, "object": 8}) == ["discard 6"]
    assert one(was, {"rss": 5, "swap": 0, "object": 5}) == ["discard 9"]
    assert one(was, {"rss": 8, "swap": 0, "object": 11}) == ["swap-in? 6"]
    assert one(was, {"rss": 14, "swap": 0, "object": 14}) == ["swap-in 6"]
    assert one({"rss": 8, "swap": 6}, {"rss": 8, "swap": 0}) == ["swap-in? 6"]
    before, after = reading((RAM, was)), reading((RAM, was | {"swap": 0}))
    after.end[:] -= np.uint64(500 * 4096)
    assert reported(before, after) == [[]], "they were counted for the addresses that were unmapped"


def test_huge_pages_of_an_object() -> None:
    was, now = {"rss": 0, "object": 512}, {"rss": 512, "huge": 512}
    assert one(was, now | {"object": 1024}, faults=511) == ["huge-fault 512"]
    assert one(was, now | {"object": 1024}, faults=512) == ["huge-fault? 512"], "or small ones, and collapsed"
    assert one(was, now | {"object": 512}) == ["shared-map 512"]
    assert one(now | {"object": 512}, {"rss": 0, "object": 0}) == ["discard 512"]
    assert one(now | {"object": 512}, {"rss": 0, "object": 512}) == ["shared-unmap 512"]


def test_hugetlb_pages_of_an_object() -> None:
    was, now = {"rss": 0, "object": 512}, {"rss": 0, "hugetlb": 512}
    assert one(was, now | {"object": 1024}) == ["huge-fault 512"]
    assert one(was, now | {"object": 512}) == ["shared-map 512"]
    assert one(was, now) == ["huge-fault? 512"], "nobody else has it"
    assert one(was, {"rss": 0, "shared_hugetlb": 512}) == ["shared-map? 512"]
    assert one(now | {"object": 512}, {"rss": 0, "shared_hugetlb": 512, "object": 512}) == [], "others map it, too"
    assert one(now | {"object": 512}, {"rss": 0, "object": 0}) == ["discard 512"]
    assert one(now | {"object": 512}, {"rss": 0, "object": 512}) == ["shared-unmap 512"]


def test_two_views_of_one_object_do_not_count_its_growth_twice() -> None:
    was = [{"rss": 5, "object": 5}, {"rss": 5, "object": 5}]
    assert two(was, [{"rss": 9, "object": 9}, {"rss": 5, "object": 9}]) == [["first-touch 4"], []]
    assert two(was, [{"rss": 9, "object": 9}, {"rss": 9, "object": 9}]) == [["first-touch? 4"], ["shared-map? 4"]]
    assert two(was, [{"rss": 5, "object": 1}, {"rss": 1, "object": 1}]) == [[], ["discard 4"]]
    assert two(was, [{"rss": 1, "object": 1}, {"rss": 1, "object": 1}]) == [["discard 4"], ["discard 4"]]


def test_a_new_view_of_a_known_object_maps_what_is_there() -> None:
    before = reading((RAM, {"rss": 5, "object": 5}))
    after = reading((RAM, {"rss": 5, "object": 5}), (COPY, {"rss": 4, "anonymous": 1, "object": 5}))
    assert reported(before, after) == [[], ["copy-on-write 1", "shared-map 3"]]


def test_private_views_have_copies_besides() -> None:
    was = {"rss": 9, "anonymous": 4, "object": 20}
    assert one(was, {"rss": 7, "anonymous": 2, "object": 20}, COPY) == ["discard 2"]
    assert one(was, {"rss": 7, "anonymous": 4, "object": 20}, COPY) == ["shared-unmap 2"]
    assert one(was, {"rss": 9, "anonymous": 1, "object": 20}, COPY) == ["discard 3", "shared-map 3"]


def test_shared_anonymous_memory_begins_with_its_mapping() -> None:
    nothing = reading((RAM, {"rss": 5, "object": 5}))
    new = reading((RAM, {"rss": 5, "object": 5}), (ZEROED, {"rss": 7}))
    more = reading((RAM, {"rss": 5, "object": 5}), (ZEROED, {"rss": 9}))
    assert reported(nothing, new) == [[], ["first-touch 7"]]
    assert reported(new, more) == [[], ["first-touch? 2"]], "a child may have touched them first"


def test_memory_of_a_device_is_mapped_and_unmapped() -> None:
    ring = "anon_inode:[io_uring]", "rw-s"
    assert one({"rss": 0}, {"rss": 8, "elsewhere": 3}, ring) == ["shared-map 8"]
    assert one({"rss": 8}, {"rss": 0}, ring) == ["shared-unmap 8"]


def test_readings_without_the_columns_are_explained_as_far_as_they_go() -> None:
    zeros: dict[str, Any] = {name: [0] for name in ("anonymous", "swap", *STATES)}
    before, after = (
        mappings_of((0, 100, RAM[1], RAM[0]), **zeros | {"rss": [kb], "private_dirty": [kb]}) for kb in (0, 16)
    )
    assert reported(before, after) == [["first-touch? 4"]]
