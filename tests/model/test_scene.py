"""What is seen through a lens."""

from building import mappings_of, tick_of, timeline_of

from smapstop.model.lens import Lens
from smapstop.model.scene import LINGER, look
from smapstop.model.timeline import Timeline

HEAP = (0x1000, 0x1100, "rw-p", "[heap]")
LIBC = (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6")


def growing(ticks: int) -> Timeline:
    """A heap that grows by 4 kB a tick, beside a library that stays."""
    timeline = timeline_of(tick_of(0, mappings_of((*HEAP, 40), (*LIBC, 30)), [0, 1]))
    for number in range(1, ticks):
        timeline.append(tick_of(number, mappings_of((*HEAP, 40 + 4 * number)), [0]))
    return timeline


def test_the_change_is_against_the_compared_moment() -> None:
    timeline = growing(6)
    compared = (Lens(), Lens(compared="mark", mark=2), Lens(compared="start"), Lens(at=3, compared="start"))
    assert [look(timeline, lens).sheet.deltas["rss"].tolist() for lens in compared] == [
        [4, 0],
        [12, 0],
        [20, 0],
        [12, 0],
    ]


def test_a_mark_in_the_future_of_the_moment_is_the_moment_itself() -> None:
    scene = look(growing(6), Lens(at=1, compared="mark", mark=4))
    assert scene.sheet.deltas["rss"].tolist() == [0, 0]


def test_a_rate_divides_by_the_time_between_the_readings_of_the_mappings() -> None:
    counters = {"tier": "counters"}
    nothing = mappings_of()
    timeline = timeline_of(
        tick_of(0, mappings_of((*HEAP, 40)), [0]),
        tick_of(1, nothing, [], **counters),
        tick_of(2, nothing, [], **counters),
        tick_of(3, mappings_of((*HEAP, 70)), [0]),
    )
    scene = look(timeline, Lens())
    assert (scene.sheet.deltas["rss"].tolist(), scene.sheet.seconds) == ([30], 3.0)


def test_between_readings_the_last_change_stays() -> None:
    timeline = growing(3)
    timeline.append(tick_of(3, mappings_of(), [], tier="counters"))
    assert look(timeline, Lens()).sheet.deltas["rss"].tolist() == [4, 0]


def test_what_is_gone_is_shown_for_some_ticks() -> None:
    timeline = growing(2)
    timeline.append(tick_of(2, mappings_of(), [], gone=[1]))
    seen = [look(timeline, Lens()).sheet.gone.tolist()]
    for number in range(3, 3 + LINGER):
        timeline.append(tick_of(number, mappings_of(), []))
        seen.append(look(timeline, Lens()).sheet.gone.tolist())
    assert seen == [[False, True]] * LINGER + [[False]]


def test_the_filter_says_which_rows_to_keep() -> None:
    assert look(growing(1), Lens(filter="kind:heap")).keep.tolist() == [True, False]
