"""The bar of keys shows whole keys only, and is for the mouse, too."""

from factories import mappings_of, tick_of
from list_source import ListSource
from textual.command import CommandPalette
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.protocol import Attach, EndOfRecording
from smapstop.settings import Replay, Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.help import HelpScreen
from smapstop.ui.widgets.key_bar import KeyBar, fit_keys

KEYS = [("?", "help"), ("q", "quit"), ("space", "pause"), ("o", "group")]


def test_keys_that_do_not_fit_whole_are_left_out_and_shorter_ones_take_their_place() -> None:
    assert fit_keys(KEYS, 80) == [(0, 1), (1, 9), (2, 17), (3, 30)]
    assert fit_keys(KEYS, 26) == [(0, 1), (1, 9), (3, 17)]
    assert fit_keys(KEYS, 3) == []


def dashboard() -> Dashboard:
    return Dashboard(ListSource(tick_of(0, mappings_of((0, 4)), [0])), Attach(4711), Settings())


async def shown(pilot: Pilot[int]) -> str:
    await pilot.pause()
    return pilot.app.query_one(KeyBar).render_line(0).text


async def test_the_bar_is_as_wide_as_the_terminal_and_ends_with_a_whole_key() -> None:
    async with dashboard().run_test(size=(80, 24)) as pilot:
        line = await shown(pilot)
        assert len(line) == 80
        assert line.startswith(" ? help  q quit  space pause")
        assert line.rstrip().split("  ")[-1] in {f"{key.strip()}" for key in line.split("  ")}


async def test_what_makes_no_sense_now_is_not_shown() -> None:
    async with dashboard().run_test(size=(160, 24)) as pilot:
        line = await shown(pilot)
        assert "p play" not in line
        assert "t program" not in line
        await pilot.press("space")
        assert "p play" in await shown(pilot)


async def test_the_key_for_pausing_says_what_it_does_now() -> None:
    async with dashboard().run_test(size=(80, 24)) as pilot:
        assert "space pause" in await shown(pilot)
        await pilot.press("space")
        assert "space resume" in await shown(pilot)
        await pilot.press("space")
        assert "space pause" in await shown(pilot)


async def test_in_a_recording_the_key_for_pausing_plays_and_pauses() -> None:
    ticks = [tick_of(number, mappings_of((0, 4)), [0]) for number in range(3)]
    source = ListSource(*ticks)
    app = Dashboard(source, Replay("run.smaps"), Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        source.request(Attach(4711))
        source.deliver(EndOfRecording("SIGINT"))
        assert "  space play  /" in await shown(pilot)
        await pilot.press("space")
        assert "  space pause  p speed  /" in await shown(pilot)
        await pilot.press("space")
        assert "  space play  /" in await shown(pilot)


async def test_a_click_on_a_key_is_the_key() -> None:
    async with dashboard().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.click(KeyBar, offset=(3, 0))
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpScreen)


async def test_at_its_end_is_always_the_key_that_leads_to_all_others() -> None:
    for width in (60, 118, 240):
        async with dashboard().run_test(size=(width, 24)) as pilot:
            assert (await shown(pilot)).rstrip().endswith("  ctrl+p more")
            await pilot.click(KeyBar, offset=(width - 4, 0))
            await pause_until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette), "the palette")
