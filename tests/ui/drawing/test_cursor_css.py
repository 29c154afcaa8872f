"""The cursor stands out by its colours, and without colours of our own by reversing them."""

from rich.style import Style
from textual.app import App, ComposeResult
from textual.widget import Widget

from smapstop.ui.drawing.cursor_css import cursor_css


class Fainter(Widget, can_focus=True):
    COMPONENT_CLASSES = {"fainter--cursor"}  # noqa: RUF012
    DEFAULT_CSS = cursor_css("Fainter", "fainter--cursor")

    @property
    def cursor(self) -> Style:
        return self.get_component_rich_style("fainter--cursor")


class Same(Widget, can_focus=True):
    COMPONENT_CLASSES = {"same--cursor"}  # noqa: RUF012
    DEFAULT_CSS = cursor_css("Same", "same--cursor", focusable=False)

    @property
    def cursor(self) -> Style:
        return self.get_component_rich_style("same--cursor")


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Fainter()
        yield Same()


async def cursors(theme: str) -> tuple[Style, Style, Style, Style]:
    """The cursors of both with the focus, then without."""
    app = Host()
    async with app.run_test() as pilot:
        app.theme = theme
        fainter, same = app.query_one(Fainter), app.query_one(Same)
        fainter.focus()
        await pilot.pause()
        focused, other = fainter.cursor, same.cursor
        same.focus()
        await pilot.pause()
        return focused, same.cursor, fainter.cursor, other


async def test_the_cursor_is_fainter_without_the_focus() -> None:
    focused, same, blurred, other = await cursors("nord")
    assert focused == same == other
    assert focused.bgcolor != blurred.bgcolor
    assert focused.bold
    assert blurred.bold


async def test_a_theme_of_the_terminals_colours_has_it_reversed() -> None:
    focused, same, blurred, other = await cursors("ansi-dark")
    assert focused == same == other
    assert (focused.reverse, focused.bold) == (True, True)
    assert (blurred.reverse, blurred.bold) == (True, None)
