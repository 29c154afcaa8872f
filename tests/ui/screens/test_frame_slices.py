"""Work on the screen in slices."""

import asyncio
from collections.abc import Iterator
from functools import partial

from stepped_program import DEADLINE_SECONDS
from textual.app import App

from smapstop.ui.screens.frame_slices import FrameSlices


class Host(App[None]):
    """App with work of which each slice is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def work(self, name: str) -> Iterator[None]:
        for part in "123":
            self.done.append(name + part)
            yield

    async def wait_for(self, last: str) -> list[str]:
        """All that is done once this is."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while last not in self.done:
                await asyncio.sleep(0)
        return self.done


async def test_there_is_time_for_other_things_between_slices() -> None:
    app = Host()
    async with app.run_test():
        slices = FrameSlices(app)
        slices.begin(lambda: app.work("a"))
        assert app.done == ["a1"]
        assert await app.wait_for("a3") == ["a1", "a2", "a3"]


async def test_only_the_latest_of_the_work_that_waits_is_done() -> None:
    app = Host()
    async with app.run_test():
        slices = FrameSlices(app)
        for name in "abc":
            slices.begin(partial(app.work, name))
        assert await app.wait_for("c3") == ["a1", "a2", "a3", "c1", "c2", "c3"]


async def test_work_that_is_done_now_replaces_all_other() -> None:
    app = Host()
    async with app.run_test():
        slices = FrameSlices(app)
        slices.begin(lambda: app.work("a"))
        slices.begin(lambda: app.work("b"))
        slices.do_now(app.work("c"))
        assert app.done == ["a1", "c1", "c2", "c3"]
        slices.begin(lambda: app.work("d"))
        assert await app.wait_for("d3") == ["a1", "c1", "c2", "c3", "d1", "d2", "d3"]
