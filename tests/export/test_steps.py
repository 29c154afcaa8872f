"""Which ticks are exported, and which of their mappings: those that changed, all of them in the first."""

from pathlib import Path
from typing import Any

import pytest
from address_space import readings, space_histories, ticks_of
from export_helpers import export_jsonl, open_steps, record_ticks
from factories import mappings_of, tick_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.errors import SmapstopError
from smapstop.export.steps import changed_rows, gone_rows
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.filter import parse_filter
from smapstop.proc.columns import StringTable

TEXTS = StringTable()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


def growing() -> list[Tick]:
    """A heap that grows by a page a second, beside a file that does not change, and a keyframe at the third tick."""

    def heap(tick: int) -> tuple[int, int, str, str, int]:
        return (0, 9, "rw-p", "[heap]", 4 * tick)

    library = (20, 25, "r--p", "/lib/a", 20)
    return [
        tick_of(0, mappings_of(heap(0), library, texts=TEXTS), [7, 8]),
        tick_of(1, mappings_of(heap(1), texts=TEXTS), [7]),
        tick_of(2, mappings_of(heap(2), library, texts=TEXTS), [7, 8], keyframe=True),
        tick_of(3, mappings_of(heap(3), texts=TEXTS), [7]),
        tick_of(4, mappings_of(texts=TEXTS), [], gone=[7], lineage=(LifecycleEvent("unmap", 7),)),
    ]


def changes(path: Path, **window: Any) -> list[tuple[int, int]]:
    """The tick and the mapping of each change."""
    return [(record["tick"], record["mapping"]) for record in export_jsonl(path, "changes", **window)]


def test_the_first_tick_reports_every_mapping_and_a_keyframe_of_what_changed(path: Path) -> None:
    record_ticks(path, *growing())

    assert changes(path) == [(0, 7), (0, 8), (1, 7), (2, 7), (3, 7)]


def test_so_does_the_first_tick_of_a_stretch_of_time(path: Path) -> None:
    record_ticks(path, *growing())

    assert changes(path, begin=0.5, end=2.5) == [(1, 7), (1, 8), (2, 7)]
    assert [record["seconds"] for record in export_jsonl(path, "ticks", begin=0.5, end=2.0)] == [1.0, 2.0]


def test_what_happened_at_the_first_tick_of_a_stretch_is_derived_from_the_tick_before_it(path: Path) -> None:
    record_ticks(path, *growing())

    (unmapped,) = export_jsonl(path, "events", begin=3.5)
    assert (unmapped["what"], unmapped["name"], unmapped["evidence"]) == (
        "unmap",
        "[heap]",
        {"size": -36, "rss": -12},
    )


def test_a_filter_reports_mappings_while_they_pass(path: Path) -> None:
    record_ticks(path, *growing())

    assert changes(path, test=parse_filter("heap")) == [(0, 7), (1, 7), (2, 7), (3, 7)]
    assert changes(path, test=parse_filter("rss>=8")) == [(0, 8), (2, 7), (3, 7)]
    assert changes(path, test=parse_filter("delta>0")) == [(1, 7), (2, 7), (3, 7)]
    assert len(export_jsonl(path, "ticks", test=parse_filter("no-such-name"))) == 5


def test_what_is_gone_passes_as_it_was(path: Path) -> None:
    record_ticks(path, *growing())

    assert [record["what"] for record in export_jsonl(path, "events", test=parse_filter("heap"))] == ["unmap"]
    assert export_jsonl(path, "events", test=parse_filter("lib")) == []


def test_a_filter_by_a_field_that_is_not_there_names_those_that_are(path: Path) -> None:
    record_ticks(path, *growing())

    with pytest.raises(SmapstopError, match=r"no field 'swap'.*rss"):
        changes(path, test=parse_filter("swap>0"))


def test_a_stretch_without_ticks_says_where_there_is_one(path: Path) -> None:
    record_ticks(path, *growing())

    with pytest.raises(SmapstopError, match=r"no tick of 'run.smaps' is from 10 to inf .*there is one at 4\.0"):
        changes(path, begin=10)
    with pytest.raises(SmapstopError, match=r"from 1.2 to 1.8 .*there is one at 2\.0"):
        changes(path, begin=1.2, end=1.8)


@given(life=space_histories, keyframes=st.sets(st.integers(0, 8)))
def test_whoever_reads_the_lines_knows_the_whole_map_at_every_tick(
    life: list[list[Any]], keyframes: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """From the changes, and from the events that say which mappings are gone."""
    ticks = list(ticks_of(readings(life), keyframes))
    path = record_ticks(tmp_path_factory.mktemp("life") / "run", *ticks)
    timeline = Timeline()
    for tick in ticks:
        timeline.append(tick)
    known: dict[int, tuple[str, str, str, str, int]] = {}
    lines = iter(export_jsonl(path))
    line = next(lines, None)
    for number in range(len(ticks)):
        while line is not None and line["tick"] == number:
            if line["type"] == "change":
                head = (line["start"], line["end"], line["perms"], line["name"], line["rss"])
                known[line["mapping"]] = head
            elif line["type"] == "event" and line["what"] in ("unmap", "merge"):
                known.pop(line["mapping"], None)
            line = next(lines, None)
        moment = timeline.at(number)
        rows = moment.mappings
        rss = rows.get("rss")
        assert rss is not None
        assert known == {
            mapping: (hex(start), hex(end), rows.perms_of(row), rows.name_of(row), amount)
            for row, (mapping, start, end, amount) in enumerate(
                zip(moment.ids.tolist(), rows.start.tolist(), rows.end.tolist(), rss.tolist(), strict=True)
            )
        }


def test_rows_that_changed_and_that_are_gone_are_those_of_the_map(path: Path) -> None:
    record_ticks(path, *growing())

    with open_steps(path) as told:
        _, second, third, _, last = told
    assert third.before is not None
    assert last.before is not None
    assert changed_rows(second).tolist() == [0]
    assert changed_rows(third).tolist() == [0]
    assert gone_rows(third.before, third.after).tolist() == []
    assert last.before.ids[gone_rows(last.before, last.after)].tolist() == [7]
