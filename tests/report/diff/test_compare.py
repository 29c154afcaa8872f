"""What grew, shrank, is new or gone, and whether it is more than allowed."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from factories import mappings_of

from smapstop.errors import SmapstopError
from smapstop.model.compare.group_comparison import MatchKey
from smapstop.proc.columns import ABSENT, StringTable
from smapstop.report.diff.compare import BeforeAfter, Diff, diff_runs, find_exceeded
from smapstop.report.diff.inputs import ComparedRun
from smapstop.report.diff.limits import parse_limit


def run(*rows: tuple[Any, ...], file: str = "run", **amounts: list[int]) -> ComparedRun:
    return ComparedRun(file, mappings_of(*rows, texts=StringTable(), **amounts))


BEFORE = run(
    (1, 2, "rw-p", "[heap]", 100),
    (2, 3, "rw-p", "/a", 20),
    (3, 4, "rw-p", "/a", 30),
    (4, 5, "rw-p", "/old", 7),
    (5, 6, "rw-p", "/still", 400),
)
AFTER = run(
    (1, 2, "rw-p", "[heap]", 60),
    (2, 3, "rw-p", "/a", 97),
    (4, 5, "rw-p", "/new", 40),
    (4, 5, "rw-p", "/empty", 0),
    (5, 6, "rw-p", "/still", 400),
)


def compared(
    *, before: ComparedRun = BEFORE, after: ComparedRun = AFTER, by: MatchKey = "name", unchanged: bool = False
) -> Diff:
    return diff_runs(before, after, by, "rss", unchanged=unchanged)


def test_the_biggest_change_is_first_and_growth_before_shrinkage() -> None:
    told = [(row.name, row.status, row.mapping_count, row.amount) for row in compared().rows]
    assert told == [
        ("/a", "changed", BeforeAfter(2, 1), BeforeAfter(50, 97)),
        ("/new", "new", BeforeAfter(0, 1), BeforeAfter(0, 40)),
        ("[heap]", "changed", BeforeAfter(1, 1), BeforeAfter(100, 60)),
        ("/old", "gone", BeforeAfter(1, 0), BeforeAfter(7, 0)),
        ("/empty", "new", BeforeAfter(0, 1), BeforeAfter(0, 0)),
    ]


def test_what_did_not_change_is_shown_when_asked_for_and_always_in_the_totals() -> None:
    assert [row.name for row in compared(unchanged=True).rows if row.status == "unchanged"] == ["/still"]
    assert compared().sum_of("rss") == compared(unchanged=True).sum_of("rss") == BeforeAfter(557, 597)


def test_the_total_of_what_only_one_kernel_prints_is_not_known() -> None:
    before = run((1, 2, "rw-p", "/a", 4), (2, 3, "rw-p", "/b", 4), swap=[5, ABSENT])
    after = run((1, 2, "rw-p", "/a", 4), (2, 3, "rw-p", "/b", 4))
    found = compared(before=before, after=after)
    assert [found.sum_of("swap"), found.sum_of("swap", [1])] == [BeforeAfter(5, None), BeforeAfter(None, None)]
    assert found.sum_of("swap").change is None


def test_an_amount_that_was_not_printed_of_one_mapping_is_not_known() -> None:
    before = run((1, 2, "rw-p", "/a", 4), (2, 3, "rw-p", "/b", ABSENT))
    after = run((1, 2, "rw-p", "/a", 4), (2, 3, "rw-p", "/b", 9))
    (row,) = compared(before=before, after=after).rows
    assert (row.name, row.status, row.amount, row.amount.change) == ("/b", "changed", BeforeAfter(None, 9), None)


def test_a_metric_that_is_none_is_reported_with_those_that_there_are() -> None:
    with pytest.raises(SmapstopError) as raised:
        diff_runs(BEFORE, run((1, 2), new_in_linux_9=[1]), "name", "pps", unchanged=False)
    known = str(raised.value).removeprefix("no metric 'pps': the metrics are ").split(", ")
    assert known[:4] == ["size", "rss", "pss", "pss_dirty"]
    assert {"swap", "private_hugetlb", "uss", "dirty", "new_in_linux_9"} <= set(known)
    assert {"pss_anon", "thp_eligible", "kernel_page_size"} & set(known) == set()


@pytest.mark.parametrize("metric", ["pss", "uss"])
def test_a_metric_that_a_kernel_did_not_print_is_reported_with_those_that_both_did(metric: str) -> None:
    new = run((1, 2), file="new", pss=[1], private_clean=[1], private_dirty=[2], swap=[3])
    old = run((1, 2), file="old", swap=[3])
    for pair in ((old, new), (new, old)):
        with pytest.raises(SmapstopError) as raised:
            diff_runs(*pair, "name", metric, unchanged=False)
        assert str(raised.value) == f"the kernel of 'old' did not print {metric}: both have size, rss, swap"


def exceeded(limits: Iterable[str], **other: Any) -> list[tuple[str | None, str, BeforeAfter]]:
    found = find_exceeded(compared(**other), map(parse_limit, limits))
    return [(limit.name, limit.text, growth) for limit, growth in found]


def test_a_limit_of_the_total_and_limits_of_mappings() -> None:
    assert exceeded(["40k", "10%", "/a=46k", "/a=100%", "[heap]=0%", "/new=1000%"]) == [
        ("/a", "46k", BeforeAfter(50, 97)),
        ("/new", "1000%", BeforeAfter(0, 40)),
    ]
    assert exceeded(["39k", "7%"]) == [(None, "39k", BeforeAfter(557, 597)), (None, "7%", BeforeAfter(557, 597))]


def test_a_file_is_known_by_its_name_alone_and_a_limit_is_of_all_its_parts() -> None:
    before = run((1, 2, "r-xp", "/lib/libfoo.so", 4), (2, 3, "rw-p", "/lib/libfoo.so", 4), (3, 4, "rw-p", "/b/c", 1))
    after = run((1, 2, "r-xp", "/lib/libfoo.so", 8), (2, 3, "rw-p", "/lib/libfoo.so", 8), (3, 4, "rw-p", "/b/c", 1))
    for by in ("name", "part"):
        limits = ["libfoo.so=7k", "/lib/libfoo.so=8k"]
        assert exceeded(limits, before=before, after=after, by=by) == [("libfoo.so", "7k", BeforeAfter(8, 16))]


def test_a_limit_that_is_of_no_mapping_is_reported() -> None:
    both = run((1, 2, "rw-p", "/x/libfoo.so"), (2, 3, "rw-p", "/y/libfoo.so"), (3, 4, "rw-p", "/z/libbar.so"))
    cases = {
        "libbra.so": "--fail-over libbra.so: neither run has it: did you mean libbar.so?",
        "/no": "--fail-over /no: neither run has it: --all lists all names",
        "libfoo.so": "--fail-over libfoo.so: it may be /x/libfoo.so or /y/libfoo.so: give the full path",
    }
    for name, told in cases.items():
        with pytest.raises(SmapstopError) as raised:
            exceeded([f"{name}=1k"], before=both, after=both)
        assert str(raised.value) == told


def test_a_limit_of_what_was_not_printed_is_reported() -> None:
    both = run((1, 2, "rw-p", "/a", 4), (2, 3, "rw-p", "/b", ABSENT))
    with pytest.raises(SmapstopError, match="--fail-over /b: its kernel did not print rss"):
        exceeded(["/b=1k"], before=both, after=both)


@pytest.mark.parametrize(
    ("before", "metric", "amount", "note"),
    [
        (run((1, 2), private_clean=[4], private_dirty=[4], swap=[8]), "uss+swap", 16, None),
        (run((1, 2), private_clean=[4], private_dirty=[4]), "uss", 8, "'run' has no swap: compared by uss"),
        (run((1, 2, "rw-p", "", 12)), "rss", 12, "'run' has no uss: compared by rss"),
    ],
)
def test_the_default_metric_is_the_best_that_both_have(
    before: ComparedRun, metric: str, amount: int, note: str | None
) -> None:
    after = run((1, 2), private_clean=[4], private_dirty=[4], swap=[8])
    found = diff_runs(before, after, "name", unchanged=True)
    assert (found.metric, found.sum_of(metric).before) == (metric, amount)
    assert found.notes == (() if note is None else (note,))


def test_two_processes_are_not_compared_by_address() -> None:
    one, other = run((1, 2)), run((5, 6))
    for before, after in ((one, other), (replace(one, pid=1), replace(one, pid=2))):
        with pytest.raises(SmapstopError, match="--by address compares one process, and these are "):
            diff_runs(before, after, "address", unchanged=True)
