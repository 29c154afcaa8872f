"""Height of what scrolls."""

from textual.app import App, ComposeResult
from textual.strip import Strip

from smapstop.ui.widgets.strip_scroll import DrawnLines


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield DrawnLines(id="lines")


async def test_scrollbar_and_position_follow_the_number_of_lines() -> None:
    app = Host()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(DrawnLines)
        laid_out = 0

        def count_layouts(_: object) -> None:
            nonlocal laid_out
            laid_out += 1

        async def show(lines: int) -> tuple[bool, int, int]:
            view.show(lambda _style, _width, _height: [Strip.blank(39)] * lines, None)
            await pilot.pause()
            return view.show_vertical_scrollbar, view.max_scroll_y, int(view.scroll_offset.y)

        assert await show(3) == (False, 0, 0)
        app.screen.screen_layout_refresh_signal.subscribe(app, count_layouts, immediate=True)
        assert await show(10) == (False, 0, 0), "all are in view"
        assert not laid_out, "nothing else had to move"
        assert await show(100) == (True, 90, 0)
        assert laid_out, "the scrollbar came"
        view.scroll_to(y=90, animate=False, force=True)
        laid_out = 0
        assert await show(120) == (True, 110, 90)
        assert await show(95) == (True, 85, 85), "the last lines stay in view"
        assert not laid_out
        assert view.vertical_scrollbar.window_virtual_size == 95
        assert await show(5) == (False, 0, 0)
