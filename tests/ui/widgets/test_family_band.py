"""In the family's band of time the mouse chooses the moment and the range, and keys lead back to now."""

from dataclasses import replace

from model.family.readings import SECOND_NS
from textual.pilot import Pilot
from ui.screens.open_family import Family, family_of, reading, tick
from waiting import pause_until

from smapstop.ui.drawing.family_band import NAME_CELLS, cells_of_time
from smapstop.ui.screens.family import FamilyScreen
from smapstop.ui.widgets.family_band import FamilyBand
from smapstop.ui.widgets.family_title import FamilyTitle

SECONDS = 20
WIDTH = 118


async def open_for_a_while(pilot: Pilot[int], family: Family) -> FamilyBand:
    """Open the family with a tick and a reading for each second; the child grows by 10 kB in each."""
    await family.open(pilot)
    for second in range(2, SECONDS + 1):
        family.source.deliver(replace(tick(second), keyframe=False, monotonic_ns=second * SECOND_NS))
        if second > 2:
            family.source.deliver(reading(second, private_dirty=10 * second))
    await pause_until(pilot, lambda: "200 K" in family_of(pilot)[2], "the last reading")
    return family.app.screen.query_one(FamilyBand)


def title_of(pilot: Pilot[int]) -> str:
    title = pilot.app.screen.query_one(FamilyTitle)
    return "\n".join(title.render_line(y).text for y in range(2))


def x_of(second: float) -> int:
    """Column of a moment in the band."""
    return NAME_CELLS + int(second / SECONDS * cells_of_time(WIDTH))


async def test_a_click_goes_to_its_moment_and_the_band_stays_where_it_is() -> None:
    family = Family()
    async with family.app.run_test(size=(WIDTH, 60)) as pilot:
        band = await open_for_a_while(pilot, family)
        await pilot.click(band, offset=(x_of(12.5), 2))
        await pause_until(pilot, lambda: "120 K" in family_of(pilot)[2], "the child at that moment")
        assert "paused at " in title_of(pilot)
        assert "8 s ago; L goes back to live" in title_of(pilot)
        child, axis = band.render_line(1).text, band.render_line(band.size.height - 1).text
        assert child[x_of(12)] == "┃"
        assert "120 K" in child
        assert axis[x_of(12)] == "┸"
        assert not axis.rstrip().endswith("now")
        await pilot.click(band, offset=(x_of(18.5), 2))
        await pause_until(pilot, lambda: "180 K" in family_of(pilot)[2], "a later moment")
        await pilot.press("comma")
        await pause_until(pilot, lambda: "170 K" in family_of(pilot)[2], "a second earlier")
        await pilot.press("L")
        await pause_until(pilot, lambda: "200 K" in family_of(pilot)[2], "now")
        await pilot.click(band, offset=(x_of(12.5), 2))
        await pause_until(pilot, lambda: "120 K" in family_of(pilot)[2], "the moment again")
        await pilot.click(band, offset=(WIDTH - 3, 2))
        await pause_until(pilot, lambda: "200 K" in family_of(pilot)[2], "now, by a click at the right")


async def test_a_drag_compares_its_ends() -> None:
    family = Family()
    async with family.app.run_test(size=(WIDTH, 60)) as pilot:
        band = await open_for_a_while(pilot, family)
        await pilot.mouse_down(band, offset=(x_of(8.5), 2))
        await pilot.hover(band, offset=(x_of(14.5), 2))
        await pilot.mouse_up(band, offset=(x_of(14.5), 2))
        await pause_until(pilot, lambda: "+60 K" in family_of(pilot)[2], lambda: family_of(pilot)[2])
        assert "├━" in band.render_line(band.size.height - 1).text
        assert family.app.session.view_state.baseline == "range"


async def test_space_pauses_and_the_wheel_zooms() -> None:
    family = Family()
    async with family.app.run_test(size=(WIDTH, 60)) as pilot:
        band = await open_for_a_while(pilot, family)
        await pilot.press("space")
        await pause_until(pilot, lambda: "paused at" in title_of(pilot), "it is paused")
        family.source.deliver(replace(tick(21), keyframe=False, monotonic_ns=21 * SECOND_NS), reading(21))
        await pause_until(pilot, lambda: "1 s ago" in title_of(pilot), "time goes on")
        assert "200 K" in family_of(pilot)[2], "the family does not"
        await pilot.press("space", "left_parenthesis")
        await pause_until(pilot, lambda: family.app.session.view_state.span_s == 10, "less time")
        assert isinstance(family.app.screen, FamilyScreen)
        assert band.display


async def test_before_the_first_reading_it_is_said_that_there_is_none() -> None:
    family = Family()
    family.source = family.app.source = type(family.source)(tick(0), replace(tick(1), keyframe=False))
    async with family.app.run_test(size=(WIDTH, 60)) as pilot:
        await pause_until(pilot, lambda: family.app.session.shown_number == 1, "its ticks")
        await pilot.press("comma", "P")
        await pause_until(pilot, lambda: isinstance(family.app.screen, FamilyScreen), "the family is open")
        family.source.deliver(reading(1), reading(2))
        await pause_until(pilot, lambda: "the family was first read at" in title_of(pilot), lambda: title_of(pilot))
        assert "not read at that moment" in family_of(pilot)[1]
