"""A screen above the dashboard is left once."""

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen
from waiting import pause_until

from smapstop.model.view.sort import Sorting
from smapstop.ui.screens.help import HelpScreen
from smapstop.ui.screens.pick import PickScreen
from smapstop.ui.screens.quit import QuitScreen
from smapstop.ui.screens.sort import SortScreen


class Host(App[None]):
    """Opens a screen, and counts its answers."""

    def __init__(self, screen: ModalScreen[Any]) -> None:
        super().__init__()
        self.opened = screen
        self.answers = 0

    def on_mount(self) -> None:
        self.push_screen(self.opened, self.take)

    def take(self, answer: object) -> None:
        self.answers += 1


@pytest.mark.parametrize(
    ("screen", "key"),
    [
        (lambda: SortScreen(Sorting()), "enter"),
        (lambda: SortScreen(Sorting()), "escape"),
        (lambda: QuitScreen("program"), "e"),
        (lambda: QuitScreen("program"), "enter"),
        (lambda: PickScreen(list, lambda found: None), "f10"),
        (HelpScreen, "escape"),
    ],
)
async def test_a_screen_that_is_left_twice_at_once_is_left_once(
    screen: Callable[[], ModalScreen[Any]], key: str
) -> None:
    app = Host(screen())
    async with app.run_test(size=(118, 40)) as pilot:
        for _ in range(3):
            app.post_message(events.Key(key, None))
        await pilot.pause()
        assert app.answers == 1
        assert len(app.screen_stack) == 1


async def click_hint(pilot: Pilot[None], word: str) -> None:
    """Click on a word of the lower border."""
    box = pilot.app.screen.query_one(".box")
    line = "".join(segment.text for segment in pilot.app.screen._compositor.render_strips()[box.region.bottom - 1])
    await pilot.click(offset=(line.index(word), box.region.bottom - 1))


async def test_a_click_on_a_hint_is_its_key_and_one_outside_goes_back() -> None:
    app = Host(SortScreen(Sorting()))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await click_hint(pilot, "reverse")
        assert app.answers == 0
        await click_hint(pilot, "cancel")
        await pause_until(pilot, lambda: app.answers == 1, "closed by the hint")
        app.push_screen(SortScreen(Sorting()), app.take)
        await pilot.pause()
        await pilot.click(offset=(0, 0))
        await pause_until(pilot, lambda: app.answers == 2, "closed by a click outside")
