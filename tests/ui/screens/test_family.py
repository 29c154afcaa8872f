"""The family as its user meets it: what a source tells is shown, members are watched, and the way back."""

from dataclasses import replace
from pathlib import Path

import pytest
from list_source import ListSource, target
from model.family.readings import SECOND_NS, reading_of
from ui.screens.open_family import CHILD, PARENT, Family, family_of, reading, requested, sharing_of, tick
from waiting import pause_until

from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import (
    Attach,
    Failure,
    FollowFamily,
    MemberMessage,
    MemberRequest,
    PagesRequest,
    SampleMembers,
)
from smapstop.model.tick import ExitStatus
from smapstop.recording.reader import Recording
from smapstop.recording.writer import Recorder
from smapstop.settings import Replay, Settings
from smapstop.source.replay import ReplaySource
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.family import FamilyScreen
from smapstop.ui.widgets.alert_banner import AlertBanner
from smapstop.ui.widgets.family_band import FamilyBand
from smapstop.ui.widgets.family_table import FamilyTable
from smapstop.ui.widgets.family_title import FamilyTitle
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.sharing_table import SharingTable


async def test_members_stand_in_a_tree_and_those_that_matter_are_sampled() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        assert requested(family.source, FollowFamily) == [FollowFamily()]
        titles, parent, child, other = family_of(pilot)
        assert titles.split()[:5] == ["Process", "Rss", "Pss", "Uss", "ΔUss"]
        assert parent.startswith("●p4711")
        assert child.startswith(" ├─p5000")
        assert other.startswith(" └─p5001")
        assert requested(family.source, SampleMembers)[-1] == SampleMembers((CHILD, CHILD + 1))
        title = family.app.screen.query_one(FamilyTitle).render_line(0).text
        assert "family of 3 processes   Σ Pss 130 K   Σ Uss 64 K" in title


async def test_mappings_at_the_same_address_say_whose_own_they_are() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        family.sample(CHILD, tick(0, own=10), tick(1, own=20))
        await pause_until(pilot, lambda: "50 %" in "".join(sharing_of(pilot)), "the copies")
        titles, mapping = sharing_of(pilot)
        assert titles.split()[:6] == ["Own", "share", "of", "Size", "›4711", "5000"]
        assert mapping.split()[:7] == ["A", "anon", "10000", "40", "K", "0.0", "%"]


async def test_enter_watches_a_member_and_escape_comes_back() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        await pilot.press("down", "enter")
        await pilot.pause()
        family.sample(CHILD, tick(0), tick(1))
        session = family.app.session
        await pause_until(
            pilot, lambda: session.run is not None and session.run.target.pid == CHILD, "the member is shown"
        )
        family.source.deliver(MemberMessage(CHILD, tick(2, own=8)))
        await pause_until(pilot, lambda: session.shown_number == 2, "its next tick")
        assert f"{CHILD}" in family.app.query_one(HeaderBar).render_line(0).text
        assert session.view_state.at is None, "it is live"
        run = session.run

        await pilot.press("v")
        await pause_until(pilot, lambda: requested(family.source, MemberRequest), "a request for pages")
        assert requested(family.source, MemberRequest)[-1] == MemberRequest(CHILD, PagesRequest(0))
        for _ in range(3):  # out of the pages, then out of the member
            if not isinstance(family.app.screen, FamilyScreen):
                await pilot.press("escape")
                await pilot.pause()
        await pause_until(pilot, lambda: isinstance(family.app.screen, FamilyScreen), "the family again")
        assert session.run is not None
        assert session.run.target.pid == PARENT
        assert session.family.runs[CHILD] is run, "its history goes on"
        assert requested(family.source, SampleMembers) == [SampleMembers((CHILD, CHILD + 1))]
        await pilot.press("q")
        await pause_until(
            pilot,
            lambda: requested(family.source, FollowFamily)[-1] == FollowFamily(on=False),
            "it is no longer read",
        )


async def test_the_shown_mapping_is_opened_at_its_pages_in_the_member() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        family.sample(CHILD, tick(0), tick(1, own=20))
        await pause_until(pilot, lambda: "50 %" in "".join(sharing_of(pilot)), "the copies")
        await pilot.press("down", "tab", "enter")
        await pause_until(pilot, lambda: requested(family.source, MemberRequest), "a request for pages")
        assert requested(family.source, MemberRequest)[-1] == MemberRequest(CHILD, PagesRequest(0))


async def test_order_filter_metric_and_baseline() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        family.source.deliver(reading(3, private_dirty=24))
        await pause_until(pilot, lambda: "+20 K" in family_of(pilot)[2], "the change")
        await pilot.press("s")
        await pause_until(pilot, lambda: family_of(pilot)[1].startswith(" p5000"), "largest change first")
        await pilot.press("s")
        await pause_until(pilot, lambda: family_of(pilot)[1].startswith(" p5001"), "largest first")
        await pilot.press("1")
        await pause_until(pilot, lambda: "ΔRss" in family_of(pilot)[0], "another metric")
        await pilot.press("/", *"5001", "enter")
        await pause_until(pilot, lambda: len(family_of(pilot)) == 2, "one member")
        await pilot.press("escape")
        await pause_until(pilot, lambda: len(family_of(pilot)) == 4, "all members")
        await pilot.press("d")
        title = family.app.screen.query_one(FamilyTitle)
        await pause_until(pilot, lambda: "Δ start" in title.render_line(0).text, "another baseline")


async def test_search_jumps_and_hides_nothing() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        table = family.app.screen.query_one(FamilyTable)
        await pilot.press("f3", *"p50", "enter")
        await pause_until(pilot, lambda: table.cursor_index == 1, "the first that is found")
        assert len(family_of(pilot)) == 4
        await pilot.press("n")
        await pause_until(pilot, lambda: table.cursor_index == 2, "the next")
        await pilot.press("n")
        await pause_until(pilot, lambda: table.cursor_index == 1, "around the end")
        await pilot.press("N")
        await pause_until(pilot, lambda: table.cursor_index == 2, "the previous")


async def test_who_is_gone_cannot_be_watched() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        await pilot.press("down")
        family.source.deliver(reading_of(3, {PARENT: {"rss": 100}}))
        await pause_until(pilot, lambda: family_of(pilot)[2].endswith("gone"), "the end is shown")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(family.app.screen, FamilyScreen)


async def test_a_replay_shows_the_family_at_any_moment_but_no_other_process(tmp_path: Path) -> None:
    path = tmp_path / "run.smaps"
    recorder = Recorder(path)
    recorder.write(target())
    for number in range(4):
        recorder.write(replace(tick(number), monotonic_ns=(number + 1) * SECOND_NS))
        recorder.write(reading(number + 1, private_dirty=4 * number))
    recorder.close("SIGINT")
    app = Dashboard(ReplaySource(Recording(path)), Replay("run.smaps"), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pause_until(pilot, lambda: app.session.end_of_recording is not None, "all is read")
        await pilot.press("P")
        await pause_until(pilot, lambda: isinstance(app.screen, FamilyScreen), "the family is open")
        await pause_until(pilot, lambda: len(family_of(pilot)) == 4, "its members")
        assert not app.screen.query_one("#shared").display, "mappings of one process have nothing to compare"
        assert "+8 K" in family_of(pilot)[2] or "+12 K" in family_of(pilot)[2]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, FamilyScreen)
        assert [each.message for each in app._notifications] == [
            f"only the totals of {CHILD} were recorded; the mappings are those of {PARENT}"
        ]
        await pilot.press("escape", "comma", "comma", "P")
        await pause_until(pilot, lambda: isinstance(app.screen, FamilyScreen), "the family is open")
        await pause_until(pilot, lambda: len(family_of(pilot)) == 4, "its members at that moment")
        assert "+4 K" in family_of(pilot)[2]


async def test_a_recorded_family_is_read_on_when_it_is_left() -> None:
    source = ListSource(tick(0), tick(1))
    app = Dashboard(source, Attach(PARENT), Settings(shows_family=True, is_recording=True))
    async with app.run_test(size=(118, 40)) as pilot:
        await pause_until(pilot, lambda: isinstance(app.screen, FamilyScreen), "the family is open")
        await pilot.press("escape")
        await pilot.pause()
        assert requested(source, FollowFamily) == [FollowFamily()]


@pytest.mark.parametrize("readings", [(), (reading(1),)], ids=["before the first reading", "later"])
async def test_a_sampler_that_died_is_said_in_the_family(readings: tuple[FamilyReading, ...]) -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press("P")
        await pause_until(pilot, lambda: isinstance(family.app.screen, FamilyScreen), "the family is open")
        family.source.deliver(*readings, Failure("the sampler process died (signal 9)", "restart smapstop"))
        title = family.app.screen.query_one(FamilyTitle)
        await pause_until(
            pilot, lambda: any("process died" in title.render_line(y).text for y in (0, 1)), "it is said"
        )
        await pilot.press("escape")
        header = family.app.screen.query_one(HeaderBar)
        await pause_until(pilot, lambda: "process died" in header.render_line(0).text, "the header says it")


async def test_an_alert_is_shown_in_the_family_and_escape_hides_it_first() -> None:
    family = Family("family pss>120")
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        family.source.deliver(reading(3, private_dirty=24))
        await pause_until(pilot, lambda: "+20 K" in family_of(pilot)[2], "the reading; no other one comes")
        family.source.deliver(replace(tick(2), monotonic_ns=2 * SECOND_NS + 1))
        banner = family.app.screen.query_one(AlertBanner)
        alert = "family pss>120: Σ Pss 130 K"
        await pause_until(pilot, lambda: alert in banner.render_line(0).text, "the alert")
        await pilot.press("escape")
        await pause_until(pilot, lambda: not banner.display, "it is hidden")
        assert isinstance(family.app.screen, FamilyScreen)
        await pilot.press("escape")
        assert not isinstance(family.app.screen, FamilyScreen)


async def test_the_dashboard_is_not_drawn_behind_the_family_and_is_up_to_date_after_it() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        header = family.app.main_screen.query_one(HeaderBar)
        before = header.render_line(0).text
        family.source.deliver(replace(tick(2, own=8), missing="not permitted"), reading(3))
        await pause_until(pilot, lambda: family.app.session.shown_number == 2, "the tick is processed")
        assert header.render_line(0).text == before
        await pilot.press("escape")
        await pause_until(pilot, lambda: header.render_line(0).text != before, "the dashboard is drawn again")


async def test_a_tall_screen_has_a_line_over_time_for_each_process() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 60)) as pilot:
        await family.open(pilot)
        await pilot.press("down")
        family.source.deliver(reading(3, private_dirty=24))
        band = family.app.screen.query_one(FamilyBand)
        await pause_until(pilot, lambda: "24 K" in band.render_line(1).text, "the child's line")
        lines = [band.render_line(y).text for y in range(band.size.height)]
        assert [line.split()[0] for line in lines[:3]] == ["p4711", "›p5000", "p5001"]
        assert "█" in lines[1], "it grew"
        assert "█" not in lines[2]
        assert "Uss of each, one scale" in lines[3]
        assert lines[3].rstrip().endswith("now")
        await pilot.resize_terminal(118, 40)
        await pause_until(pilot, lambda: not band.display, "there is no room for it")


async def test_after_the_end_the_histories_go_on_with_the_family() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 60)) as pilot:
        await family.open(pilot)
        ended = replace(tick(2), keyframe=False, monotonic_ns=2 * SECOND_NS, ending=ExitStatus(0))
        family.source.deliver(ended, *(reading(second, private_dirty=second) for second in range(3, 31)))
        band = family.app.screen.query_one(FamilyBand)
        await pause_until(pilot, lambda: "30 K" in band.render_line(1).text, "the last reading")
        curve = band.render_line(1).text
        assert {"▁", "▂", "▄", "▆", "█"} <= set(curve), curve


async def test_members_that_the_cursor_passes_take_no_other_the_place_among_those_that_are_sampled() -> None:
    family, pids = Family(), range(CHILD, CHILD + 12)
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        sizes = {pid: {"rss": 9, "pss": 9, "private_clean": 0, "private_dirty": CHILD + 13 - pid} for pid in pids}
        family.source.deliver(reading_of(3, {PARENT: {"rss": 100}} | sizes, new=tuple(pids)[2:]))
        await pause_until(pilot, lambda: len(family_of(pilot)) == 14, "its members")
        sampled = family.app.session.family.sampled
        screen, table = family.app.screen, family.app.screen.query_one(FamilyTable)
        assert isinstance(screen, FamilyScreen)
        for line in range(1, 13):
            table.move_to(line)
            screen.follow_member()
        assert family.app.session.family.sampled == sampled, "it passed them"
        last = max(pids)
        await pause_until(pilot, lambda: last in family.app.session.family.sampled, "it rests on the last")
        assert requested(family.source, SampleMembers)[-2:] == [
            SampleMembers(sampled),
            SampleMembers((*sampled[:-1], last)),
        ]


async def test_without_a_shared_mapping_v_shows_the_pages_of_any_of_the_member() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        await family.open(pilot)
        await pilot.press("down")
        assert not family.app.screen.query_one(SharingTable).count, "nothing is compared yet"
        await pilot.press("v")
        family.sample(CHILD, tick(0), tick(1))
        await pause_until(pilot, lambda: requested(family.source, MemberRequest), "a request for pages")
        assert requested(family.source, MemberRequest)[-1] == MemberRequest(CHILD, PagesRequest(0))
        assert not isinstance(family.app.screen, FamilyScreen)
