"""What the detail of a mapping says."""

from typing import Any

from factories import mappings_of, tick_of, timeline_of

from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.history.mapping_history import MappingHistory, MappingState
from smapstop.model.kinds import Kind
from smapstop.model.labels import Label
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.proc.columns import ABSENT, StringTable
from smapstop.text.lifecycle import end_text, last_change, lifecycle_lines
from smapstop.text.mapping_detail import (
    ComparedTicks,
    FieldRow,
    compared_ticks,
    exact_amount,
    exact_change,
    facts_of,
    field_help,
    field_rows,
    field_widths,
    flags_of,
    flow,
    perms_text,
    title_of,
)
from smapstop.text.units import UnitFormat

FILE = (0x10, 0x12, "rw-p", "/usr/bin/x", 8, 3)


def written(number: int, private_clean: int, private_dirty: int, **other: Any) -> Tick:
    """A tick of the experiment: a private file page is written to, which copies it."""
    rows = mappings_of(
        FILE,
        private_clean=[private_clean],
        private_dirty=[private_dirty],
        anonymous=[private_dirty],
        thp_eligible=[0],
    )
    return tick_of(number, rows, [7], **other)


def seen(*ticks: Tick, lens: ViewState | None = None, mapping: int = 7) -> tuple[MappingHistory, ComparedTicks]:
    """A mapping through a lens."""
    timeline = timeline_of(*ticks)
    life = MappingHistory(timeline, mapping)
    return life, compared_ticks(life, derive_view(timeline, lens or ViewState()))


def fields(life: MappingHistory, view: ComparedTicks) -> dict[str, FieldRow]:
    return {row.name: row for row in field_rows(life, view, field_widths(110))}


def compared(life: MappingHistory, view: ComparedTicks) -> dict[str, tuple[str, str, str, str]]:
    return {name: (row.before, row.after, row.delta, row.rate) for name, row in fields(life, view).items()}


# the fields


def test_the_copy_on_write_is_one_glance() -> None:
    assert compared(*seen(written(0, 4, 4), written(1, 0, 8))) == {
        "size": ("8", "8", "·", "·"),
        "rss": ("8", "8", "·", "·"),
        "private_clean": ("4", "0", "−4", "−4 K/s"),
        "private_dirty": ("4", "8", "+4", "+4 K/s"),
        "anonymous": ("4", "8", "+4", "+4 K/s"),
        "thp_eligible": ("0", "0", "·", ""),
    }


def test_a_change_is_against_the_compared_moment() -> None:
    ticks = written(0, 8, 0), written(1, 4, 4), written(2, 0, 8), written(3, 0, 8)

    def dirty(lens: ViewState) -> tuple[str, str, str, str]:
        return compared(*seen(*ticks, lens=lens))["private_dirty"]

    assert dirty(ViewState()) == ("8", "8", "·", "+2.67 K/s"), "the rate is over the last ticks"
    assert dirty(ViewState(baseline="mark", mark=1)) == ("4", "8", "+4", "+2.67 K/s")
    assert dirty(ViewState(baseline="start")) == ("0", "8", "+8", "+2.67 K/s")
    assert dirty(ViewState(at=2)) == ("4", "8", "+4", "+4 K/s")


def test_a_field_says_how_it_last_changed_and_when() -> None:
    rows = fields(*seen(written(0, 8, 0), written(1, 4, 4), written(2, 4, 4), written(3, 4, 4)))

    assert (rows["private_dirty"].last, rows["private_dirty"].age) == ("+4 · 1 s", 2)
    assert (rows["private_clean"].last, rows["private_clean"].age) == ("−4 · 1 s", 2)
    assert (rows["rss"].last, rows["rss"].age) == ("", None)


def test_a_field_is_zero_only_when_it_always_was() -> None:
    rows = fields(*seen(written(0, 4, 0), written(1, 0, 4), written(2, 0, 4)))

    assert [name for name, row in rows.items() if row.zero] == ["thp_eligible"]
    assert [name for name, row in rows.items() if row.constant] == ["size", "rss", "thp_eligible"]


def test_what_the_kernel_does_not_print_has_no_row_and_what_it_stopped_to_print_is_unknown() -> None:
    def printed(number: int, ksm: int) -> Tick:
        return tick_of(number, mappings_of(FILE, ksm=[ksm], swap=[ABSENT]), [7])

    assert compared(*seen(printed(0, 4), printed(1, ABSENT))) == {
        "size": ("8", "8", "·", "·"),
        "rss": ("8", "8", "·", "·"),
        "ksm": ("4", "–", "–", "–"),
    }


def test_a_mapping_that_is_new_changed_by_all_that_it_has() -> None:
    first = tick_of(0, mappings_of((1, 2)), [1])
    born = tick_of(1, mappings_of((5, 7, "rw-p", "", 8)), [7])

    assert compared(*seen(first, born)) == {"size": ("–", "8", "+8", "+8 K/s"), "rss": ("–", "8", "+8", "+8 K/s")}


def test_against_an_earlier_run_every_field_is_compared_with_what_the_mapping_had_there() -> None:
    texts = StringTable(["", "another run"])
    there = mappings_of((0x90, 0x92, "rw-p", "/usr/bin/x", 8, 3), private_dirty=[4], texts=texts)
    earlier = PreviousRun(1, timeline_of(tick_of(0, there, [0])))
    timeline = timeline_of(written(0, 0, 8), tick_of(1, mappings_of((5, 7, "rw-p", "", 8)), [8]))

    def against(mapping: int) -> tuple[MappingHistory, ComparedTicks]:
        life = MappingHistory(timeline, mapping)
        return life, compared_ticks(life, derive_view(timeline, ViewState(baseline="run"), earlier))

    assert compared(*against(7)) == {
        "size": ("8", "8", "·", "·"),
        "rss": ("8", "8", "·", "·"),
        "private_clean": ("–", "0", "–", "·"),
        "private_dirty": ("4", "8", "+4", "·"),
        "anonymous": ("–", "8", "–", "·"),
        "thp_eligible": ("–", "0", "–", ""),
    }
    assert compared(*against(8)) == {"size": ("–", "8", "+8", "+8 K/s"), "rss": ("–", "8", "+8", "+8 K/s")}


def test_what_is_gone_is_not_compared_with_an_earlier_run() -> None:
    gone = tick_of(2, mappings_of((50, 52)), [9], gone=[7])
    timeline = timeline_of(written(0, 4, 4), written(1, 0, 8), gone)
    life = MappingHistory(timeline, 7)
    view = compared_ticks(
        life, derive_view(timeline, ViewState(baseline="run"), PreviousRun(1, timeline_of(written(0, 0, 0))))
    )

    assert compared(life, view)["private_dirty"] == ("4", "8", "+4", "–")


def test_without_a_time_between_there_is_no_rate() -> None:
    held = seen(written(0, 4, 4), written(1, 0, 8, monotonic_ns=90_000_000_000))

    assert compared(*held)["private_dirty"] == ("4", "8", "+4", "–")


def test_the_history_ends_at_the_time_looked_at() -> None:
    ticks = [written(0, 8, 0), written(1, 4, 4), written(2, 0, 8)]

    assert fields(*seen(*ticks))["private_dirty"].history[:3] == "▁▅▅"
    assert fields(*seen(*ticks))["private_dirty"].history[-3:] == "███"
    assert fields(*seen(*ticks, lens=ViewState(at=1)))["private_dirty"].history.rstrip().endswith("███")
    assert fields(*seen(*ticks, lens=ViewState(at=1)))["private_dirty"].history.endswith("  ")


def test_amounts_are_exact_as_long_as_there_is_room() -> None:
    assert (exact_amount(0, 9), exact_amount(4, 9), exact_amount(1 << 20, 9)) == ("0", "4", "1,048,576")
    assert exact_amount(1_572_864, 8) == "1.5 G"
    assert exact_amount(float("nan"), 9) == "–"
    assert tuple(exact_change(kb, 9) for kb in (1234, -4, 0, float("nan"))) == ("+1,234", "−4", "·", "–")
    assert exact_change(-1_572_864, 8) == "−1.5 G"


def test_amounts_in_the_unit_chosen_and_rounded_where_they_do_not_fit() -> None:
    pages, bytes_ = UnitFormat("pages"), UnitFormat("bytes")
    assert (exact_amount(4096, 9, pages), exact_change(-8, 9, pages)) == ("1,024", "−2")
    assert (exact_amount(1024, 9, bytes_), exact_amount(1024, 8, bytes_)) == ("1,048,576", "1 M")


def test_fields_are_in_the_unit_but_those_that_are_no_amounts() -> None:
    life, view = seen(written(0, 4, 4), written(1, 0, 8))
    rows = field_rows(
        life, view, field_widths(110), lambda name: UnitFormat("pages" if name != "thp_eligible" else "auto")
    )
    shown = {row.name: (row.before, row.after, row.delta, row.rate) for row in rows}
    assert shown["private_dirty"] == ("1", "2", "+1", "+1/s")
    assert shown["thp_eligible"] == ("0", "0", "·", "")


def test_the_columns_fit() -> None:
    for width in range(19, 240):
        w = field_widths(width)
        before, history = w.before and w.before + 3, w.history and w.history + 2
        assert 2 + w.label + 1 + before + w.after + w.delta + w.rate + history + w.last <= width
        assert w.history >= 6 or width < 78


def test_on_a_narrow_terminal_the_least_important_columns_are_left_out() -> None:
    columns = {
        width: [name for name in ("before", "delta", "rate") if getattr(field_widths(width), name)]
        for width in (62, 61, 50, 38)
    }
    assert columns == {62: ["before", "delta", "rate"], 61: ["before", "delta"], 50: ["before"], 38: []}
    assert field_widths(39).before >= len("999,999")


def test_every_known_field_is_explained_and_an_unknown_one_says_so() -> None:
    assert field_help("private_dirty").startswith("Resident pages that only this mapping maps")
    assert field_help("new_in_7") == "Unknown to smapstop: see proc(5) of this kernel."


# where and what it is


def state(*row: Any, **amounts: Any) -> MappingState:
    return MappingState(mappings_of(row, **amounts), 0)


def test_the_title_is_the_whole_name_and_the_probable_part_of_a_file() -> None:
    assert title_of(state(*FILE), None) == (Kind.FILE, "/usr/bin/x .data")
    assert title_of(state(1, 2, "rw-p", "[heap]"), None) == (Kind.HEAP, "[heap]")
    assert title_of(state(5, 6), None) == (Kind.ANONYMOUS, "anon 5000")
    assert title_of(state(5, 6), Label("a\x1b .bss", guess=True)) == (Kind.ANONYMOUS, r"a\x1b .bss? 5000")
    assert title_of(state(1, 2, "r-xp", "/a\x1b[31m"), None) == (Kind.FILE, r"/a\x1b[31m .text")


def test_the_facts_are_the_head_of_the_entry_in_words() -> None:
    heap = state(0x55, 0x57, "rw-p", "[heap]")
    assert facts_of(heap) == ["rw-p · read, write, private (CoW)", "00055000-00057000", "8 K"]
    file = state(*FILE, kernel_page_size=[4])
    inode = int(file.rows.inode[0])
    assert ["8 K = 2 pages", "file offset 0x3000", f"device 08:01 inode {inode}"] == facts_of(file)[2:]
    deleted = state(1, 2, "r--p", "/usr/bin/x (deleted)")
    assert facts_of(deleted)[-1] == "deleted: the file has been removed or replaced"
    assert "deleted" not in facts_of(state(1, 2, "rw-s", "/memfd:x (deleted)"))[-1]
    assert facts_of(state(1, 2, "rw-s", "/dev/zero (deleted)"))[-1].endswith(": no file was deleted")
    huge = facts_of(state(1, 2, private_hugetlb=[2048], shared_hugetlb=[4096]))
    assert huge[-1] == "6 M of hugetlb memory, which is not in Rss"


def test_permissions_are_words() -> None:
    assert perms_text("---p") == "no access, private (CoW)"
    assert perms_text("r-xp") == "read, execute, private (CoW)"
    assert perms_text("rw-s") == "read, write, shared"


def test_flags_are_words_and_unknown_ones_stay() -> None:
    assert flags_of(state(1, 2, "r--p", "", 0, 0, "rd q7 lo")) == [
        ("rd", "readable"),
        ("q7", ""),
        ("lo", "locked into memory"),
    ]


def test_texts_flow_into_lines() -> None:
    assert flow(["aaa", "bbb", "ccccc", "ddddddddd"], 8, "  ") == ["aaa  bbb", "ccccc", "ddddddd…"]


# what became of it


def test_the_last_change_names_the_fields_that_changed() -> None:
    last = last_change(seen(written(0, 4, 4), written(1, 0, 8), written(2, 0, 8))[0], 2)

    assert last is not None
    assert last.fields == (("private_clean", 4, 0), ("private_dirty", 4, 8), ("anonymous", 4, 8))
    assert (last.ago, last.lifecycle) == ("now", ())


def test_the_last_change_may_be_of_the_flags_alone() -> None:
    before, after = (mappings_of((1, 2, "r--p", "", 0, 0, flags)) for flags in ("rd wr", "rd lo"))
    last = last_change(seen(tick_of(0, before, [7]), tick_of(1, after, [7]))[0], 1)

    assert last is not None
    assert (last.fields, last.lifecycle) == ((), ("VmFlags +lo −wr",))


def test_what_never_changed_has_no_last_change() -> None:
    assert last_change(seen(written(0, 4, 4), written(1, 4, 4))[0], 1) is None
    assert last_change(seen(written(0, 4, 4), written(1, 0, 8))[0], 0) is None


def test_its_life_is_reported_newest_first_up_to_the_moment() -> None:
    ticks = (
        tick_of(0, mappings_of((1, 2, "rw-p", "", 0)), [1]),
        tick_of(1, mappings_of((5, 7)), [7], lineage=(LifecycleEvent("map", 7),)),
        tick_of(2, mappings_of((5, 40)), [7], lineage=(LifecycleEvent("grow", 7),)),
        tick_of(
            3,
            mappings_of((5, 9, "r--p"), (9, 40)),
            [7, 8],
            lineage=(LifecycleEvent("split", 8, 7), LifecycleEvent("protect", 7)),
        ),
        tick_of(
            4,
            mappings_of((60, 64, "r--p", "[anon:x]")),
            [7],
            lineage=(LifecycleEvent("move", 7), LifecycleEvent("rename", 7)),
        ),
        tick_of(5, mappings_of((60, 62, "r--p", "[anon:x]")), [7], lineage=(LifecycleEvent("shrink", 7),)),
    )
    life = MappingHistory(timeline_of(*ticks), 7)

    assert lifecycle_lines(life, 5) == [
        ("22:13:25.0", "shrank −8 K to 8 K"),
        ("22:13:24.0", "renamed from no name to [anon:x]"),
        ("22:13:24.0", "moved from 00005000-00009000 to 0003c000-00040000"),
        ("22:13:23.0", "protected, rw-p → r--p"),
        ("22:13:23.0", "VMA split, new mapping 00009000-00028000"),
        ("22:13:22.0", "grew +132 K to 140 K"),
        ("22:13:21.0", "mapped at 00005000-00007000"),
    ]
    assert lifecycle_lines(life, 1) == [("22:13:21.0", "mapped at 00005000-00007000")]
    assert lifecycle_lines(MappingHistory(life.timeline, 8), 5) == [
        ("22:13:23.0", "VMA split from 00005000-00009000, at 00009000-00028000")
    ]
    assert lifecycle_lines(MappingHistory(life.timeline, 1), 5) == [("22:13:20.0", "first seen at 00001000-00002000")]


# when it is not there


def gone_by(number: int, **other: Any) -> tuple[Tick, ...]:
    usual: dict[str, Any] = {"gone": [7], "lineage": (LifecycleEvent("unmap", 7),)}
    last = tick_of(number, mappings_of(), [], **(usual | other))
    return (*(written(at, 4, 4) for at in range(number - 1)), written(number - 1, 0, 8), last)


def test_a_mapping_that_is_gone_keeps_its_last_state_and_says_so() -> None:
    life, view = seen(*gone_by(3), tick_of(4, mappings_of(), []))

    assert ComparedTicks(2, 1, 0, None, "gone since 22:13:23: unmapped; showing its last state", view.window) == view
    assert compared(life, view)["private_dirty"] == ("4", "8", "+4", "–")


def test_the_ends_of_a_mapping_are_distinguished() -> None:
    merged = mappings_of((0x10, 0x20))
    exec_tick = {"keyframe": True, "executed": True, "lineage": (), "gone": []}

    assert "unmapped" in end_text(seen(*gone_by(1))[0])
    assert "the process started a new program (exec)" in end_text(seen(*gone_by(1, **exec_tick))[0])
    ticks = (*gone_by(1)[:1], tick_of(1, merged, [3], gone=[7], lineage=(LifecycleEvent("merge", 7, 3),)))
    assert "merged into 00010000-00020000" in end_text(seen(*ticks)[0])
    assert end_text(seen(written(0, 4, 4))[0]) == ""


def test_a_mapping_that_is_not_there_yet_shows_how_it_begins() -> None:
    ticks = tick_of(0, mappings_of((1, 2)), [1]), tick_of(1, mappings_of((5, 7, "rw-p", "", 8)), [7])
    life, view = seen(*ticks, lens=ViewState(at=0))

    assert ComparedTicks(1, 1, 1, None, "not mapped yet; showing its first sample, at 22:13:21", view.window) == view
    assert compared(life, view)["rss"] == ("8", "8", "·", "·")


def test_what_could_not_be_read_is_said_with_the_remedy() -> None:
    denied = tick_of(1, mappings_of(), [], tier="counters", missing="not permitted: try sudo")
    life, view = seen(written(0, 4, 4), denied)

    assert view.notice == "not read at this tick: not permitted: try sudo"
    assert compared(life, view)["private_dirty"][1] == "4"


def test_the_end_of_the_process_leaves_everything_as_it_was() -> None:
    life, view = seen(written(0, 4, 4), tick_of(1, mappings_of(), []))

    assert view.notice == ""
    assert compared(life, view)["private_dirty"] == ("4", "4", "·", "·")
