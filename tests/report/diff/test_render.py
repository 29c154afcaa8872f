"""What a comparison says to programs, to people, and in a pull request."""

import json
from typing import Any

import pytest
from factories import mappings_of

from smapstop import __version__
from smapstop.model.compare.group_comparison import MatchKey
from smapstop.proc.columns import ABSENT, StringTable
from smapstop.report.diff.compare import BeforeAfter, Diff, diff_runs
from smapstop.report.diff.inputs import ComparedRun
from smapstop.report.diff.limits import parse_limit
from smapstop.report.diff.render import MOVERS, as_json, as_markdown, as_table, excess_text, share
from smapstop.text.format import cell_width

LIB = "/usr/lib/libfoo.so"


def run(*rows: tuple[Any, ...], amounts: dict[str, list[int]] | None = None, **other: Any) -> ComparedRun:
    return ComparedRun(mappings=mappings_of(*rows, texts=StringTable(), **amounts or {}), **{"file": "run"} | other)


BEFORE = run(
    (1, 2, "r-xp", LIB, 40, 0),
    (2, 3, "rw-p", LIB, 20, 1),
    (3, 4, "rw-p", "", 1000),
    (4, 5, "rw-p", "/old", 7),
    (5, 6, "rw-p", "[heap]", 500),
    amounts={"swap": [1, 2, 3, 4, ABSENT]},
    file="base",
    pid=4711,
    name="server",
    taken_at="2026-11-23T03:33:00.123456Z",
    tick=12,
    seconds=12.04,
)
AFTER = run(
    (1, 2, "r-xp", LIB, 42, 0),
    (2, 3, "rw-p", LIB, 30, 2),
    (3, 4, "rw-p", "", 1600),
    (4, 5, "rw-p", "", 400),
    (5, 6, "rw-p", "/new", 90),
    (6, 7, "rw-p", "[heap]", 500),
    file="-",
)


def compared(by: MatchKey = "name", *, unchanged: bool = False) -> Diff:
    return diff_runs(BEFORE, AFTER, by, "rss", unchanged=unchanged)


def test_the_json_says_which_runs_and_every_field_before_and_after() -> None:
    document = json.loads(as_json(compared()))
    assert list(document) == ["schema", "tool", "by", "metric", "before", "after", "totals", "groups"]
    heads = [document[name] for name in ("schema", "tool", "by", "metric")]
    assert heads == [1, f"smapstop {__version__}", "name", "rss"]
    assert document["before"] == {
        "file": "base",
        "process": {"pid": 4711, "name": "server"},
        "taken_at": "2026-11-23T03:33:00.123456Z",
        "tick": 12,
        "seconds": 12.04,
    }
    assert document["after"] == {"file": "-", "process": None, "taken_at": None, "tick": None, "seconds": None}
    told = [(group["name"], group["kind"], group["status"]) for group in document["groups"]]
    assert told == [
        ("anonymous", "anonymous", "changed"),
        ("/new", "file", "new"),
        (LIB, "file", "changed"),
        ("/old", "file", "gone"),
    ]
    anonymous, new, _, old = document["groups"]
    amounts = [anonymous[side]["rss"] for side in ("before", "after", "change")]
    members = [anonymous[side]["members"] for side in ("before", "after", "change")]
    assert (amounts, members) == ([1000, 2000, 1000], [1, 2, 1])
    assert [new["before"]["rss"], old["after"]["rss"], old["change"]["rss"]] == [0, 0, -7]


def test_the_totals_of_the_json_are_the_sums_of_all_groups_and_of_those_that_did_not_change() -> None:
    document = json.loads(as_json(compared(unchanged=True)))
    for side, totals in document["totals"].items():
        assert totals["rss"] == sum(group[side]["rss"] for group in document["groups"])
        assert totals["members"] == sum(group[side]["members"] for group in document["groups"])
    assert json.loads(as_json(compared()))["totals"] == document["totals"]
    assert document["totals"]["change"]["rss"] == 1095


def test_what_a_kernel_did_not_print_is_null_in_the_json() -> None:
    document = json.loads(as_json(compared(unchanged=True)))
    (heap,) = [group for group in document["groups"] if group["name"] == "[heap]"]
    (old,) = [group for group in document["groups"] if group["name"] == "/old"]
    assert [heap[side]["swap"] for side in ("before", "after", "change")] == [None, None, None]
    assert [old[side]["swap"] for side in ("before", "after", "change")] == [4, None, None]
    assert [old["before"][name] for name in ("pss", "uss", "ksm")] == [None, None, None]
    assert [document["totals"][side]["swap"] for side in ("before", "after", "change")] == [10, None, None]


def test_parts_of_files_have_permissions_and_an_offset() -> None:
    document = json.loads(as_json(compared("part")))
    told = [(group["perms"], group["offset"]) for group in document["groups"] if group["name"] == LIB]
    assert told == [("rw-p", 8192), ("r-xp", 0)]
    assert all("perms" not in group for group in json.loads(as_json(compared()))["groups"])


def test_the_json_is_ascii_whatever_names_there_are() -> None:
    evil = run((1, 2, "rw-p", "/\udcff\x1b[1m\x7fü", 4))
    text = as_json(diff_runs(evil, AFTER, "name", "rss", unchanged=False))
    assert text.isascii()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert json.loads(text)["groups"][-1]["name"] == "/\udcff\x1b[1m\x7fü"


def test_the_table_says_which_runs_what_moved_and_the_totals() -> None:
    assert as_table(compared(), width=100).splitlines() == [
        "before base, server 4711, 2026-11-23 03:33:00 UTC, tick 12 at 12.0 s",
        "after  stdin",
        "",
        "Rss by name                Maps Before  After  Change       %",
        "anonymous                   1→2 1000 K 1.95 M +1000 K  +100 %",
        "/new                          1          90 K   +90 K     new",
        "/usr/lib/libfoo.so            2   60 K   72 K   +12 K   +20 %",
        "/old                          1    7 K           −7 K    gone",
        "total, with 1 unchanged     5→6 1.53 M  2.6 M +1.07 M   +70 %",
    ]


def test_the_table_of_parts_says_where_they_are() -> None:
    lines = as_table(compared("part", unchanged=True), width=100).splitlines()[3:]
    assert [line for line in lines if line.startswith(("Rss", LIB, "total"))] == [
        "Rss by part        Perm  Offset    Maps Before  After  Change       %",
        "/usr/lib/libfoo.so rw-p    2000       1   20 K   30 K   +10 K   +50 %",
        "/usr/lib/libfoo.so r-xp       0       1   40 K   42 K    +2 K  +5.0 %",
        "total                               5→6 1.53 M  2.6 M +1.07 M   +70 %",
    ]


@pytest.mark.parametrize("width", [24, 40, 60, 80, 118, 240])
def test_the_table_fits_any_terminal(width: int) -> None:
    long = run((1, 2, "rw-p", "/" + "長い" * 40 + "/libfoo.so", 4), file="/tmp/" + "x" * 100)
    for by in ("name", "part"):
        for line in as_table(diff_runs(BEFORE, long, by, "rss", unchanged=True), width=width).splitlines():
            assert cell_width(line) <= width


def test_runs_that_are_alike_have_only_totals() -> None:
    same = diff_runs(BEFORE, BEFORE, "name", "rss", unchanged=False)
    assert as_table(same, width=100).splitlines()[3:] == [
        "Rss by name                Maps Before  After  Change       %",
        "total, with 4 unchanged       5 1.53 M 1.53 M       ·",
    ]
    assert as_markdown(same).splitlines()[4:] == ["Nothing changed."]
    assert json.loads(as_json(same))["groups"] == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1000, 1331, "+33 %"),
        (1000, 1031, "+3.1 %"),
        (1000, 969, "−3.1 %"),
        (1000, 0, "−100 %"),
        (10, 109, "+990 %"),
        (10, 110, "×11"),
        (1, 70_000, "×70k"),
        (7, 7, ""),
        (0, 7, ""),
        (0, 0, ""),
        (None, 7, ""),
    ],
)
def test_a_change_as_a_share(before: int | None, after: int, expected: str) -> None:
    assert share(BeforeAfter(before, after)) == expected


def test_markdown_has_the_totals_as_its_heading_and_a_table() -> None:
    assert as_markdown(compared()).splitlines() == [
        "### Rss 1.5 MiB → 2.6 MiB, +1.1 MiB (+70 %)",
        "",
        "`base, server 4711, 2026-11-23 03:33:00 UTC, tick 12 at 12.0 s` → `stdin`",
        "",
        "| Rss by name | Maps | Before | After | Change | % |",
        "|:--|--:|--:|--:|--:|--:|",
        "| `anonymous` | 1→2 | 1000 K | 1.95 M | +1000 K | +100 % |",
        "| `/new` | 1 |  | 90 K | +90 K | new |",
        "| `/usr/lib/libfoo.so` | 2 | 60 K | 72 K | +12 K | +20 % |",
        "| `/old` | 1 | 7 K |  | −7 K | gone |",
    ]


def test_markdown_of_parts() -> None:
    lines = as_markdown(compared("part")).splitlines()
    assert "| `/usr/lib/libfoo.so` rw-p +0x2000 | 1 | 20 K | 30 K | +10 K | +50 % |" in lines


def test_markdown_shows_the_biggest_movers_and_counts_the_others() -> None:
    many = run(*((n, n + 1, "rw-p", f"/lib/{n}", n) for n in range(1, MOVERS + 32)))
    lines = as_markdown(diff_runs(run(), many, "name", "rss", unchanged=False)).splitlines()
    assert len([line for line in lines if line.startswith("| `/lib/")]) == MOVERS
    assert lines[-1] == "and 31 more"
    assert "/lib/51`" in lines[6]


def test_a_name_is_no_markup() -> None:
    odd = run((1, 2, "rw-p", "/a|b`c``\x1b*d*", 4))
    row = as_markdown(diff_runs(run(), odd, "name", "rss", unchanged=False)).splitlines()[6]
    assert row.startswith(r"| ``` /a\|b`c``\x1b*d* ``` | 1 |")


def test_why_a_limit_is_exceeded() -> None:
    found = compared()
    texts = [
        excess_text(found, parse_limit(text), growth)
        for text, growth in (
            ("10%", found.sum_of("rss")),
            ("libfoo.so=1k", BeforeAfter(60, 72)),
            ("/new=5%", BeforeAfter(0, 90)),
        )
    ]
    assert texts == [
        "Rss in total grew from 1.5 MiB to 2.6 MiB, +1.1 MiB (+70 %): more than 10%",
        "Rss of libfoo.so grew from 60 KiB to 72 KiB, +12 KiB (+20 %): more than 1k",
        "Rss of /new grew from 0 KiB to 90 KiB, +90 KiB: more than 5%",
    ]
