"""The line about an alert: when it comes and goes, and where else the alert is seen."""

from dataclasses import replace
from typing import Any

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from model.family.readings import reading_of
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.protocol import Attach, FollowFamily
from smapstop.model.tick import Tick
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.family import FamilyScreen
from smapstop.ui.widgets.alert_banner import AlertBanner
from smapstop.ui.widgets.events_pane import EventsPane
from smapstop.ui.widgets.time_band import TimeBand

HEAP, LIBC = (0x10, 0x800, "rw-p", "[heap]"), (0x1000, 0x1100, "r-xp", "/usr/lib/libc.so.6", 40)


def tick(number: int, heap: int) -> Tick:
    return tick_of(number, mappings_of((*HEAP, heap), LIBC), [0, 1], keyframe=True, totals={"rss": heap + 40})


def dashboard(*heap: int, alerts: tuple[str, ...] = ("rss>600",)) -> tuple[Dashboard, ListSource]:
    source = ListSource(*(tick(number, kb) for number, kb in enumerate(heap)))
    return Dashboard(source, Attach(4711), Settings(alerts=tuple(map(parse_alert, alerts)))), source


async def banner(pilot: Pilot[Any]) -> str:
    """The line; empty while it is hidden."""
    await pilot.pause()
    line = pilot.app.query_one(AlertBanner)
    return line.render_line(0).text.strip() if line.display else ""


async def test_the_banner_says_what_since_when_and_which_mapping_and_rings_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(Dashboard, "bell", lambda _: rung.append(1))
    app, source = dashboard(100, 200)
    async with app.run_test(size=(118, 40)) as pilot:
        assert (await banner(pilot), rung) == ("", [])
        source.deliver(tick(2, 700))
        said = await banner(pilot)
        assert said.startswith("alert since ")
        assert "  rss>600: Rss 740 K; most in [heap]: +600 K since " in said
        assert said.endswith("esc hide ✕")
        source.deliver(tick(3, 800))
        assert await banner(pilot) == said
        assert rung == [1]
        source.deliver(tick(4, 100))
        assert await banner(pilot) == ""
        assert rung == [1]


@pytest.mark.parametrize("by", ["key", "click"])
async def test_it_is_hidden_until_the_alert_was_cleared_and_is_raised_again(by: str) -> None:
    app, source = dashboard(100, 700)
    async with app.run_test(size=(118, 40)) as pilot:
        assert await banner(pilot)
        if by == "key":
            await pilot.press("escape")
        else:
            await pilot.click(AlertBanner)
        assert await banner(pilot) == ""
        source.deliver(tick(2, 800))
        assert await banner(pilot) == ""
        source.deliver(tick(3, 100), tick(4, 900))
        assert "Rss 940 K" in await banner(pilot)


async def test_it_is_a_mark_on_the_band_and_an_event_that_leads_to_its_mapping() -> None:
    app, source = dashboard(100, 700, 710)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("e")
        source.deliver(tick(3, 720))
        await banner(pilot)
        band, events = app.query_one(TimeBand), app.query_one(EventsPane)
        assert any("!" in band.render_line(y).text for y in range(band.size.height))
        lines = [events.render_line(y).text for y in range(events.size.height)]
        (line,) = [line for line in lines if "alert rss>600" in line]
        assert "program" in line
        entry = next(entry for entry in app.session.alerts.entries(app.session.run))
        assert (entry.mapping, entry.last) == (0, 1)


async def test_of_several_the_last_is_shown_and_once_that_is_hidden_the_one_before() -> None:
    app, source = dashboard(100, 700, alerts=("rss>600", "kind:heap rss>800"))
    async with app.run_test(size=(118, 40)) as pilot:
        assert "rss>600:" in await banner(pilot)
        source.deliver(tick(2, 900))
        assert "kind:heap rss>800:" in await banner(pilot)
        await pilot.press("escape")
        assert "rss>600:" in await banner(pilot)
        await pilot.press("escape")
        assert await banner(pilot) == ""
        assert [mark.tick for mark in app.session.alerts.marks(app.session.run)] == [1, 2]


async def test_an_alert_about_the_family_has_it_read_and_names_the_process() -> None:
    app, source = dashboard(100, alerts=("family pss>150",))
    async with app.run_test(size=(118, 40)) as pilot:
        await pause_until(pilot, lambda: FollowFamily() in source.requests, "the family is read")
        members = {10: {"pss": 40, "private_dirty": 10, "private_clean": 0}, 20: {"pss": 120}}
        at_ns = tick(1, 100).monotonic_ns
        reading = replace(reading_of(1, members, new=(10, 20)), monotonic_ns=at_ns)
        source.deliver(replace(reading, read_ns=reading.read_ns * 0 + at_ns), tick(1, 100))
        said = await banner(pilot)
        assert "family pss>150: Σ Pss 160 K" in said
        assert [mark.tick for mark in app.session.alerts.marks(app.session.run)] == [1]
        await pilot.press("P")
        await pause_until(pilot, lambda: isinstance(app.screen, FamilyScreen), "the family is open")
        await pilot.press("P")
        await pause_until(pilot, lambda: not isinstance(app.screen, FamilyScreen), "it is closed")
        assert FollowFamily(on=False) not in source.requests, "the alert still needs it"
