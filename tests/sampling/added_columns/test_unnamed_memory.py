"""Which memory without a name is looked into."""

from factories import mappings_of

from smapstop.sampling.added_columns.unnamed_memory import unnamed_memory


def test_only_private_writable_memory_without_a_name_counts_if_it_is_large_enough() -> None:
    mappings = mappings_of(
        (0x100, 0x200),
        (0x200, 0x27F),
        (0x300, 0x400, "r--p"),
        (0x400, 0x500, "rw-s"),
        (0x500, 0x600, "rw-p", "[heap]"),
        (0x700, 0x780),
    )
    assert unnamed_memory(mappings, 0x80 << 12) == [(0, 0x100000, 0x200000), (5, 0x700000, 0x780000)]


def test_of_many_the_largest_are_looked_into_in_the_order_of_addresses() -> None:
    rows = [(0x1000 * at, 0x1000 * at + (9 if at % 3 else 200 + at)) for at in range(1, 1_600)]
    found = unnamed_memory(mappings_of(*rows), 1)
    assert len(found) == 1_000
    assert found == sorted(found)
    assert {row for row, start, end in found if end - start > 9 << 12} == {
        at - 1 for at in range(1, 1_600) if not at % 3
    }
