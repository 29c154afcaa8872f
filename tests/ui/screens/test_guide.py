"""The guide on the screen: chapters, their links, and the keys."""

import pytest
from documents import GUIDE, links
from textual.pilot import Pilot
from textual.widgets import Markdown, OptionList

from smapstop.guide import CONTENTS, chapter_of, chapters
from smapstop.ui.guide_app import GuideApp
from smapstop.ui.screens.guide import GuideScreen
from smapstop.ui.widgets.guide_viewer import GuideViewer


def screen_of(pilot: Pilot[int]) -> GuideScreen:
    screen = pilot.app.screen
    assert isinstance(screen, GuideScreen)
    return screen


async def press(pilot: Pilot[int], *keys: str) -> str:
    """The chapter that is shown after some keys."""
    await pilot.press(*keys)
    await pilot.pause()
    return screen_of(pilot).viewer.chapter


async def test_it_starts_with_the_chapter_that_was_asked_for() -> None:
    async with GuideApp("cost").run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert screen_of(pilot).viewer.chapter == "cost"
        assert screen_of(pilot).query_one(".box").border_title == "Guide: cost"
        assert "mmap_lock" in screen_of(pilot).viewer.document.source


async def test_n_goes_through_all_chapters_and_back_returns_through_them() -> None:
    names = [CONTENTS, *chapters()]
    async with GuideApp().run_test(size=(118, 40)) as pilot:
        shown = [await press(pilot, "n") for _ in names]
        assert shown == [*names[1:], names[-1]]
        assert await press(pilot, "N") == names[-2]
        assert await press(pilot, "escape") == names[-1]
        assert await press(pilot, "escape") == names[-2]


@pytest.mark.parametrize("width", [60, 118])
async def test_a_chapter_is_chosen_from_the_list(width: int) -> None:
    async with GuideApp().run_test(size=(width, 24)) as pilot:
        assert await press(pilot, "c", "j", "down", "enter") == "keys"
        assert isinstance(pilot.app.focused, Markdown)
        assert screen_of(pilot).query_one(OptionList).display == (width > 100)


async def test_escape_leaves_the_list_then_the_guide() -> None:
    app = GuideApp()
    async with app.run_test(size=(80, 24)) as pilot:
        assert await press(pilot, "c", "escape") == CONTENTS
        await pilot.press("escape")
        await pilot.pause()
    assert app.return_code == 0


async def test_q_closes_it_from_any_chapter() -> None:
    app = GuideApp("pages")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "n", "n")
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


async def test_keys_scroll_the_text() -> None:
    async with GuideApp("pages").run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        viewer = screen_of(pilot).viewer
        places = []
        for key in ("down", "j", "pagedown", "space", "G", "up", "ctrl+home"):
            await press(pilot, key)
            places.append(viewer.scroll_y)
        page, end = viewer.size.height - 1, viewer.max_scroll_y
        assert places == [1, 2, 2 + page, 2 + 2 * page, end, end - 1, 0]


async def test_every_link_of_every_chapter_leads_to_its_chapter_and_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = list[tuple[str, bool]]()
    to_anchor = Markdown.goto_anchor

    def goto(document: Markdown, anchor: str) -> bool:
        gone.append((anchor, to_anchor(document, anchor)))
        return gone[-1][1]

    monkeypatch.setattr(Markdown, "goto_anchor", goto)
    found = {link for chapter in GUIDE.glob("*.md") for link in links(chapter) if not link.startswith(("http", ".."))}
    assert len(found) > len(chapters())
    async with GuideApp().run_test(size=(118, 40)) as pilot:
        viewer = screen_of(pilot).viewer
        for link in sorted(found):
            file, _, anchor = link.partition("#")
            if viewer.chapter != chapter_of(file):
                await viewer.go(link)
                await pilot.pause()
                assert viewer.chapter == chapter_of(file)
            else:  # the chapter is there: building it again takes the time of this test
                viewer.document.goto_anchor(anchor)
            assert not anchor or gone[-1] == (anchor, True), link


async def test_a_click_on_a_link_opens_its_chapter() -> None:
    async with GuideApp().run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        viewer = screen_of(pilot).viewer
        viewer.document.post_message(Markdown.LinkClicked(viewer.document, "recipes.md"))
        await pilot.pause()
        assert viewer.chapter == "recipes"


async def test_a_link_out_of_the_guide_is_shown_and_opens_nothing() -> None:
    app = GuideApp("export")
    async with app.run_test(size=(118, 40)) as pilot:
        viewer = screen_of(pilot).viewer
        await viewer.go("https://ui.perfetto.dev")
        await pilot.pause()
        assert viewer.chapter == "export"
        assert [notification.message for notification in app._notifications] == [
            "not in the guide: https://ui.perfetto.dev"
        ]


@pytest.mark.parametrize("size", [(240, 70), (80, 24), (20, 5)])
async def test_it_fits_every_terminal(size: tuple[int, int]) -> None:
    async with GuideApp("mechanisms").run_test(size=size) as pilot:
        await pilot.pause()
        viewer = pilot.app.screen.query_one(GuideViewer)
        assert viewer.size.height >= size[1] - 2
        assert 0 < viewer.size.width <= min(size[0], 130)
