"""What the detail says of a shared-memory object."""

from typing import Any

from factories import mappings_of

from smapstop.model.history.mapping_history import MappingState
from smapstop.model.protocol import SharersReply
from smapstop.text.shared_memory import has_object, object_sentences


def state(name: str = "/memfd:x (deleted)", perms: str = "rw-s", **kb: int) -> MappingState:
    """A mapping of 1000 pages."""
    columns: Any = {field: [amount] for field, amount in kb.items()}
    return MappingState(mappings_of((0, 1000, perms, name), **columns), 0)


def test_the_object_holds_more_than_is_mapped() -> None:
    shared = state(rss=2048, anonymous=0, object_allocated=16384)
    assert list(object_sentences(shared, None)) == [
        "The object holds 16 M in RAM or in swap; 2 M of it are mapped here."
    ]
    private = state(perms="rw-p", rss=2048, anonymous=1024, object_allocated=16384)
    assert "; 1 M of it are" in next(object_sentences(private, None)), "copies are not the object's"


def test_hugetlb_pages_are_mapped_though_not_in_rss() -> None:
    huge = state("/dev/hugepages/x", rss=0, private_hugetlb=4096, shared_hugetlb=2048, object_allocated=8192)
    assert "; 6 M of it are" in next(object_sentences(huge, None))


def test_what_is_not_known_is_said() -> None:
    for unknown in (state(rss=8), state(rss=8, object_allocated=-1)):
        (sentence,) = object_sentences(unknown, None)
        assert sentence.startswith("What the object holds is not known")


def test_who_else_maps_it() -> None:
    def said(**known: Any) -> list[str]:
        return list(object_sentences(state(rss=8), SharersReply(7, **known)))[1:]

    assert said() == ["No other process maps it now."]
    assert said(processes=((12, "redis"), (13, "a\tb"))) == ["Now also mapped by 12 redis, 13 a\\x09b."]
    many = tuple((pid, "worker") for pid in range(1, 16))
    assert said(processes=many)[0].endswith("12 worker and 3 more.")
    assert said(unread=2) == ["Other processes may map it, too: 2 could not be read."]
    assert said(processes=((12, "redis"),), unread=2, attached=3)[1:] == [
        "Others may map it, too: 2 could not be read.",
        "The segment is attached 3 times, over all processes.",
    ]
    assert said(missing_reason="not recorded") == ["Who else maps it: not recorded."]


def test_files_and_private_memory_have_no_object() -> None:
    assert has_object(state())
    assert has_object(state("/dev/shm/x", "r--p"))
    assert not has_object(state("/lib/x.so", "r-xp"))
    assert not has_object(state("", "rw-p"))
