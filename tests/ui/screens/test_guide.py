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


async def test_n_goes_through_all_chapters_whose_headings_are_those_of_links_and_back_returns() -> None:
    """In one test and a small window, because a chapter takes long to be laid out."""
    names = [CONTENTS, *chapters()]
    shown = list[str]()
    async with GuideApp().run_test(size=(60, 8)) as pilot:
        for name in names:
            document = screen_of(pilot).viewer.document
            assert [anchor for anchor in anchors_of(name) if not document.goto_anchor(anchor)] == [], name
            shown.append(await press(pilot, "n"))
        assert shown == [*names[1:], names[-1]]
        assert await press(pilot, "N") == names[-2]
        assert await press(pilot, "escape") == names[-1]
        assert await press(pilot, "escape") == names[-2]


def anchors_of(chapter: str) -> set[str]:
    """The headings of a chapter that links lead to."""
    parts = [link.partition("#") for chapter in GUIDE.glob("*.md") for link in links(chapter)]
    return {anchor for file, _, anchor in parts if anchor and chapter_of(file) == chapter}


@pytest.mark.parametrize("width", [60, 118])
async def test_a_chapter_is_chosen_from_the_list(width: int) -> None:
    async with GuideApp().run_test(size=(width, 24)) as pilot:
        assert await press(pilot, "c", "j", "j", "j", "j", "down", "enter") == "limits"
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
    app = GuideApp("limits")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "n")
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0


async def test_keys_scroll_the_text() -> None:
    async with GuideApp("cost").run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        viewer = screen_of(pilot).viewer
        places = []
        for key in ("down", "j", "pagedown", "space", "G", "up", "ctrl+home"):
            await press(pilot, key)
            places.append(viewer.scroll_y)
        page, end = viewer.size.height - 1, viewer.max_scroll_y
        assert places == [1, 2, 2 + page, 2 + 2 * page, end, end - 1, 0]


async def test_a_link_leads_to_its_chapter_and_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = list[tuple[str, bool]]()
    to_anchor = Markdown.goto_anchor

    def goto(document: Markdown, anchor: str) -> bool:
        gone.append((anchor, to_anchor(document, anchor)))
        return gone[-1][1]

    monkeypatch.setattr(Markdown, "goto_anchor", goto)
    async with GuideApp().run_test(size=(118, 40)) as pilot:
        viewer = screen_of(pilot).viewer
        for link in ("cost.md", "json.md#snapshot"):
            await viewer.go(link)
            await pilot.pause()
            file, _, anchor = link.partition("#")
            assert viewer.chapter == chapter_of(file)
        assert gone[-1] == (anchor, True)


async def test_a_click_on_a_link_opens_its_chapter() -> None:
    async with GuideApp().run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        viewer = screen_of(pilot).viewer
        viewer.document.post_message(Markdown.LinkClicked(viewer.document, "privileges.md"))
        await pilot.pause()
        assert viewer.chapter == "privileges"


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
    async with GuideApp("privileges").run_test(size=size) as pilot:
        await pilot.pause()
        viewer = pilot.app.screen.query_one(GuideViewer)
        assert viewer.size.height >= size[1] - 2
        assert 0 < viewer.size.width <= min(size[0], 130)
