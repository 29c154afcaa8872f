"""What the inspector draws about a mapping: what matters most is first, however little room there is."""

import numpy as np
import pytest
from factories import faults_of, mappings_of, tick_of, timeline_of
from rich.style import Style

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.tick import Tick
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.mapping_detail import compared_ticks
from smapstop.text.units import AUTO
from smapstop.ui.drawing.history_charts import draw_plot
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.drawing.why import draw_why
from smapstop.ui.theme.palette import build_palette

STYLE = DrawStyle(build_palette(dark=True, depth="none"), Style(), Style(bold=True), Style(reverse=True))


def written(number: int, dirty: int, *, copied: bool = False) -> Tick:
    """A tick of a program's data, of which a page may have been copied on write."""
    what = np.array([MECHANISMS.index("copy-on-write")], np.int8)
    events = Events(np.array([7]), what, np.array([4]), np.array([True]), names=((0, ("page1",)),))
    rows = mappings_of((0x1000, 0x1003, "rw-p", "/bin/program", 12), private_dirty=[dirty], anonymous=[dirty])
    return tick_of(number, rows, [7], keyframe=True, events=events if copied else NO_EVENTS)


def drawn(width: int, height: int) -> list[str]:
    timeline = timeline_of(written(0, 8), written(1, 12, copied=True), written(2, 12))
    lines = draw_why(MappingHistory(timeline, 7), derive_view(timeline, ViewState()), "v", STYLE, width, height)
    assert {line.cell_length for line in lines} == {width}
    return [line.text.strip() for line in lines]


@pytest.mark.parametrize("width", [38, 79, 117, 240])
def test_the_verdict_is_whole_and_first_whatever_the_size(width: int) -> None:
    for height in (1, 4, 11, 60):
        assert drawn(width, height)[0].startswith("1 page copy-on-write: page1")


def test_on_five_lines_the_reason_comes_before_all_else() -> None:
    first, *rest = drawn(79, 5)[:5]
    assert first == "1 page copy-on-write: page1 · now"
    assert all(line.startswith("▌") for line in rest)


def test_the_parts_stand_in_the_order_of_their_weight() -> None:
    lines = drawn(117, 60)
    starts = (
        "1 page copy",
        "Rss constant",
        "▌ 1 page",
        "Last changed ",
        "12 K ┤",
        "rw-p · read",
        "v: the pages",
        "─ Life",
    )
    at = [next(y for y, line in enumerate(lines) if line.startswith(start)) for start in starts]
    assert at == sorted(at)
    assert len(lines) <= 60


def test_that_a_file_is_read_from_disk_again_and_again_stands_below_the_verdict() -> None:
    rows = mappings_of((0x1000, 0x9000, "r--s", "/data/big", 8000))
    faults = faults_of((7, "f", 99), minor=0, major=99)
    timeline = timeline_of(tick_of(0, rows, [7]), tick_of(1, rows, [7], faults=faults))
    lines = draw_why(MappingHistory(timeline, 7), derive_view(timeline, ViewState()), "v", STYLE, 160, 11)
    assert [line.text.strip()[:32] for line in lines[:2]] == [
        "no change since attach (22:13:20)"[:32],
        "At least 99 page faults read it ",
    ]


def test_all_that_has_no_room_can_be_scrolled_to() -> None:
    assert set(drawn(117, 11)) >= {line for line in drawn(117, 12) if line.startswith(("rw-p", "v: the", "Rss"))}


def chart_colours(kind_of_name: str, dirty: tuple[int, ...]) -> list[set[str]]:
    """Colours of the chart in its first and last column; each tick has 12 kB, of which some anonymous."""
    ticks = []
    for number, kb in enumerate(dirty):
        rows = mappings_of((0x1000, 0x1003, "rw-p", kind_of_name, 12), private_dirty=[kb], anonymous=[kb])
        ticks.append(tick_of(number, rows, [7], keyframe=True))
    timeline, palette = timeline_of(*ticks), build_palette(dark=True, depth="truecolor")
    style = DrawStyle(palette, Style(), Style(bold=True), Style(reverse=True))
    history, view = MappingHistory(timeline, 7), derive_view(timeline, ViewState())
    roles = {colour: role for role, colour in palette.colours.items()}
    columns: list[set[str]] = [set(), set()]
    for strip in draw_plot(history, compared_ticks(history, view), "rss", AUTO, style, 60, 13, mark=False)[:-1]:
        for column, at in ((0, 9), (1, strip.cell_length - 2)):
            (segment,) = strip.crop(at, at + 1)
            assert segment.style is not None
            colours = {segment.style.bgcolor, segment.style.color if segment.text != " " else None}
            columns[column] |= {roles[colour.name] for colour in colours if colour and colour.name in roles}
    return columns


def test_the_chart_has_the_colours_of_the_memory_that_it_counts() -> None:
    assert chart_colours("/bin/program", (4, 12)) == [{"file", "anonymous"}, {"anonymous"}]
    assert chart_colours("/bin/program", (0, 0)) == [{"file"}, {"file"}]
    assert chart_colours("[heap]", (12, 12)) == [{"heap"}, {"heap"}]
    assert chart_colours("[stack]", (12, 12)) == [{"stack"}, {"stack"}]


def test_the_chart_is_dotted_where_the_mapping_was_not_read() -> None:
    ticks = [tick_of(number, mappings_of(), [], tier="counters") for number in range(41)]
    for number, kb in ((0, 400), (40, 1_200)):
        ticks[number] = tick_of(number, mappings_of((0, 300, "rw-p", "[heap]", kb)), [7], keyframe=not number)
    timeline = timeline_of(*ticks)
    history, view = MappingHistory(timeline, 7), derive_view(timeline, ViewState())
    chart = draw_plot(history, compared_ticks(history, view), "rss", AUTO, STYLE, 50, 4, mark=False)
    heap = STYLE.palette.texture_of("heap")
    lowest, first = chart[2].text[9:49], chart[1].text[9:49]
    assert (lowest[0], set(lowest[1:-1]), lowest[-1]) == (heap, {"·"}, heap)
    assert (first[0], first[1:-1].lstrip(" ").lstrip("▁▂▃▄▅▆▇█"), first[-1]) == (" ", "·" * 20, heap), "it rises"
