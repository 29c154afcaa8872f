"""A screen above the dashboard is left once."""

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.screen import ModalScreen

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
