"""Scrolling: the height of what scrolls, and keys that come faster than it is drawn."""

import time

from stepped_program import DEADLINE_SECONDS
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

        async def show(lines: int, expected: tuple[bool, int, int]) -> None:
            view.show(lambda _style, _width, _height: [Strip.blank(39)] * lines, None)
            deadline, state = time.monotonic() + DEADLINE_SECONDS, None
            while state != expected and time.monotonic() < deadline:
                await pilot.pause()
                state = view.show_vertical_scrollbar, view.max_scroll_y, int(view.scroll_offset.y)
            assert state == expected, lines

        await show(3, (False, 0, 0))
        height = view.virtual_size
        await show(10, (False, 0, 0))
        assert view.virtual_size == height, "all are in view; else Textual would lay out the screen again"
        await show(100, (True, 90, 0))
        view.scroll_to(y=90, animate=False, force=True)
        await show(120, (True, 110, 90))
        await show(95, (True, 85, 85))
        assert view.vertical_scrollbar.window_virtual_size == 95
        await show(5, (False, 0, 0))


async def test_each_key_scrolls_on_from_where_the_one_before_it_will() -> None:
    app = Host()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(DrawnLines)
        view.show(lambda _style, _width, _height: [Strip.blank(39)] * 100, None)
        for lines in (3, 4, 90, -2):
            view.action_move(lines)
        await pilot.pause()
        assert view.scroll_offset.y == 88
