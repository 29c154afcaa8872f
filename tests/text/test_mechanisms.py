"""The mechanisms in words."""

import pytest

from smapstop.model.events import MECHANISMS, Event
from smapstop.model.kinds import Kind
from smapstop.text.mechanisms import EXPLANATIONS, event_label, event_verdict, sentence_of


def test_every_mechanism_is_explained() -> None:
    assert set(EXPLANATIONS) == set(MECHANISMS)


def test_a_label_says_what_and_how_many_pages() -> None:
    assert event_label(Event(7, "copy-on-write", 4, 1, True)) == "copy-on-write, 1 page"
    assert event_label(Event(7, "reclaim", 4096, 1024, False)) == "reclaimed?, 1,024 pages"


def test_what_was_copied_is_named() -> None:
    one, two = (Event(7, "copy-on-write", 4 * n, n, True, ("page1", "page2")[:n]) for n in (1, 2))
    assert event_label(one) == "copy-on-write, 1 page: page1"
    assert event_label(two) == "copy-on-write, 2 pages: page1, page2"
    assert sentence_of(one).endswith(" On it: page1.")
    assert sentence_of(two).endswith(" On them: page1, page2.")


@pytest.mark.parametrize(
    ("event", "short", "full"),
    [
        (
            Event(7, "copy-on-write-after-fork", 3144, 786, False),
            "786 p CoW after fork?",
            "786 pages copy-on-write after fork?",
        ),
        (Event(7, "copy-on-write", 4, 1, True, ("page1",)), "1 p CoW: page1", "1 page copy-on-write: page1"),
        (Event(7, "first-touch", 29104, 7276, True), "7,276 p first touch", "7,276 pages first touch"),
    ],
)
def test_a_verdict_begins_with_the_number(event: Event, short: str, full: str) -> None:
    assert (event_verdict(event), event_verdict(event, full=True)) == (short, full)


def test_a_verdict_of_the_table_is_short() -> None:
    assert [name.short for name in EXPLANATIONS.values() if len(name.short) > 16] == []


@pytest.mark.parametrize("what", MECHANISMS)
def test_a_sentence_is_whole_for_one_page_and_for_many(what: str) -> None:
    one, many = (sentence_of(Event(7, what, 4 * n, n, True)) for n in (1, 11))  # type: ignore[arg-type]
    for sentence in (one, many):
        assert sentence.endswith(".")
        assert "{" not in sentence
    if "1 page" in one:
        assert one.startswith("1 page ")
        assert not {"were", "They"} & set(one.split())
        assert many.startswith("11 pages ")


def test_pages_that_were_given_up_may_have_been_mapped_over() -> None:
    """No field says so: the cause that a sentence names must not be the only one that it leaves."""
    sentence = sentence_of(Event(7, "discard", 64, 16, True), Kind.ANONYMOUS)
    assert "or because other memory was mapped in their place" in sentence


def test_pages_that_left_may_have_moved() -> None:
    sentence = sentence_of(Event(7, "discard", 64, 16, False), Kind.FILE)
    assert sentence.endswith("it could also be: reclaimed or moved to other addresses (mremap, userfaultfd).")


def test_dirty_pages_need_not_have_been_written() -> None:
    """Without a copy in swap, pages that came back from there are dirty (mm/swapfile.c, folio_free_swap)."""
    sentence = sentence_of(Event(7, "rewrite", 160, 40, True))
    assert sentence.endswith("or their copy in swap is gone (swapoff, swap that is full).")


def test_not_all_pages_of_a_large_folio_need_have_been_written() -> None:
    """smaps counts all that it maps of a folio that is dirty (fs/proc/task_mmu.c, smaps_page_accumulate)."""
    sentence = sentence_of(Event(7, "shared-write", 128, 32, True), Kind.FILE)
    assert sentence.startswith("32 pages became dirty in the page cache by a write")
    assert "not all pages need have been written" in sentence


def test_memory_of_a_device_is_no_page_cache() -> None:
    sentence = sentence_of(Event(7, "shared-write", 256, 64, True), Kind.DEVICE)
    assert "page cache" not in sentence
    assert sentence.startswith("64 pages of shared memory became dirty by a write")


def test_a_write_of_another_process_to_shared_memory_may_show_late() -> None:
    """Its dirty bit is in its page table until it goes (mm/memory.c, zap_present_folio_ptes)."""
    sentence = sentence_of(Event(7, "shared-write", 4, 1, True), Kind.SHARED)
    assert sentence.endswith("when that one unmaps the memory or ends.")


def test_pages_of_a_writable_private_mapping_may_be_copied_without_a_write() -> None:
    """mm/mlock.c and MAP_POPULATE fault in as for a write (mm/gup.c, populate_vma_page_range)."""
    assert "mlock(), MAP_POPULATE" in sentence_of(Event(7, "copy-on-write", 160, 40, True), Kind.FILE)


def test_the_rest_of_a_huge_page_of_a_file_stays_in_the_page_cache() -> None:
    """A split takes it out of the page table as a whole (mm/huge_memory.c, __split_huge_pmd_locked)."""
    assert "stays in the page cache" in sentence_of(Event(7, "reclaim", 2008, 502, False), Kind.FILE)


def test_anonymous_pages_that_are_dirty_again_may_be_new_ones_and_are_no_shared_write() -> None:
    sentence = sentence_of(Event(7, "rewrite", 160, 40, False), Kind.HEAP)
    assert "shared write" not in sentence
    assert sentence.endswith("they may have been given up instead, and as many touched again.")


def test_file_pages_that_came_may_be_more_or_may_have_moved() -> None:
    sentence = sentence_of(Event(7, "file-read", 40, 10, False), Kind.FILE)
    assert "more may have been faulted in and copied since, mremap() may have moved them" in sentence


def test_what_is_not_sure_names_what_else_fits() -> None:
    sentence = sentence_of(Event(7, "reclaim", 8, 2, False))
    assert sentence.endswith("From the fields alone, it could also be: discarded.")
