import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList
from waiting import pause_until

from smapstop.ui.keys.key_app import KeyApp
from smapstop.ui.screens.theme import ThemeScreen


class Host(KeyApp):
    """Shows the themes, over nothing."""

    def __init__(self) -> None:
        super().__init__(ansi_color=None)
        self.theme = "nord"

    def on_mount(self) -> None:
        self.push_screen(ThemeScreen())


def marked(app: Host) -> list[str]:
    """The themes with a mark."""
    choices = app.screen.query_one(OptionList)
    return [str(option.id) for option in choices.options if "●" in str(option.prompt)]


async def press(pilot: Pilot[int], *keys: str) -> str:
    """Press keys; the theme after that."""
    await pilot.press(*keys)
    await pilot.pause()
    return pilot.app.theme


async def test_the_theme_under_the_cursor_shows_and_the_one_in_use_is_marked() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        choices = app.screen.query_one(OptionList)
        names = [str(option.id) for option in choices.options]
        at = names.index("nord")
        assert (marked(app), choices.highlighted) == (["nord"], at)
        assert await press(pilot, "down") == names[at + 1]
        assert marked(app) == ["nord"]


@pytest.mark.parametrize("key", ["escape", "f10"])
async def test_leaving_restores_the_theme(key: str) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        assert await press(pilot, "down", "down") != "nord"
        assert await press(pilot, key) == "nord"
        assert not isinstance(app.screen, ThemeScreen)


async def test_enter_keeps_the_theme_under_the_cursor() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        assert await press(pilot, "d") == "dracula"
        assert await press(pilot, "enter") == "dracula"
        assert not isinstance(app.screen, ThemeScreen)


async def test_a_letter_goes_to_the_next_theme_that_starts_with_it() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        found = [await press(pilot, "t") for _ in range(3)]
        assert len(found) == 3
        assert all(name.startswith("t") for name in found)
        assert await press(pilot, "9") == found[-1]


@pytest.mark.parametrize(
    ("typed", "theme"), [("gruv", "gruvbox"), ("mocha", "catppuccin-mocha"), ("tokyo", "tokyo-night")]
)
async def test_typing_goes_to_the_theme_or_to_one_with_a_word_that_begins_so(typed: str, theme: str) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for letter in typed:
            app.post_message(events.Key(letter, letter))
        await pause_until(pilot, lambda: app.theme == theme, theme)


async def test_the_hints_have_room() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        lines = ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]
        assert any("type to find · enter apply · esc cancel" in line for line in lines)
