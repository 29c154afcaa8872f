"""Keys that arrive in one burst, as from a paste, a fast hand, or tmux: each goes where the one before it leads."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input
from waiting import pause_until

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.command_line import CommandInput
from smapstop.ui.screens.columns import ColumnsScreen
from smapstop.ui.screens.guide import GuideScreen
from smapstop.ui.screens.help import HelpScreen
from smapstop.ui.widgets.events_pane import EventsPane
from smapstop.ui.widgets.mapping_table import MappingTable

ROWS = (
    (0x1000, 0x1100, "rw-p", "[heap]", 64),
    (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 40),
    (0x3000, 0x3100, "r-xp", "/usr/lib/libm.so.6", 30),
)
NAMES = {
    " ": "space",
    "/": "slash",
    ":": "colon",
    "?": "question_mark",
    "\r": "enter",
    "\x1b": "escape",
    "\x06": "f3",
    "\x0f": "ctrl+o",
    "→": "right",
    "←": "left",
    "↓": "down",
    "\0": "ctrl+@",
    ",": "comma",
}


def dashboard() -> Dashboard:
    ticks = [tick_of(n, mappings_of(*ROWS), [0, 1, 2], keyframe=True) for n in range(3)]
    return Dashboard(ListSource(*ticks), Attach(4711), Settings())


def burst(app: Dashboard, keys: str) -> None:
    """Have all keys arrive before the first is handled."""
    for key in keys:
        app.post_message(events.Key(NAMES.get(key, key), key))


def searched(app: Dashboard) -> str:
    """What is searched for in the help."""
    return app.screen.query_one(Input).value if isinstance(app.screen, HelpScreen) else "no help"


def shown_line(app: Dashboard, selector: str) -> str:
    """What was typed into a line of the screen."""
    return "".join(line.value for line in app.screen.query(selector).results(Input))


BURSTS: list[tuple[str, Callable[[Dashboard], object]]] = [
    ("?/cow", lambda app: searched(app) == "cow"),
    ("?/quick nqbc", lambda app: searched(app) == "quick nqbc"),
    ("?/cow\rqo", lambda app: app.view_state.grouping == "name"),
    ("?/cow\rc", lambda app: isinstance(app.screen, GuideScreen)),
    ("?qsname\r", lambda app: app.session.order.sorting.key == "name"),
    (
        "ssize\rI",
        lambda app: (app.session.order.sorting.key, app.session.order.sorting.descending) == ("size", False),
    ),
    ("ssize\r/libm\r", lambda app: (app.session.order.sorting.key, app.view_state.filter) == ("size", "libm")),
    ("T\x1b/libm\r", lambda app: app.view_state.filter == "libm"),
    ("Tnord\ro", lambda app: (app.theme, app.view_state.grouping) == ("nord", "name")),
    ("/libc\ro", lambda app: (app.view_state.filter, app.view_state.grouping) == ("libc", "name")),
    ("/libc\x1bo", lambda app: (app.view_state.filter, app.view_state.grouping) == ("", "name")),
    (":filter libm\ro", lambda app: (app.view_state.filter, app.view_state.grouping) == ("libm", "name")),
    (":sort nmae", lambda app: [line.value for line in app.query(CommandInput)] == ["sort nmae"]),
    (":columns\r\x1b:columns\r", lambda app: isinstance(app.screen, ColumnsScreen)),
    ("c→\r", lambda app: [column.key for column in app.main_screen.columns][1] == "name"),
    ("\x06libm\r", lambda app: (app.session.search, app.query_one(MappingTable).current) == ("libm", 2)),
    ("\x06lib\rn", lambda app: (app.session.search, app.query_one(MappingTable).current) == ("lib", 2)),
    (
        "\x0fe/cow\r",
        lambda app: ([pane.filter_words for pane in app.query(EventsPane)], app.view_state.filter) == (["cow"], ""),
    ),
    ("P/4711\r", lambda app: shown_line(app, "#filter-members") == "4711"),
    ("P\x06python\r", lambda app: shown_line(app, "#search-members") == "python"),
    ("P/4711\x1bqo", lambda app: app.view_state.grouping == "name"),
    (",,", lambda app: app.view_state.at == 0),
    (",ma", lambda app: [(mark.letter, mark.tick) for mark in app.session.marks] == [("a", 1)]),
    (",,L,", lambda app: app.view_state.at == 1),
    ("yn", lambda app: app.clipboard == "[heap]"),
    ("Gyn", lambda app: app.clipboard == "/usr/lib/libm.so.6"),
    ("oog\0", lambda app: sorted(app.session.row_selection.ids) == [1, 2]),
    ("oog→↓\0", lambda app: sorted(app.session.row_selection.ids) == [1]),
]


@pytest.mark.parametrize(("keys", "done"), BURSTS, ids=[repr(keys) for keys, _ in BURSTS])
async def test_each_key_goes_where_the_one_before_it_leads(keys: str, done: Callable[[Dashboard], object]) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await settle(pilot, app)
        burst(app, keys)
        await pause_until(pilot, lambda: done(app), keys)


async def test_letters_after_a_click_on_a_hint_go_where_it_leads() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await settle(pilot, app)
        burst(app, "?")
        await pause_until(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        box = app.screen.query_one(".box").region
        x = box.right - 3 - len("/ search   c guide   esc close")
        for kind in (events.MouseDown, events.MouseUp):
            app.post_message(_mouse(kind, x, box.bottom - 1))
        burst(app, "cow")
        await pause_until(pilot, lambda: searched(app) == "cow", "searched for cow")


def _mouse(kind: type[events.MouseEvent], x: int, y: int) -> events.MouseEvent:
    """The mouse at a cell, with the left button."""
    no_modifiers: dict[str, Any] = dict.fromkeys(("shift", "meta", "ctrl"), False)
    return kind(None, x, y, delta_x=0, delta_y=0, button=1, screen_x=x, screen_y=y, **no_modifiers)


async def settle(pilot: Pilot[int], app: Dashboard) -> None:
    """Let the first view be drawn."""
    await pause_until(pilot, lambda: app.session.view is not None and app.query_one(MappingTable).count, "a view")


BROKEN = """
from smapstop.ui.keys.key_app import KeyApp

class Broken(KeyApp):
    def on_mount(self):
        path = "/home/somebody"
        raise ZeroDivisionError("\\x1b[2J" + path[:0])

Broken(ansi_color=None).run(headless=True)
"""


def test_an_error_of_ours_leaves_with_a_plain_traceback_without_the_values_of_variables() -> None:
    done = subprocess.run([sys.executable, "-c", BROKEN], capture_output=True, text=True, timeout=60, check=False)
    assert "line 7, in on_mount" in done.stderr
    assert "ZeroDivisionError: \\x1b[2J" in done.stderr
    assert "/home/somebody" not in done.stderr
