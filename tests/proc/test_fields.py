import re
from pathlib import Path

import pytest
from places import DATA

from smapstop.proc.added_fields import ADDED_FIELDS
from smapstop.proc.field import field_name
from smapstop.proc.fields import FIELD_BY_NAME, FIELDS, VM_FLAGS

RECORDED = DATA / "smaps"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Rss", "rss"),
        ("Pss_Dirty", "pss_dirty"),
        ("KernelPageSize", "kernel_page_size"),
        ("MMUPageSize", "mmu_page_size"),
        ("AnonHugePages", "anon_huge_pages"),
        ("ShmemPmdMapped", "shmem_pmd_mapped"),
        ("Shared_Hugetlb", "shared_hugetlb"),
        ("SwapPss", "swap_pss"),
        ("LazyFree", "lazy_free"),
        ("KSM", "ksm"),
        ("THPeligible", "thp_eligible"),
        ("ProtectionKey", "protection_key"),
        ("Nonlinear", "nonlinear"),
        ("FutureTHPPages2Mb", "future_thp_pages2_mb"),
        ("Active(anon)", "active_anon"),
    ],
)
def test_a_label_becomes_snake_case(label: str, name: str) -> None:
    assert name == field_name(label)


def test_every_field_is_found_by_the_name_of_its_label() -> None:
    every = [*FIELDS, *ADDED_FIELDS]
    assert [FIELD_BY_NAME[field_name(field.label)] for field in every] == every
    assert len(FIELD_BY_NAME) == len(every)


def labels_in(file: str) -> list[str]:
    """The labels of the first record of a recorded text, in its order."""
    record = re.split(rb"\n(?=[0-9a-f]+-)", (RECORDED / file).read_bytes())[0]
    return [line.split(b":")[0].decode() for line in record.splitlines()[1:] if not line.startswith(b"VmFlags")]


def test_the_fields_stand_in_the_order_of_linux_6_18() -> None:
    printed = labels_in("linux-6.18.txt")

    assert printed == [field.label for field in FIELDS if field.label in printed]
    assert printed == [field.label for field in FIELDS[: len(printed)]]


def test_every_label_of_the_rollup_is_a_field() -> None:
    assert set(labels_in("linux-6.18-rollup.txt")) <= {field.label for field in FIELDS}


def test_the_kernel_prints_mapping_and_rollup_as_the_fields_say() -> None:
    mapping, rollup = (set(labels_in(f"linux-6.18{file}.txt")) for file in ("", "-rollup"))

    assert {field.label for field in FIELDS if not field.in_mapping} == rollup - mapping
    assert mapping - rollup <= {field.label for field in FIELDS if not field.in_rollup}
    assert not [field.label for field in FIELDS if not field.in_rollup and field.label in rollup]


def test_an_exchange_of_pages_has_two_sides() -> None:
    exchanged = [field for field in FIELDS if field.exchanged_with]

    assert [field.name for field in exchanged] == ["shared_clean", "private_clean"]
    assert all(FIELD_BY_NAME[field.exchanged_with].exchanged_with == field.name for field in exchanged)
    assert all(field.externally_driven for field in exchanged)


def test_short_titles_are_short_and_differ() -> None:
    shorts = [field.short for field in FIELDS if field.is_evidence]

    assert max(map(len, shorts)) <= 8
    assert len(set(shorts)) == len(shorts)


def test_only_numbers_without_a_unit_have_none() -> None:
    assert [field.name for field in FIELDS if field.unit == ""] == ["thp_eligible", "protection_key"]
    assert {"kB", ""} == {field.unit for field in FIELDS}


def test_since_is_a_kernel_version() -> None:
    assert [field.name for field in FIELDS if not re.fullmatch(r"2\.6\.\d+|[3-6]\.\d+", field.since)] == []


def test_help_is_one_or_two_sentences() -> None:
    assert [field.name for field in FIELDS if not re.fullmatch(r"[^.]+\.( [^.]+\.)?", field.help)] == []


def test_private_is_explained_as_a_map_count_and_not_as_map_private() -> None:
    for name in ("private_clean", "private_dirty"):
        assert "map count" in FIELD_BY_NAME[name].help.lower()
        assert "not MAP_PRIVATE" in FIELD_BY_NAME[name].help


def test_every_flag_of_this_machine_is_explained() -> None:
    flags = re.findall(rb"^VmFlags:(.*)$", Path("/proc/self/smaps").read_bytes(), re.MULTILINE)

    assert set() == {code for line in flags for code in line.decode().split()} - VM_FLAGS.keys() - {"??"}


def test_flag_codes_are_two_letters_and_their_words_are_no_sentences() -> None:
    assert [code for code in VM_FLAGS if not re.fullmatch("[a-z]{2}", code)] == []
    assert [code for code, words in VM_FLAGS.items() if words.endswith(".") or not words] == []
    assert len(VM_FLAGS) == len(set(VM_FLAGS.values()))
