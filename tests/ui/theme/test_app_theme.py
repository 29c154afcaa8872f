"""Every theme, on the screen: what is written can be read on what it stands on."""

import numpy as np
import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from rich.color import Color
from rich.segment import Segment
from textual.command import CommandList
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES
from textual.widgets import OptionList
from waiting import pause_until

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.protocol import Attach
from smapstop.model.tick import Tick
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.theme.app_theme import theme_for, theme_names
from smapstop.ui.theme.contrast import contrast_ratio
from smapstop.ui.widgets.filter_line import FilterLine

ROWS = (
    (0x1000, 0x1100, "rw-p", "[heap]", 40, 4),
    (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 30, 0),
    (0x3000, 0x3100, "rw-p", "", 20, 20),
    (0x4000, 0x4100, "rw-p", "[stack]", 10, 8),
    (0x5000, 0x5100, "rw-s", "/dev/shm/x", 12, 0),
    (0x6000, 0x6001, "r-xp", "[vdso]", 4, 0),
)
DRAWN = set(" ▁▂▃▄▅▆▇█▀▌▐▎▏▉▊▋▍│─╭╮╰╯┊▒▓╱░┼▚·●▸›✓")
"""What is no text."""


def tick(number: int) -> Tick:
    rows = mappings_of(*((*row[:4], row[4] + 4 * number) for row in ROWS), anonymous=[row[5] for row in ROWS])
    what = np.array([MECHANISMS.index("first-touch"), MECHANISMS.index("copy-on-write")], np.int8)
    events = {"events": Events(np.array([0, 3]), what, np.array([4, 4]), np.ones(2, bool))} if number else {}
    return tick_of(number, rows, list(range(len(ROWS))), keyframe=True, **events)


def unreadable(pilot: Pilot[int]) -> list[tuple[str, str, float]]:
    """The texts on the screen that are hard to read, each with its colours and its contrast."""
    found = []
    boxes = pilot.app.screen.query(".box")  # what is below one is dimmed on purpose
    region = boxes.first().region if boxes else pilot.app.screen.region
    for strip in pilot.app.screen._compositor.render_strips()[region.y : region.bottom]:
        for text, style, _ in strip.crop(region.x, region.right):
            colours = _colours(Segment(text, style))
            if colours is not None and set(text) - DRAWN:
                ratio = contrast_ratio(*colours)
                if ratio < 2.9:
                    found.append((text, f"{colours[0]} on {colours[1]}", round(ratio, 2)))
    return found


def _colours(segment: Segment) -> tuple[str, str] | None:
    """What a text is drawn in and on; None when the terminal decides."""
    style = segment.style
    if style is None or not style.color or not style.bgcolor:
        return None
    text, ground = (Color.get_truecolor(colour).hex for colour in (style.color, style.bgcolor))
    if style.color.is_default or style.bgcolor.is_default:
        return None
    return (ground, text) if style.reverse else (text, ground)


SCREENS = {
    "table": "",
    "events": "e tab",
    "fields, paused": "enter space",
    "sort": "s",
    "another order": "s down down",
    "help": "?",
    "guide": "? c n",
    "columns": "c end",
}


LOOKS = {"guide": slice(0, None, 6), "help": slice(0, None, 4), "sort": slice(0, None, 2)}
LOOKS |= {"another order": slice(1, None, 2), "columns": slice(1, None, 2), "events": slice(0, None, 2)}
"""Themes in which some screens are read: long texts take a while to be drawn, and lists of choices are all alike."""


@pytest.mark.parametrize("screen", SCREENS)
async def test_every_text_can_be_read_in_every_theme(screen: str) -> None:
    app = Dashboard(ListSource(tick(0), tick(1), tick(2)), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press(*SCREENS[screen].split())
        found = {}
        for name in theme_names()[LOOKS.get(screen, slice(None))]:
            if not BUILTIN_THEMES[name].ansi:
                app.theme = name
                await pilot.pause()
                found[name] = unreadable(pilot)
        assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light"])
async def test_the_terminals_own_colours_are_a_theme_too(name: str) -> None:
    app = Dashboard(ListSource(tick(0), tick(1)), Attach(4711), Settings(theme=name))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("enter", "escape", "e")
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        colours = [style.color for strip in strips for _, style, _ in strip if style and style.color]
        assert {str(colour.type) for colour in colours if colour.triplet is not None} == set()


@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light", "solarized-light", "textual-dark"])
@pytest.mark.parametrize("keys", ["s down", "c end"])
async def test_the_choice_under_the_cursor_is_written_in_one_colour(name: str, keys: str) -> None:
    app = Dashboard(ListSource(tick(0), tick(1)), Attach(4711), Settings(theme=name))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press(*keys.split())
        await pilot.pause()
        choices = app.screen.query_one(OptionList)
        strip = choices.render_line((choices.highlighted or 0) - round(choices.scroll_offset.y))
        assert len({(style.color, style.bgcolor) for text, style, _ in strip if style and text.strip()}) == 1


async def test_without_colours_what_one_types_and_chooses_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Dashboard(ListSource(tick(0), tick(1)), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press("slash", "x")
        line = app.screen.query_one("#filter-rows", FilterLine)
        assert [text for text, style, _ in line.render_line(0) if style and style.reverse] == [" "]
        await pilot.press("escape", "ctrl+p")
        found = app.screen.query_one(CommandList)
        await pause_until(pilot, lambda: found.highlighted is not None, "a chosen command in the palette")
        marked = [any(style and style.underline for _, style, _ in found.render_line(y)) for y in range(4)]
        assert marked == [True, True, False, False]


@pytest.mark.parametrize(
    ("wanted", "system", "expected"),
    [
        ("nord", "truecolor", "nord"),
        ("nord", "256", "nord"),
        ("nord", "standard", "ansi-dark"),
        ("solarized-light", "standard", "ansi-light"),
        ("ansi-light", "standard", "ansi-light"),
        ("nord", None, "nord"),
    ],
)
def test_a_terminal_of_16_colours_has_its_own(wanted: str, system: str | None, expected: str) -> None:
    assert theme_for(wanted, system) == expected
