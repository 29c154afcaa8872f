"""Page faults in every format."""

import json

import numpy as np
import pytest
from factories import PAGE, mappings_of, tick_of

from smapstop.errors import SmapstopError
from smapstop.model.callers.call_stacks import BEYOND, NO_STACK, CallStacks
from smapstop.model.callers.page_faults import NO_LONGER_MAPPED, PageFaults
from smapstop.proc.callstack.frames import Frame
from smapstop.report.faults.fault_report import FaultCollector, FaultReport
from smapstop.report.faults.render import as_folded, as_json, as_speedscope, as_table

MAIN = Frame("main", "/bin/prog", 99, "prog.c:40")
TOUCH = Frame("touch", "/bin/prog", 16, "prog.c:12")
OTHER = Frame(None, "/lib/libx.so", 0x1234)
MALLOC = Frame("malloc", "/lib/libc.so.6", 7)
HEAP, LIBRARY = 0, 1


def report(**totals: int) -> FaultReport:
    """Two seconds of a program: faults in its heap, in a library, in memory that is gone, and in what came later."""
    stacks = CallStacks()
    touched, other = stacks.intern([MALLOC, TOUCH, MAIN]), stacks.intern([OTHER, BEYOND])
    rows = [(NO_LONGER_MAPPED, NO_STACK, 1), (HEAP, touched, 6), (HEAP, other, 2), (LIBRARY, touched, 1)]
    mapping, stack, faults = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    amounts = {"minor": 12, "major": 1, "seen": 10, "lost": 0, "in_system_calls": 3} | totals
    first = PageFaults(**amounts, mapping=mapping, stack=stack.astype(np.int32), faults=faults, stacks=stacks)
    collector = FaultCollector()
    maps = mappings_of((16, 20, "rw-p", "[heap]"), (30, 40, "r-xp", "/lib/libx.so"))
    collector.add(tick_of(0, maps, [HEAP, LIBRARY]))
    collector.add(tick_of(1, maps, [HEAP, LIBRARY], faults=first))
    collector.add(tick_of(2, maps, [HEAP, LIBRARY], faults=first.of_mapping(HEAP)))
    return collector.report()


def test_json_has_every_frame_and_is_ascii() -> None:
    text = as_json(report())
    reported = json.loads(text)

    assert text.isascii()
    assert reported["process"] == {"pid": 4711, "name": "program"}
    assert reported["seconds"] == 2.0
    assert reported["faults"] == {
        "counted": 26,
        "minor": 24,
        "major": 2,
        "seen": 20,
        "lost": 0,
        "in_system_calls": 6,
    }
    assert [each["faults"] for each in reported["mappings"]] == [16, 1, 1]
    heap = reported["mappings"][0]
    assert heap["mapping"] == {
        "start": hex(16 * PAGE),
        "end": hex(20 * PAGE),
        "perms": "rw-p",
        "name": "[heap]",
        "kind": "heap",
        "label": None,
    }
    assert heap["stacks"][0] == {
        "faults": 12,
        "frames": [
            {"name": "malloc", "file": "/lib/libc.so.6", "offset": 7, "source": None, "inlined": False},
            {"name": "touch", "file": "/bin/prog", "offset": 16, "source": "prog.c:12", "inlined": False},
            {"name": "main", "file": "/bin/prog", "offset": 99, "source": "prog.c:40", "inlined": False},
        ],
    }
    gone = next(each for each in reported["mappings"] if each["mapping"] is None)
    assert gone["stacks"] == [
        {"faults": 1, "frames": [{"name": "…", "file": "", "offset": 0, "source": None, "inlined": False}]}
    ]


def test_folded_stacks_begin_with_the_mapping_and_leave_out_skipped_frames() -> None:
    assert as_folded(report()).splitlines() == [
        "[heap];main;touch 12",
        "[heap];…;libx.so+0x1234 4",
        "no longer mapped;… 1",
        "libx.so .text;main;touch 1",
    ]


def test_speedscope_has_a_profile_of_all_and_of_each_mapping() -> None:
    reported = json.loads(as_speedscope(report()))

    assert reported["$schema"].startswith("https://www.speedscope.app/")
    assert [profile["name"] for profile in reported["profiles"]][:2] == ["all mappings", "[heap]"]
    whole = reported["profiles"][0]
    assert whole["endValue"] == sum(whole["weights"]) == 18
    names = [[reported["shared"]["frames"][at]["name"] for at in sample] for sample in whole["samples"]]
    assert names[0] == ["main", "touch"]
    assert {"name": "touch", "file": "prog.c", "line": 12} in reported["shared"]["frames"]


def test_table_says_who_asked_and_who_called() -> None:
    lines = as_table(report(lost=4), 100).splitlines()

    assert lines[0] == "program (4711): 26 page faults in 2 s, 2 of them major"
    assert lines[1:3] == ["  6 inside system calls, not visible", "  8 lost, distributed like the others"]
    assert lines[5].split() == ["16", "88.9%", "[heap]", "rw-p", "10000-14000"]
    assert lines[6].split(maxsplit=2) == ["12", "66.7%", "touch prog.c:12 < main"]
    assert lines[7].split(maxsplit=2) == ["4", "22.2%", "libx.so+0x1234 < …"]
    assert any(line.endswith("callers not known") for line in lines)


@pytest.mark.parametrize("width", [20, 40, 79, 200])
def test_table_is_never_wider_than_asked(width: int) -> None:
    assert all(len(line) <= width for line in as_table(report(), width).splitlines())


def test_only_some_mappings_are_reported_if_asked() -> None:
    reported = json.loads(as_json(report().of_mappings("[heap]")))

    assert [each["faults"] for each in reported["mappings"]] == [16]
    assert reported["faults"]["counted"] == 26
    assert (
        json.loads(as_json(report().of_mappings(hex(31 * PAGE))))["mappings"][0]["mapping"]["name"] == "/lib/libx.so"
    )
    with pytest.raises(SmapstopError, match="no page faults in a mapping 'nothing'"):
        report().of_mappings("nothing")


def test_run_without_ticks_is_one_line() -> None:
    with pytest.raises(SmapstopError, match="no page faults were seen"):
        FaultCollector().report()
