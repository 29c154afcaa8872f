"""The walk through the experiment, step by step."""

import numpy as np
import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from waiting import pause_until

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events
from smapstop.model.protocol import Attach
from smapstop.model.timeline.timeline import Timeline
from smapstop.settings import Settings, Walkthrough
from smapstop.ui.app import Dashboard
from smapstop.ui.keys.keymap import Keymap
from smapstop.ui.keys.table import KEY
from smapstop.ui.widgets.walkthrough_line import STEP_TEXTS, WalkthroughLine

DATA = (0x3000, 0x4000, "rw-p", "/tmp/demo/experiment")
LIBC = (0x5000, 0x6000, "rw-p", "/usr/lib/libc.so.6")


def timeline_of(*copies: tuple[int, tuple[str, ...]] | None) -> Timeline:
    """A tick each: the mapping (0: the experiment's, 1: libc's) that a page was copied in, and its symbols."""
    timeline = Timeline()
    for number, copy in enumerate(copies):
        events = NO_EVENTS
        if copy is not None:
            what = MECHANISMS.index("copy-on-write")
            events = Events(
                np.array([copy[0]]), np.array([what], np.int8), np.array([4]), np.array([True]), names=((0, copy[1]),)
            )
        rows = mappings_of(DATA, LIBC)
        timeline.append(tick_of(number, rows, [0, 1], keyframe=True, events=events))
    return timeline


@pytest.mark.parametrize(
    ("copies", "copied"),
    [
        ((None, None), None),
        ((None, (0, ("page1",))), 0),
        ((None, (0, ("page1",)), None), 0),
        ((None, (1, ("page1",))), None),
        ((None, (0, ("_GLOBAL_OFFSET_TABLE_",))), None),
    ],
    ids=["nothing", "the page", "seen later", "another file", "by the loader"],
)
def test_only_the_page_of_the_experiment_counts(
    copies: tuple[tuple[int, tuple[str, ...]] | None, ...], copied: int | None
) -> None:
    line = WalkthroughLine(Walkthrough("experiment", "page1"))
    assert line.examine(timeline_of(*copies)) is (copied is not None)
    assert line.copied == copied


def test_the_copy_is_news_once() -> None:
    line = WalkthroughLine(Walkthrough("experiment"))
    timeline = timeline_of(None, (0, ()), (0, ()))
    assert [line.examine(timeline), line.examine(timeline)] == [True, False]


async def test_the_line_points_only_to_what_is_on_the_screen() -> None:
    """Why is "above" only in its tab, and of the row under the cursor."""
    timeline = timeline_of(None, (0, ("page1",)), *[None] * 5)
    first, *ticks = (timeline.header(number) for number in range(len(timeline)))
    source = ListSource(first)
    app = Dashboard(source, Attach(4711), Settings(), walkthrough=Walkthrough("experiment", "page1"))
    async with app.run_test(size=(118, 40)) as pilot:
        line = app.query_one(WalkthroughLine)
        source.deliver(ticks.pop(0))
        await pause_until(pilot, lambda: "see why above" in str(line.content), "why")
        for keys, expected in (
            (("enter", "2"), "the tab Why says why"),
            (("3",), "C is the copy"),
            (("1",), "see why above"),
            (("escape", "down"), "its row is experiment .data"),
            (("up",), "see why above"),
        ):
            await pilot.press(*keys)
            source.deliver(ticks.pop(0))
            await pause_until(pilot, lambda: expected in str(line.content), expected)  # noqa: B023  (awaited here)


def test_every_step_fits_on_a_line_of_80_cells() -> None:
    keymap = Keymap()
    keys = {name: keymap.display_names(name)[0] for name in KEY}
    texts = [text.format(file="experiment", **keys) for text in STEP_TEXTS.values()]
    assert [text for text in texts if len(text) > 80 - 2] == []
