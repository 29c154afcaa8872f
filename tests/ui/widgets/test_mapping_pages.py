"""The pages of a mapping on the screen: what is drawn, what keys and the mouse do, and what is asked for."""

import re
from typing import Any

import numpy as np
import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from rich.color import Color
from textual.pilot import Pilot

from smapstop.model.pages import page_history
from smapstop.model.pages.page_grid import PageSpans, diff_spans
from smapstop.model.protocol import (
    Attach,
    FramesReply,
    FramesRequest,
    PagesReply,
    PagesRequest,
    SharersReply,
    SharersRequest,
    SymbolsReply,
    SymbolsRequest,
)
from smapstop.model.tick import Tick
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.pages.layout import GUTTER
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.mapping_fields import MappingFields
from smapstop.ui.widgets.mapping_pages import MappingPages

PAGE = 4096
FIRST = 0x1000
FILE, COPIED = PageFlags.PRESENT | PageFlags.FILE, PageFlags.PRESENT
SHARED_COPY = COPIED | PageFlags.SHARED


def tick(number: int, rss: int, stop: int = FIRST + 3, **other: Any) -> Tick:
    return tick_of(number, mappings_of((FIRST, stop, "rw-p", "/bin/program", rss)), [0], **other)


def seen(tick: int, *flags: int, first: int = FIRST, pages: int = 0) -> PagesReply:
    """A look that saw the first pages so; the mapping has more when `pages` says so."""
    start = (first + np.arange(len(flags), dtype=np.uint64)) * np.uint64(PAGE)
    there = np.array(flags, np.uint8) != 0
    runs = PageRuns(
        start[there], start[there] + np.uint64(PAGE), np.array(flags, np.uint8)[there], FILE | PageFlags.ZERO, PAGE
    )
    stop = (first + (pages or len(flags))) * PAGE
    return PagesReply(0, tick, (1_700_000_000 + tick) * 1_000_000_000, first * PAGE, stop, runs)


async def lines(pilot: Pilot[int]) -> list[str]:
    await pilot.pause()
    widget = pilot.app.query_one(MappingPages)
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


async def opened(pilot: Pilot[int], source: ListSource, *news: PagesReply | SymbolsReply) -> list[str]:
    """The lines of the view, opened on the whole screen, once it has heard some news."""
    await pilot.press("v", "z")
    source.deliver(*news)
    return await lines(pilot)


def dashboard(*ticks: Tick) -> tuple[Dashboard, ListSource]:
    source = ListSource(*ticks)
    return Dashboard(source, Attach(4711), Settings()), source


def under_cursor(text: list[str]) -> int:
    """The page under the cursor, counted from the first of the mapping, as the box says."""
    (line,) = [line for line in text if line.startswith(" ▏") and "-" in line and "offset" in line]
    return int(line[2:].split("-")[0], 16) // PAGE - FIRST


async def settled(pilot: Pilot[int]) -> None:
    """Wait until what was told was drawn, and what was asked because of it has reached the source."""
    await pilot.pause()
    await pilot.pause()


def pages_asked(source: ListSource) -> int:
    return len([request for request in source.requests if isinstance(request, PagesRequest)])


async def test_a_page_that_was_copied_is_marked_and_named() -> None:
    app, source = dashboard(tick(0, 12))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, source, seen(0, COPIED, FILE, FILE))
        source.deliver(tick(1, 13))
        await settled(pilot)
        assert pages_asked(source) == 2
        source.deliver(seen(1, COPIED, FILE, COPIED))
        await pilot.pause()
        last = [request for request in source.requests if isinstance(request, SymbolsRequest)][-1]
        names = {(FIRST + 2) * PAGE: ("page1",)}
        source.deliver(SymbolsReply(0, last.ranges, tuple(names.get(start, ()) for start, _ in last.ranges)))
        text = "\n".join(await lines(pilot))
        assert "F→C" in text
        assert "1 page changed since 22:13:20" in text
        assert "1 page: copied-on-write; it was file" in text
        assert "contains: page1" in text
        assert "1 page: copied-on-write; it was file  Written in a private file mapping: a copy replaced" in text
        assert "Copied on write: 2 pages, 8 K" in text


@pytest.mark.parametrize("gap", [0, 1])
async def test_names_are_asked_for_of_what_looks_like_the_zeroed_data_of_a_file(gap: int) -> None:
    program = [(2, 3, "r-xp", "/bin/program"), (3, FIRST - gap, "rw-p", "/bin/program")]
    app, source = dashboard(tick_of(0, mappings_of(*program, (FIRST, FIRST + 3, "rw-p", "", 12)), [1, 2, 0]))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, source, seen(0, COPIED, COPIED, COPIED))
        await settled(pilot)
        asked = [request for request in source.requests if isinstance(request, SymbolsRequest)]
        assert len(asked) == (gap == 0)
        for request in asked:
            source.deliver(SymbolsReply(0, request.ranges, (("table",),) * len(request.ranges)))
        assert any("contains: table" in line for line in await lines(pilot)) == (gap == 0)


async def test_the_frames_under_the_cursor_are_asked_for_at_each_tick_and_told() -> None:
    app, source = dashboard(tick(0, 12))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, source, seen(0, COPIED, FILE, FILE))
        await settled(pilot)
        asked = FramesRequest(0, FIRST * PAGE, (FIRST + 1) * PAGE)
        assert [request for request in source.requests if isinstance(request, FramesRequest)] == [asked]
        source.deliver(FramesReply(0, asked.start, asked.end, pages=1, highest_map_count=12, dirty=1))
        assert " ▏page frame: map count 12, dirty" in await lines(pilot)
        await pilot.press("right")
        assert not any("page frame" in line for line in await lines(pilot)), "of the next page nothing is known yet"
        source.deliver(FramesReply(0, asked.end, asked.end + PAGE, missing_reason="shown only to root"))
        assert any("page frame: shown only to root" in line for line in await lines(pilot))
        source.deliver(tick(1, 12))
        await settled(pilot)
        assert len([request for request in source.requests if isinstance(request, FramesRequest)]) == 3
        await pilot.press("space", "comma")
        assert not any("page frame" in line for line in await lines(pilot)), "then they were not looked at"


async def test_pages_are_asked_for_when_it_opens_and_when_the_mapping_changed_only() -> None:
    app, source = dashboard(tick(0, 12))
    async with app.run_test(size=(118, 40)) as pilot:
        source.deliver(tick(1, 13))
        await settled(pilot)
        assert pages_asked(source) == 0
        await opened(pilot, source, seen(1, FILE, FILE, FILE))
        assert pages_asked(source) == 1
        source.deliver(tick(2, 13))
        await settled(pilot)
        assert pages_asked(source) == 1
        source.deliver(tick(3, 14))
        await settled(pilot)
        assert pages_asked(source) == 2
        await pilot.press("v", "escape")
        source.deliver(tick(4, 15))
        await settled(pilot)
        assert pages_asked(source) == 2


async def test_a_reserved_mapping_of_16_tib_is_asked_for_once_and_shown() -> None:
    pages = 2**32
    app, source = dashboard(tick(0, 0, FIRST + pages))
    async with app.run_test(size=(118, 40)) as pilot:
        text = "\n".join(await opened(pilot, source, seen(0, COPIED, pages=pages)))
        assert "16,777,216 pages a cell" in text
        assert "1 copied-on-write" in text
        assert pages_asked(source) == 1


async def test_keys_move_the_cursor_and_zoom_keeps_it() -> None:
    app, source = dashboard(tick(0, 0, FIRST + 3000))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, source, seen(0, FILE, pages=3000))
        await pilot.press("minus", *["plus"] * 9)
        at = [under_cursor(await lines(pilot))]
        for keys in ("right", "l", "down", "k", "left", "pagedown", "pageup", "end", "left", "home"):
            await pilot.press(keys)
            at.append(under_cursor(await lines(pilot)))
        rows = [line for line in await lines(pilot) if re.match(r" [0-9a-f]{12}  ", line)]
        page = 64 * len(rows)
        assert at == [0, 1, 2, 66, 2, 1, 1 + page, 1, 2999, 2998, 0]
        await pilot.press("end", "minus", "minus")
        assert under_cursor(await lines(pilot)) == (FIRST + 2999) // 64 * 64 - FIRST
        await pilot.press("plus", "plus")
        assert under_cursor(await lines(pilot)) == 2999


async def test_n_goes_from_change_to_change_and_around() -> None:
    app, source = dashboard(tick(0, 0, FIRST + 3000))
    async with app.run_test(size=(118, 40)) as pilot:
        flags = [0] * 3000
        await opened(pilot, source, seen(0, *flags))
        flags[5] = flags[700] = flags[2999] = FILE
        source.deliver(tick(1, 12, FIRST + 3000), seen(1, *flags))
        await lines(pilot)
        await pilot.press(*["plus"] * 9)
        at = [under_cursor(await lines(pilot))]
        for key in ("n", "n", "n", "N", "N"):
            await pilot.press(key)
            at.append(under_cursor(await lines(pilot)))
        assert at == [5, 700, 2999, 5, 2999, 700]


async def test_the_cursor_keeps_its_address_when_the_mapping_grows_downward() -> None:
    app, source = dashboard(tick(0, 12))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, source, seen(0, FILE, FILE, FILE))
        await pilot.press("right")
        grown = mappings_of((FIRST - 2, FIRST + 3, "rw-p", "/bin/program", 20))
        source.deliver(tick_of(1, grown, [0]), seen(1, FILE, FILE, FILE, FILE, FILE, first=FIRST - 2))
        assert under_cursor(await lines(pilot)) == 1


async def test_the_mouse_puts_the_cursor_on_a_cell() -> None:
    app, source = dashboard(tick(0, 12))
    async with app.run_test(size=(118, 40)) as pilot:
        text = await opened(pilot, source, seen(0, FILE, COPIED, FILE))
        (row,) = [y for y, line in enumerate(text) if line.startswith(f" {FIRST * PAGE:012x} ")]
        await pilot.click(MappingPages, offset=(GUTTER + 2 * 16 + 1, row))
        assert under_cursor(await lines(pilot)) == 2
        (listed,) = [y for y, line in enumerate(text) if line.rstrip().endswith(f"{(FIRST + 1) * PAGE:012x}")]
        await pilot.click(MappingPages, offset=(90, listed))
        assert under_cursor(await lines(pilot)) == 1


async def test_c_lists_the_copied_pages_and_the_arrows_go_through_them() -> None:
    app, source = dashboard(tick(0, 12))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, source, seen(0, COPIED, FILE, COPIED))
        await pilot.press("c")
        text = await lines(pilot)
        assert sum("file offset" in line and "▏" not in line for line in text) == 2
        await pilot.press("down")
        assert any(line.startswith("›") and f"{(FIRST + 2) * PAGE:x}" in line for line in await lines(pilot))
        await pilot.press("c")
        assert not any(line.startswith("›") for line in await lines(pilot))


@pytest.mark.parametrize("why", ["not permitted to read the pages of process 4711", "a recording has no pages"])
async def test_why_no_pages_are_seen_is_said(why: str) -> None:
    app, source = dashboard(tick(0, 12))
    async with app.run_test(size=(118, 40)) as pilot:
        text = await opened(pilot, source, PagesReply(0, 0, 0, 0, 0, None, why))
        assert any(why in line for line in text)


async def test_a_mapping_that_is_gone_keeps_its_last_pages_and_says_so() -> None:
    app, source = dashboard(tick(0, 12))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, source, seen(0, FILE, FILE, FILE))
        source.deliver(tick_of(1, mappings_of(), [], gone=[0]))
        text = "\n".join(await lines(pilot))
        assert "gone since" in text
        assert "1 page: file" in text


async def test_without_colours_letters_and_underlines_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app, source = dashboard(tick(0, 0, FIRST + 300))
    async with app.run_test(size=(80, 24)) as pilot:
        flags = [FILE, 0, COPIED] * 100
        await opened(pilot, source, seen(0, *flags))
        flags[1] = FILE
        source.deliver(tick(1, 12, FIRST + 300), seen(1, *flags))
        await lines(pilot)
        await pilot.press("end")
        widget = app.query_one(MappingPages)
        (y,) = [y for y, line in enumerate(await lines(pilot)) if line.startswith(f" {FIRST * PAGE:012x} ")]
        row = widget.render_line(y)
        assert row.text[GUTTER:].startswith("F F C F · C ")
        marked = [segment.text for segment in row if segment.style and segment.style.underline]
        assert [text.strip() for text in marked] == ["F"]


async def test_only_what_changed_is_written_in_the_colour_of_changes() -> None:
    app, source = dashboard(tick(0, 0, FIRST + 300))
    async with app.run_test(size=(118, 40)) as pilot:
        flags = [0, 0, 0, 0, 0, COPIED] * 50
        await opened(pilot, source, seen(0, *flags))
        await pilot.press("minus", "minus", "end")  # the cursor is on the last cell, another will change
        gain = Color.parse(palette_of(app.screen.app).gain)

        def letters() -> list[bool]:
            strips = map(app.query_one(MappingPages).render_line, range(40))
            segments = [segment for strip in strips for segment in strip.crop(GUTTER)]
            return [seg.style is not None and seg.style.color == gain for seg in segments if seg.text.strip() == "C·"]

        await lines(pilot)
        assert letters() == [False] * 5
        flags[0] = COPIED
        source.deliver(tick(1, 12, FIRST + 300), seen(1, *flags))
        await lines(pilot)
        assert letters() == [True] + [False] * 4


async def test_own_and_shared_pages_have_letters_and_counts_and_those_that_became_own_are_marked() -> None:
    app, source = dashboard(tick(0, 0, FIRST + 300))
    async with app.run_test(size=(80, 24)) as pilot:
        flags = [COPIED] * 200
        await opened(pilot, source, seen(0, *flags))
        assert "copied-on-write 200" in "\n".join(await lines(pilot))
        flags = [SHARED_COPY] * 200
        source.deliver(tick(1, 12, FIRST + 300), seen(1, *flags))
        text = "\n".join(await lines(pilot))
        assert "copied-on-write shared 200" in text
        assert "0 pages changed since" in text
        assert "200 became shared" in text
        flags[3:10] = [COPIED] * 7
        source.deliver(tick(2, 12, FIRST + 300), seen(2, *flags))
        text = "\n".join(await lines(pilot))
        assert " c  copied-on-write shared 193   C  copied-on-write own 7" in text
        assert "7 pages changed since" in text
        await pilot.press("home", *["right"] * 3)
        text = "\n".join(await lines(pilot))
        assert "1 page: copied-on-write own; it was copied-on-write shared" in text
        assert "c c c C C C C C C C c c" in text


async def test_v_again_goes_back_to_the_reasons_and_escape_to_the_table() -> None:
    app, _ = dashboard(tick(0, 12))
    async with app.run_test(size=(118, 40)) as pilot:
        inspector, views = app.query_one(Inspector), []
        for key in ("v", "v", "v", "z", "escape", "escape"):
            await pilot.press(key)
            views.append((inspector.shown_tab, app.main_screen.views.zoom, inspector.has_focus_within))
        assert views == [
            ("pages", "", True),
            ("why", "", True),
            ("pages", "", True),
            ("pages", "inspector", True),
            ("pages", "", True),
            ("pages", "", False),
        ]


async def test_two_snapshots_are_compared_once_however_the_cursor_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = list[None]()

    def counted(before: PageSpans, after: PageSpans) -> PageSpans:
        compared.append(None)
        return diff_spans(before, after)

    monkeypatch.setattr(page_history, "diff_spans", counted)
    app, source = dashboard(tick(0, 4), tick(1, 8))
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        await opened(pilot, source, seen(0, FILE, 0, FILE), seen(1, FILE, FILE, COPIED))
        before = len(compared)
        await pilot.press("right", "right", "left", "n", "N", "-", "+")
        assert len(compared) == before > 0


async def test_the_fields_of_shared_memory_say_what_its_object_holds_and_who_else_maps_it() -> None:
    shared = mappings_of((FIRST, FIRST + 3, "rw-s", "/memfd:ram (deleted)", 8), object_allocated=[400])
    app, source = dashboard(tick_of(0, shared, [0]))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("enter", "2", "z")
        await settled(pilot)
        assert [request for request in source.requests if isinstance(request, SharersRequest)] == [SharersRequest(0)]
        source.deliver(SharersReply(0, ((4712, "worker"),)))
        await pilot.pause()
        widget = app.query_one(MappingFields)
        text = [widget.render_line(y).text.strip() for y in range(widget.size.height)]
        assert "The object holds 400 K in RAM or in swap; 8 K of it are mapped here." in text
        assert "Now also mapped by 4712 worker." in text
