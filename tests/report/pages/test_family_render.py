"""What a family copied, as tables and as JSON."""

import json

from smapstop.model.family.sharing import FirstCopy, Part, SharedMapping
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.process_tree import ProcessStat
from smapstop.report.pages.copy_watch import CopyReport
from smapstop.report.pages.cow_family import CowMember
from smapstop.report.pages.family_render import family_as_json, family_as_table
from smapstop.report.pages.inherited import AnonymousPages


def member(pid: int, ppid: int, own: int, missing: str = "") -> CowMember:
    stat = ProcessStat(pid, ppid, "server", "S", pid, 1, 0, 0, 0, 0)
    anonymous = {} if missing else {(0x7F0000001000, ""): AnonymousPages("rw-p", 400, 100, own, 0)}
    return CowMember(stat, 0 if ppid == 1 else 1, (), missing, 0 if missing else 7, anonymous)


FAMILY = (member(10, 1, 25), member(20, 10, 75), member(30, 10, 0, "not permitted"))
COPY = SharedMapping(
    0x7F0000001000,
    "",
    "rw-p",
    400,
    {10: Part(1, 400, 100), 20: Part(1, 400, 300)},
    FirstCopy(20, 1_700_000_000_000_000_000, 3, True, ()),
    ((Frame("refresh", "/bin/server", 0), 3),),
)


def test_the_tables_say_who_whose_own_and_why_not() -> None:
    overview, inherited = family_as_table(FAMILY, width=100).split("\n\n")
    assert overview.splitlines() == [
        "Copied on write by Of files    Own Inherited    Own",
        "server 10                 0      0     400 K  100 K",
        "  server 20               0      0     400 K  300 K",
        "  server 30               –      –         –      –  not permitted",
        "3 processes                      0            400 K  own; shared pages would count more than once",
    ]
    assert inherited.splitlines() == [
        "Own share of what was inherited   Size       10      20",
        "A anon 7f0000001000              400 K     25 %    75 %",
    ]


def test_what_was_watched_names_the_first_and_the_functions() -> None:
    _, copies, _ = family_as_table(FAMILY, CopyReport(10.2, (10, 20), 0, (COPY,), ""), width=120).split("\n\n")
    title, row = copies.splitlines()
    assert title.startswith("Copied within 10 s: own share")
    assert title.split()[6:9] == ["Size", "10", "20"]
    assert title.endswith("First copied by · functions")
    assert row.startswith("A anon 7f0000001000")
    assert row.split()[3:9] == ["400", "K", "25", "%", "75", "%"]
    assert row.endswith(" 3 p · all: refresh 100 %")
    nothing = family_as_table(FAMILY, CopyReport(10.2, (10, 20), 0, (), ""), width=120)
    assert "Within 10 s nothing was copied" in nothing
    assert "were watched" not in nothing


def test_what_was_not_watched_is_counted() -> None:
    watched = "2 of 1,002 processes were watched: the parent and the largest others"
    for mappings in ((), (COPY,)):
        report = CopyReport(10.2, (10, 20), 1000, mappings, "")
        assert watched in family_as_table(FAMILY, report, width=120).splitlines()
        assert json.loads(family_as_json(FAMILY, report))["watched"]["unwatched"] == 1000


def test_the_json_has_all() -> None:
    document = json.loads(family_as_json(FAMILY, CopyReport(10.2, (10, 20), 0, (COPY,), "not seen")))
    assert document["inherited"] == [
        {
            "start": "0x7f0000001000",
            "name": None,
            "perms": "rw-p",
            "processes": [
                {"pid": pid, "size": 400, "pages": 100, "own_pages": own, "swapped_pages": 0}
                for pid, own in ((10, 25), (20, 75))
            ],
        }
    ]
    (copy,) = document["copies"]
    assert (copy["first"]["pid"], copy["first"]["at"]) == (20, "2023-11-14T22:13:20.000000Z")
    assert copy["functions"] == [{"name": "refresh", "file": "/bin/server", "faults": 3}]
    assert document["watched"] == {
        "seconds": 10.2,
        "pids": [10, 20],
        "unwatched": 0,
        "missing_callers": "not seen",
    }
    assert [each["missing"] for each in document["processes"]] == [None, None, "not permitted"]
    assert "watched" not in json.loads(family_as_json(FAMILY))
