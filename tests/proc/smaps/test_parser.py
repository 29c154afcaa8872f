from collections.abc import Callable

import numpy as np
import pytest
from places import DATA

from smapstop.errors import SmapstopError
from smapstop.proc.columns import ABSENT, Mappings, StringTable
from smapstop.proc.smaps.parser import SmapsParser, drop_torn, parse_rollup, parse_smaps
from smapstop.proc.smaps.record_layout import derive_record_layout

RECORDED = DATA / "smaps"
Parse = Callable[[bytes], Mappings]


def parse_with_parser(text: bytes) -> Mappings:
    return SmapsParser().parse(text)


both = pytest.mark.parametrize("parse", [parse_smaps, parse_with_parser])


def names(mappings: Mappings) -> list[str]:
    return [mappings.name_of(row) for row in range(len(mappings))]


def flags(mappings: Mappings) -> list[str]:
    return [mappings.string_at(mappings.flags, row) for row in range(len(mappings))]


def headers(mappings: Mappings) -> list[tuple[int, int, str, int, str, int, str]]:
    return [
        (
            int(mappings.start[row]),
            int(mappings.end[row]),
            mappings.perms_of(row),
            int(mappings.offset[row]),
            mappings.string_at(mappings.device, row),
            int(mappings.inode[row]),
            mappings.name_of(row),
        )
        for row in range(len(mappings))
    ]


def numbered(mappings: Mappings) -> list[list[int]]:
    """The recorded texts are numbered: field 1 of record 1 is 101, field 2 of record 3 is 302."""
    return [
        [100 * row + field for row in range(1, len(mappings) + 1)] for field in range(1, len(mappings.fields) + 1)
    ]


OLD = "size rss pss shared_clean shared_dirty private_clean private_dirty referenced"
HUGE_SWAP = "shared_hugetlb private_hugetlb swap swap_pss"
FIELDS_OF = {
    "linux-2.6.14-i386.txt": "size rss shared_clean shared_dirty private_clean private_dirty",
    "linux-2.6.32.txt": f"{OLD} swap kernel_page_size mmu_page_size",
    "linux-4.4.txt": f"{OLD} anonymous anon_huge_pages {HUGE_SWAP} kernel_page_size mmu_page_size locked",
    "linux-5.4.txt": f"{OLD.replace('size', 'size kernel_page_size mmu_page_size')} anonymous lazy_free "
    f"anon_huge_pages shmem_pmd_mapped file_pmd_mapped {HUGE_SWAP} locked thp_eligible protection_key",
    "gvisor.txt": f"{OLD} anonymous",
    "wsl1.txt": "pss",
    "android-4.9.txt": f"{OLD} anonymous anon_huge_pages {HUGE_SWAP} kernel_page_size mmu_page_size locked",
    "names.txt": "size rss",
}


@both
@pytest.mark.parametrize(("file", "fields"), FIELDS_OF.items())
def test_every_kernel_s_fields_are_read_in_its_order(parse: Parse, file: str, fields: str) -> None:
    mappings = parse((RECORDED / file).read_bytes())

    assert fields.split() == list(mappings.fields)
    assert numbered(mappings) == mappings.amounts.tolist()


@both
def test_linux_2_6_14_on_32_bits_has_short_addresses(parse: Parse) -> None:
    mappings = parse((RECORDED / "linux-2.6.14-i386.txt").read_bytes())

    assert headers(mappings)[3] == (0xBFA2C000, 0xBFA41000, "rw-p", 0xBFA2C000, "00:00", 0, "[stack]")
    assert names(mappings) == ["/bin/cat", "[heap]", "/lib/tls/libc-2.3.6.so", "[stack]", "[vdso]"]


@both
def test_linux_6_6_may_have_pages_of_64_kb(parse: Parse) -> None:
    mappings = parse((RECORDED / "linux-6.6-arm64-64k.txt").read_bytes())
    of = dict(zip(mappings.fields, mappings.amounts.tolist(), strict=True))

    assert of["kernel_page_size"] == of["mmu_page_size"] == [64] * 6
    assert of["rss"] == [64, 64, 64, 524288, 64, 64]
    assert of["size"] == ((mappings.end - mappings.start) // 1024).tolist()
    assert names(mappings)[3:] == ["", "[vdso]", "[stack]"]


@both
def test_linux_2_6_32_has_no_flags(parse: Parse) -> None:
    mappings = parse((RECORDED / "linux-2.6.32.txt").read_bytes())

    assert headers(mappings) == [
        (0x400000, 0x40B000, "r-xp", 0, "08:01", 131090, "/bin/cat"),
        (0x1B2C000, 0x1B4D000, "rw-p", 0, "00:00", 0, "[heap]"),
        (0x7FFF5A1E8000, 0x7FFF5A1FD000, "rw-p", 0, "00:00", 0, "[stack]"),
        (0xFFFFFFFFFF600000, 0xFFFFFFFFFF601000, "r-xp", 0, "00:00", 0, "[vsyscall]"),
    ]
    assert flags(mappings) == [""] * 4


@both
def test_linux_4_4_has_thread_stacks_and_unknown_flags(parse: Parse) -> None:
    mappings = parse((RECORDED / "linux-4.4.txt").read_bytes())

    assert names(mappings) == ["/opt/my app/bin/serve (deleted)", "", "[stack:1234]"]
    assert flags(mappings) == ["rd ex mr mw me dw ??", "mr mw me nr sd", "rd wr mr mw me ac sd"]


@both
def test_linux_5_4_has_tabs_and_protection_keys(parse: Parse) -> None:
    mappings = parse((RECORDED / "linux-5.4.txt").read_bytes())

    assert headers(mappings) == [
        (0x7F1BDC000000, 0x7F1BDC021000, "rw-s", 0x10000, "00:05", 229377, "/SYSV0000abcd (deleted)"),
        (0x7F1BDD000000, 0x7F1BDD100000, "rw-s", 0, "00:05", 40961, "/memfd:ring 1 (deleted)"),
        (0x7F1BDE000000, 0x7F1BDE001000, "r--p", 0x7FFFFFFF000, "103:1000f", 2**64 - 1, "/srv/a\\012b"),
    ]
    assert flags(mappings) == ["rd wr sh mr mw me ms sd", "rd wr sh mr mw me ms sd", ""]


@both
def test_gvisor_s_subset_is_read_whatever_its_widths(parse: Parse) -> None:
    mappings = parse((RECORDED / "gvisor.txt").read_bytes())

    assert names(mappings) == ["/bin/app", "[stack]"]
    assert flags(mappings) == ["rd ex mr mw me ??", "rd wr mr mw me gd"]


@both
def test_wsl1_prints_only_pss(parse: Parse) -> None:
    mappings = parse((RECORDED / "wsl1.txt").read_bytes())

    assert names(mappings) == ["/bin/bash", "[stack]"]
    assert mappings.get("rss") is None


@both
def test_android_s_name_line_is_the_name(parse: Parse) -> None:
    mappings = parse((RECORDED / "android-4.9.txt").read_bytes())

    assert names(mappings) == [
        "/dev/ashmem/dalvik-main space (deleted)",
        "[anon:libc_malloc]",
        "[anon:thread stack guard]",
    ]


@both
def test_names_may_hold_any_bytes_but_a_newline(parse: Parse) -> None:
    mappings = parse((RECORDED / "names.txt").read_bytes())

    assert names(mappings) == ["/tmp/not-\udcff\udcfe-utf8", "/tmp/café \xa0[odd]\x0b\x1c\x85\u2028\r (deleted) "]


@both
def test_linux_6_18_as_recorded_from_a_sleeping_program(parse: Parse) -> None:
    mappings = parse((RECORDED / "linux-6.18.txt").read_bytes())

    assert len(mappings) == 24
    assert headers(mappings)[0] == (0x5600CE1B4000, 0x5600CE1B6000, "r--p", 0, "fe:00", 260875, "/usr/bin/sleep")
    assert [name for name in names(mappings) if name.startswith("[v") or name == "[stack]"] == [
        "[vvar]",
        "[vvar_vclock]",
        "[vdso]",
        "[stack]",
        "[vsyscall]",
    ]
    assert flags(mappings)[-2] == "rd wr mr mw me gd ac"
    assert mappings.amounts[0].tolist() == ((mappings.end - mappings.start) // np.uint64(1024)).tolist()


@both
def test_the_pages_of_a_sleeping_program_add_up_to_its_rollup(parse: Parse) -> None:
    mappings = parse((RECORDED / "linux-6.18.txt").read_bytes())
    rollup = parse_rollup((RECORDED / "linux-6.18-rollup.txt").read_bytes())
    sums = {name: int(amounts.sum()) for name, amounts in zip(mappings.fields, mappings.amounts, strict=True)}
    truncated = {"pss", "pss_dirty", "swap_pss", "locked"}
    exact = sums.keys() & rollup.keys() - truncated

    assert len(exact) == 15
    assert {name: rollup[name] for name in exact} == {name: sums[name] for name in exact}
    assert rollup["rss"] == 1380
    assert 0 <= rollup["pss"] - sums["pss"] < len(mappings)
    assert rollup["pss"] == rollup["pss_anon"] + rollup["pss_file"] + rollup["pss_shmem"]


# --- records that differ --------------------------------------------------------------------------------------------


def record(number: int, *lines: str, start: int | None = None, name: str = "") -> str:
    """A record whose addresses follow from its number."""
    first = 0x7F0000000000 + number * 0x1000 if start is None else start
    return "\n".join([f"{first:x}-{first + 0x1000:x} rw-p 00000000 00:00 0 {name}", *lines, ""])


def padded(label: str, amount: int, unit: str = " kB") -> str:
    """A line as Linux prints it."""
    return f"{label + ':':16}{amount:8}{unit}"


def of_both(text: str) -> Mappings:
    """Result on which both parsers agree."""
    mappings, same = parse_smaps(text.encode()), SmapsParser().parse(text.encode())
    assert headers(mappings) == headers(same)
    assert flags(mappings) == flags(same)
    assert mappings.fields == same.fields
    assert mappings.amounts.tolist() == same.amounts.tolist()
    return mappings


def test_a_wide_amount_makes_its_line_longer() -> None:
    amounts = [4, 209_715_200, 99_999_999, 100_000_000, 10**17, 12]
    text = "".join(
        record(row, padded("Size", amount), padded("Rss", row), f"VmFlags: rd {row:02} ")
        for row, amount in enumerate(amounts)
    )

    mappings = of_both(text)

    assert [amounts, [0, 1, 2, 3, 4, 5]] == mappings.amounts.tolist()
    assert [f"rd {row:02}" for row in range(6)] == flags(mappings)


def test_a_wide_amount_is_no_reason_to_read_the_whole_text_line_by_line() -> None:
    amounts = [209_715_200, 4, 8, 100_000_000, 12]
    text = "".join(record(row, padded("Size", amount), padded("Rss", row)) for row, amount in enumerate(amounts))
    layout = derive_record_layout(text.encode())
    assert layout is not None

    reading = SmapsParser()._parse_by_layout(text.encode(), layout)

    assert reading is not None
    assert [amounts, [0, 1, 2, 3, 4]] == reading.mappings.amounts.tolist()


@pytest.mark.parametrize("file", sorted({*FIELDS_OF, "linux-6.18.txt"}))
def test_records_that_are_alike_are_read_at_once(file: str) -> None:
    text = (RECORDED / file).read_bytes() * 20  # more records than are parsed one by one
    layout = derive_record_layout(text)

    assert (layout is not None and SmapsParser()._parse_by_layout(text, layout) is not None) == (
        file != "wsl1.txt" or True
    )


def test_wide_amounts_are_found_among_thousands() -> None:
    amounts = [4] * 3000
    for row in (0, 1, 1023, 1024, 2047, 2048, 2999):
        amounts[row] = 100_000_000 + row
    text = "".join(record(row, padded("Size", amount), padded("Rss", row)) for row, amount in enumerate(amounts))

    assert of_both(text).amounts.tolist() == [amounts, list(range(3000))]


def test_lines_in_another_order_are_found_among_thousands() -> None:
    records = [[padded("Size", 4), padded("Rss", row), padded("Pss", 2 * row)] for row in range(3000)]
    records[2500][1:] = reversed(records[2500][1:])
    text = "".join(record(row, *lines) for row, lines in enumerate(records))

    assert of_both(text).amounts.tolist() == [[4] * 3000, list(range(3000)), list(range(0, 6000, 2))]


@pytest.mark.parametrize("unit", ["", " ", " kB", "  ", " kB ", " kB  "])
def test_lines_may_be_shorter_than_a_word(unit: str) -> None:
    mappings = of_both("".join(record(row, f"X:{row}{unit}") for row in range(10)))

    assert mappings.amounts.tolist() == [list(range(10))]


def test_of_a_line_printed_twice_the_last_counts() -> None:
    mappings = of_both("".join(record(row, padded("Size", 1), padded("Size", 2 + row)) for row in range(3)))

    assert (mappings.fields, mappings.amounts.tolist()) == (("size",), [[2, 3, 4]])


def test_flags_and_names_that_look_like_numbers_are_none() -> None:
    mappings = of_both("".join(record(row, "Name: 12", padded("Size", row), "VmFlags: 34") for row in range(3)))

    assert mappings.fields == ("size",)
    assert (names(mappings), flags(mappings)) == (["12"] * 3, ["34"] * 3)


def test_a_name_line_is_read_wherever_it_stands() -> None:
    mappings = of_both(record(0, padded("Size", 1)) + record(1, padded("Size", 2), "Name: [anon:late]"))

    assert names(mappings) == ["", "[anon:late]"]


def test_a_field_that_some_mappings_lack_is_absent_there() -> None:
    mappings = of_both(
        record(0, padded("Size", 1), padded("Rss", 2), "VmFlags: rd ")
        + record(1, padded("Size", 3), padded("Rss", 4), padded("ProtectionKey", 5, ""), "VmFlags: rd wr ")
        + record(2, padded("Rss", 6), "VmFlags: ")
    )

    assert mappings.fields == ("size", "rss", "protection_key")
    assert mappings.amounts.tolist() == [[1, 3, ABSENT], [2, 4, 6], [ABSENT, 5, ABSENT]]


def test_lines_in_another_order_are_read_by_their_label() -> None:
    mappings = of_both(
        record(0, padded("Size", 1), padded("Rss", 2), padded("Pss", 3), "VmFlags: rd ")
        + record(1, padded("Size", 4), padded("Pss", 5), padded("Rss", 6), "VmFlags: rd ")
        + record(2, "VmFlags: wr ", padded("Pss", 7), padded("Rss", 8), padded("Size", 9))
    )

    assert mappings.fields == ("size", "rss", "pss")
    assert mappings.amounts.tolist() == [[1, 4, 9], [2, 6, 8], [3, 5, 7]]
    assert flags(mappings) == ["rd", "rd", "wr"]


def test_unknown_numbers_are_kept_and_unknown_lines_passed_over() -> None:
    mappings = of_both(
        record(0, padded("Size", 1), padded("FooBar_Pages", 2), "Backing: ext4 large", "VmFlags: rd ")
        + record(1, padded("Size", 3), padded("FooBar_Pages", 4), "Backing: none", "VmFlags: rd ")
    )

    assert mappings.fields == ("size", "foo_bar_pages")
    assert mappings.amounts.tolist() == [[1, 3], [2, 4]]


def test_the_last_line_needs_no_end() -> None:
    whole = record(0, padded("Size", 1), "VmFlags: rd") + record(1, padded("Size", 2), "VmFlags: rd wr")

    assert flags(of_both(whole.removesuffix("\n"))) == ["rd", "rd wr"]
    assert of_both(record(0, padded("Size", 7)).removesuffix("\n")).amounts.tolist() == [[7]]


def test_maps_is_smaps_without_fields() -> None:
    mappings = of_both(record(0) + record(1, name="                 [anon:two words]"))

    assert mappings.fields == ()
    assert names(mappings) == ["", "[anon:two words]"]


@both
def test_no_text_is_no_mappings(parse: Parse) -> None:
    mappings = parse(b"")

    assert (len(mappings), mappings.fields, mappings.amounts.shape) == (0, (), (0, 0))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_text_s_memory_may_be_reused(kind: type[bytes] | type[bytearray] | type[memoryview]) -> None:
    memory = bytearray((RECORDED / "linux-6.18.txt").read_bytes())
    expected = parse_smaps(memory)

    mappings = SmapsParser().parse(kind(memory))
    memory[:] = bytes(len(memory))
    memory.clear()

    assert headers(expected) == headers(mappings)
    assert expected.amounts.tolist() == mappings.amounts.tolist()


# --- reading after reading ------------------------------------------------------------------------------------------


def test_a_parser_gives_the_same_codes_in_every_reading() -> None:
    parser = SmapsParser()
    first = parser.parse((RECORDED / "linux-6.18.txt").read_bytes())
    parser.parse((RECORDED / "linux-4.4.txt").read_bytes())
    again = parser.parse((RECORDED / "linux-6.18.txt").read_bytes())

    assert first.name.tolist() == again.name.tolist()
    assert first.flags.tolist() == again.flags.tolist()
    assert first.strings is again.strings is parser.strings


def test_both_ways_intern_into_the_texts_they_are_given() -> None:
    texts = StringTable(["", "[heap]"])
    text = record(0, padded("Size", 1), name="[heap]").encode()

    assert parse_smaps(text, texts).name.tolist() == [1]
    assert SmapsParser(texts).parse(text).name.tolist() == [1]


def test_a_reading_is_not_changed_by_the_next() -> None:
    parser = SmapsParser()
    first = parser.parse(record(0, padded("Size", 1), "VmFlags: rd ").encode())
    second = parser.parse(record(0, padded("Size", 2), "VmFlags: wr ").encode())

    assert (first.amounts.tolist(), flags(first)) == ([[1]], ["rd"])
    assert (second.amounts.tolist(), flags(second)) == ([[2]], ["wr"])


def test_amounts_that_all_change_between_headers_that_are_known() -> None:
    parser = SmapsParser()
    for reading in range(4):
        text = "".join(record(row, padded("Size", row + reading), "VmFlags: rd ", name=f"/{row}") for row in range(9))
        mappings = parser.parse(text.encode())

        assert mappings.amounts.tolist() == [[row + reading for row in range(9)]]
        assert headers(mappings) == headers(parse_smaps(text.encode()))
        assert flags(mappings) == ["rd"] * 9


def test_a_parser_forgets_headers_that_are_long_gone() -> None:
    parser = SmapsParser()
    for reading in range(50):
        rows = range(reading * 10, reading * 10 + 10)
        text = "".join(record(row, padded("Size", row), "VmFlags: rd ", name=f"/{row}") for row in rows)
        mappings = parser.parse(text.encode())

        assert 0x7F0000000000 + reading * 0xA000 == int(mappings.start[0])
        assert mappings.name_of(9) == f"/{rows[9]}"
        assert len(parser._boundaries) == (10 if reading else 0)


def test_a_malformed_reading_leaves_the_parser_as_it_was() -> None:
    parser = SmapsParser()
    good = "".join(record(row, padded("Size", row), "VmFlags: rd ") for row in range(10)).encode()
    before = parser.parse(good)
    with pytest.raises(SmapstopError):
        parser.parse((record(10, padded("Size", 1)) + "no header\n" + padded("Size", 2)).encode())
    after = parser.parse(good)

    assert headers(after) == headers(before)
    assert after.amounts.tolist() == before.amounts.tolist()


# --- malformed texts --------------------------------------------------------------------------------------------

NOT_SMAPS = "this is not the text of /proc/PID/smaps"


@both
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Rss: 4 kB\n", "smaps line 1: expected a mapping's header, found 'Rss: 4 kB'"),
        ("\n", "smaps line 1: expected a mapping's header, found ''"),
        ("VmFlags: rd \n" + record(0), "smaps line 1: expected a mapping's header, found 'VmFlags: rd '"),
        (
            record(0, padded("Size", 1)) + record(1, "Size: \udcff kB"),
            "smaps line 4: expected a number after Size, found 'Size: \\udcff kB'",
        ),
        (
            record(0, padded("Size", 1)) + record(1, padded("Size", 1).replace("       1", "    1  1")),
            "smaps line 4: expected a number after Size, found 'Size:               1  1 kB'",
        ),
        (
            record(0, padded("Size", 1), "") + record(1, padded("Size", 2)),
            "smaps line 3: expected a mapping's header or a field, found ''",
        ),
        (
            record(0, padded("Size", 1)) + record(1, padded("Size", 1), "x" * 99),
            f"smaps line 5: expected a mapping's header or a field, found '{'x' * 57}...'",
        ),
        (
            record(0, padded("Size", 1)) + "0-1 ---p 0 0:0 18446744073709551616\n",
            "smaps line 3: expected a mapping's header or a field, found '0-1 ---p 0 0:0 18446744073709551616'",
        ),
        (
            record(0, padded("Size", 1), padded("Rss", 1)) + record(1, padded("Size", 1), "Rss:         "),
            "smaps line 6: expected a number after Rss, found 'Rss:         '",
        ),
        (
            record(0, padded("Size", 1)) + record(1, padded("Size", 1).replace(" 1", "-1")),
            "smaps line 4: expected a number after Size, found 'Size:                 -1 kB'",
        ),
        (
            record(0, padded("Size", 1)) + record(1, padded("Size", 1).replace("1", " ")),
            "smaps line 4: expected a number after Size, found 'Size:                    kB'",
        ),
        (
            record(0, padded("Size", 10**18)),
            "smaps line 2: expected a number after Size, found 'Size:           1000000000000000000 kB'",
        ),
    ],
)
def test_a_malformed_line_is_named(parse: Parse, text: str, message: str) -> None:
    with pytest.raises(SmapstopError) as caught:
        parse(text.encode("utf-8", "surrogateescape"))

    assert (message, NOT_SMAPS) == (caught.value.what, caught.value.remedy)


# --- smaps_rollup ---------------------------------------------------------------------------------------------------


def test_the_rollup_is_numbers_by_name() -> None:
    text = record(0, *(padded(label, 100 + number) for number, label in enumerate(("Rss", "Pss", "Pss_Anon"))))

    assert parse_rollup(text.encode()) == {"rss": 100, "pss": 101, "pss_anon": 102}


def test_the_rollup_of_a_process_without_memory_is_empty() -> None:
    assert parse_rollup(b"") == {}


def test_smaps_is_no_rollup() -> None:
    with pytest.raises(SmapstopError) as caught:
        parse_rollup((record(0, padded("Rss", 1)) + record(1, padded("Rss", 2))).encode())

    assert caught.value.what == "smaps_rollup has 2 records instead of one"


# --- a map that changed under the read ------------------------------------------------------------------------------


def spans(*addresses: tuple[int, int]) -> Mappings:
    lines = (
        f"{start:08x}-{end:08x} rw-p 0 00:00 0 \nRss: {number} kB\n" for number, (start, end) in enumerate(addresses)
    )
    return parse_smaps("".join(lines).encode())


def test_a_mapping_that_merged_with_the_next_is_dropped() -> None:
    mappings = drop_torn(spans((0x1000, 0x2000), (0x2000, 0x3000), (0x2000, 0x5000), (0x5000, 0x6000)))

    assert mappings.start.tolist() == [0x1000, 0x2000, 0x5000]
    assert mappings.end.tolist() == [0x2000, 0x5000, 0x6000]
    assert mappings.amounts.tolist() == [[0, 2, 3]]


def test_a_mapping_that_kept_merging_is_dropped_every_time() -> None:
    mappings = drop_torn(spans((0x1000, 0x2000), (0x1000, 0x3000), (0x1000, 0x5000)))

    assert mappings.amounts.tolist() == [[2]]


@pytest.mark.parametrize("addresses", [[], [(0x1000, 0x2000)], [(0x1000, 0x2000), (0x2000, 2**64 - 0x1000)]])
def test_a_map_that_is_whole_stays_the_same_object(addresses: list[tuple[int, int]]) -> None:
    mappings = spans(*addresses)

    assert drop_torn(mappings) is mappings
