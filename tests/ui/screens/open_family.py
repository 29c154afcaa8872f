"""A dashboard whose family is open, with a parent and two children."""

from typing import Any

from factories import mappings_of, tick_of
from list_source import ListSource, target
from model.family.readings import reading_of
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import Attach, MemberMessage
from smapstop.model.tick import Tick
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.family import FamilyScreen
from smapstop.ui.widgets.family_table import FamilyTable
from smapstop.ui.widgets.sharing_table import SharingTable

PARENT, CHILD = 4711, 5000


def tick(number: int, own: int = 0) -> Tick:
    """A mapping of 40 kB, of which some is the process's own."""
    mappings = mappings_of((16, 26, "rw-p", "", 40), private_clean=[0], private_dirty=[own])
    totals = {"rss": 40, "pss": 20, "uss": own}
    return tick_of(number, mappings, [0], keyframe=True, totals=totals)


def reading(second: int, **child: int) -> FamilyReading:
    members = {
        PARENT: {"rss": 100, "pss": 60, "private_clean": 0, "private_dirty": 10},
        CHILD: {"rss": 80, "pss": 30, "private_clean": 0, "private_dirty": 4, "shared_dirty": 70} | child,
        CHILD + 1: {"rss": 90, "pss": 40, "private_clean": 0, "private_dirty": 50, "shared_dirty": 20},
    }
    return reading_of(second, members, new=tuple(members) if second == 1 else ())


def family_of(pilot: Pilot[int]) -> list[str]:
    """The lines of the members."""
    table = pilot.app.screen.query_one(FamilyTable)
    return [table.render_line(y).text.rstrip() for y in range(table.size.height) if table.render_line(y).text.strip()]


def sharing_of(pilot: Pilot[int]) -> list[str]:
    table = pilot.app.screen.query_one(SharingTable)
    return [table.render_line(y).text.rstrip() for y in range(table.size.height) if table.render_line(y).text.strip()]


class Family:
    """A dashboard whose family is open, and its source."""

    def __init__(self, *alerts: str) -> None:
        self.source = ListSource(tick(0), tick(1))
        settings = Settings(alerts=tuple(parse_alert(text) for text in alerts))
        self.app = Dashboard(self.source, Attach(PARENT), settings)

    async def open(self, pilot: Pilot[int]) -> None:
        await pilot.pause()
        await pilot.press("P")
        await pause_until(pilot, lambda: isinstance(self.app.screen, FamilyScreen), "the family is open")
        self.source.deliver(reading(1), reading(2))
        await pause_until(pilot, lambda: len(family_of(pilot)) == 4, "its members")

    def sample(self, pid: int, *ticks: Tick) -> None:
        self.source.deliver(MemberMessage(pid, target(pid=pid)), *(MemberMessage(pid, each) for each in ticks))


def requested(source: ListSource, kind: type) -> list[Any]:
    return [request for request in source.requests if isinstance(request, kind)]
