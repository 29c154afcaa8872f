"""The pages of a mapping inside the family: whose they are, in the process and the mapping under the cursors."""

from dataclasses import replace

import numpy as np
from factories import faults_of, mappings_of, tick_of
from model.family.readings import reading_of
from textual.pilot import Pilot
from ui.screens.open_family import CHILD, PARENT, Family, reading, requested, tick
from waiting import pause_until

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.family.reading import FamilyMember
from smapstop.model.protocol import MemberMessage, MemberRequest, PagesReply, PagesRequest
from smapstop.model.tick import Tick
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.ui.screens.family import FamilyScreen
from smapstop.ui.widgets.family_table import FamilyTable
from smapstop.ui.widgets.family_title import FamilyTitle
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.mapping_pages import MappingPages
from smapstop.ui.widgets.member_pages import MemberPages
from smapstop.ui.widgets.sharing_table import SharingTable

PAGE = 4096
OWN, SHARED = PageFlags.PRESENT, PageFlags.PRESENT | PageFlags.SHARED
TALL, WIDE, SMALL = (118, 40), (200, 60), (80, 24)


def pages_of(own: int, shared: int, number: int = 1, mapping: int = 0, first: int = 16) -> PagesReply:
    """Ten pages, of which the first are the process's own, and the next shared."""
    start = (first + np.arange(own + shared, dtype=np.uint64)) * np.uint64(PAGE)
    flags = np.array([OWN] * own + [SHARED] * shared, np.uint8)
    runs = PageRuns(start, start + np.uint64(PAGE), flags, PageFlags.ZERO | PageFlags.FILE | PageFlags.SHARED, PAGE)
    return PagesReply(mapping, number, 1_700_000_000_000_000_000, first * PAGE, (first + 10) * PAGE, runs)


def two_mappings(number: int, own: int) -> Tick:
    """A mapping as of `tick`, and another one."""
    rows = ((16, 26, "rw-p", "", 40), (64, 74, "rw-p", "", 40))
    mappings = mappings_of(*rows, private_clean=[0, 0], private_dirty=[own, 4])
    return tick_of(number, mappings, [0, 1], keyframe=True, totals={"rss": 80, "pss": 20, "uss": own + 4})


def pane_of(pilot: Pilot[int]) -> str:
    """All that the pane shows; empty without one."""
    pane = pilot.app.screen.query_one(MemberPages)
    lines = [child.render_line(y).text for child in pane.children for y in range(child.size.height)]
    return "\n".join(lines) if pane.display and pane.size.width else ""


def asked(family: Family, pid: int) -> list[MemberRequest]:
    """Requests for pages of a member."""
    requests = requested(family.source, MemberRequest)
    return [each for each in requests if each.pid == pid and isinstance(each.request, PagesRequest)]


async def open_with_child(pilot: Pilot[int], family: Family) -> None:
    """Open the family, with the cursor on the child, whose mappings are known."""
    await family.open(pilot)
    await pilot.press("down")
    family.sample(CHILD, tick(0), tick(1, own=20))
    await pause_until(pilot, lambda: asked(family, CHILD), "a request for its pages")


async def test_pages_of_the_member_under_the_cursor_are_shown_with_their_numbers() -> None:
    family = Family()
    async with family.app.run_test(size=TALL) as pilot:
        await open_with_child(pilot, family)
        family.source.deliver(MemberMessage(CHILD, pages_of(own=3, shared=5)))
        await pause_until(pilot, lambda: "3 own" in pane_of(pilot), lambda: pane_of(pilot))
        title, *lines = pane_of(pilot).split("\n")
        assert "anon 10000 in 5000" in title
        assert title.index("5 shared") < title.index("3 own") < title.index("2 not present")
        cells = "".join(line[14:] for line in lines if line.startswith(" 0000000"))
        assert cells.split() == list("AAAaaaaa··")
        assert set(asked(family, CHILD)) == {MemberRequest(CHILD, PagesRequest(0))}


async def test_beside_the_table_the_pane_has_the_functions_that_copied_in_full() -> None:
    family, code = Family(), np.array([MECHANISMS.index("copy-on-write-after-fork")], np.int8)
    events = Events(np.array([0]), code, np.array([20]), np.zeros(1, bool))
    faults = faults_of((0, "count_all_the_hits_of_a_row < main", 5))
    async with family.app.run_test(size=(160, 50)) as pilot:
        await open_with_child(pilot, family)
        assert "First copied by" not in pane_of(pilot)
        family.source.deliver(MemberMessage(CHILD, replace(tick(2, own=40), events=events, faults=faults)))
        family.source.deliver(MemberMessage(CHILD, pages_of(own=3, shared=5, number=2)))
        await pause_until(pilot, lambda: "First copied by 5000" in pane_of(pilot), lambda: pane_of(pilot))
        assert "5 p? · all: count_all_the_hits_of_a_row 100 %" in pane_of(pilot)


async def test_a_long_name_leaves_room_for_the_sums_of_the_family() -> None:
    family = Family()
    async with family.app.run_test(size=SMALL) as pilot:
        await family.open(pilot)
        named = FamilyMember(PARENT, PARENT, "long", ("long: master process", *["word"] * 20), None)
        family.source.deliver(replace(reading(3), new=(named,)))
        title = pilot.app.screen.query_one(FamilyTitle)
        await pause_until(pilot, lambda: "long: m" in title.render_line(0).text, lambda: title.render_line(0).text)
        assert "Σ Uss" in title.render_line(0).text


async def test_the_pane_follows_the_cursor_from_process_to_process_and_remembers_what_it_read() -> None:
    family = Family()
    async with family.app.run_test(size=WIDE) as pilot:
        await open_with_child(pilot, family)
        family.source.deliver(MemberMessage(CHILD, pages_of(own=3, shared=5)))
        await pause_until(pilot, lambda: "3 own" in pane_of(pilot), "the child's pages")
        before = len(asked(family, CHILD))
        await pilot.press("left")
        await pause_until(pilot, lambda: f"in {PARENT}" in pane_of(pilot), "the parent's")
        direct = [each for each in family.source.requests if isinstance(each, PagesRequest)]
        assert direct == [PagesRequest(0)], "the target is asked without a detour"
        family.source.deliver(pages_of(own=0, shared=8))
        await pause_until(pilot, lambda: "8 shared" in pane_of(pilot), "the parent's pages")
        assert "own" not in pane_of(pilot).split("\n")[0]
        await pilot.press("right")
        await pause_until(pilot, lambda: "3 own" in pane_of(pilot), "the child's pages, without reading them again")
        assert len(asked(family, CHILD)) == before


async def test_the_pane_follows_the_cursor_among_mappings() -> None:
    family = Family()
    async with family.app.run_test(size=TALL) as pilot:
        await family.open(pilot)
        family.source.deliver(two_mappings(2, own=4))
        await pilot.press("down")
        family.sample(CHILD, two_mappings(0, own=8), two_mappings(1, own=20))
        table = pilot.app.screen.query_one(SharingTable)
        await pause_until(pilot, lambda: table.count == 2, "both mappings")
        await pilot.press("tab", "down")
        await pause_until(pilot, lambda: "anon 40000 in 5000" in pane_of(pilot), lambda: pane_of(pilot))
        assert asked(family, CHILD)[-1] == MemberRequest(CHILD, PagesRequest(1))


async def test_a_reply_about_another_process_is_not_taken_for_this_one() -> None:
    family = Family()
    async with family.app.run_test(size=TALL) as pilot:
        await open_with_child(pilot, family)
        family.source.deliver(pages_of(own=9, shared=1))  # of the target, whose mapping has the same id
        family.source.deliver(MemberMessage(CHILD, pages_of(own=3, shared=5)))
        await pause_until(pilot, lambda: "3 own" in pane_of(pilot), "the child's pages")
        inspector = family.app.main_screen.query_one(Inspector).query_one(MappingPages)
        assert inspector.canvas is None, "it shows no pages that nobody wanted"


async def test_zoom_works_from_the_list_and_escape_leaves_the_pages_before_the_family() -> None:
    family = Family()
    async with family.app.run_test(size=TALL) as pilot:
        await open_with_child(pilot, family)
        family.source.deliver(MemberMessage(CHILD, pages_of(own=3, shared=5)))
        await pause_until(pilot, lambda: "3 own" in pane_of(pilot), "the child's pages")
        await pilot.press("-")
        await pause_until(pilot, lambda: "8 pages a cell" in pane_of(pilot), lambda: pane_of(pilot))
        pages = pilot.app.screen.query_one(MappingPages)
        await pilot.press("tab", "tab")
        assert pages.has_focus
        await pilot.press("escape")
        assert pilot.app.screen.query_one(SharingTable).has_focus
        assert isinstance(family.app.screen, FamilyScreen)


async def test_pages_that_cannot_be_read_have_their_reason() -> None:
    family = Family()
    async with family.app.run_test(size=TALL) as pilot:
        await open_with_child(pilot, family)
        refusal = PagesReply(0, 1, 0, 0, 0, None, "not permitted to read the pages of process 5000")
        family.source.deliver(MemberMessage(CHILD, refusal))
        await pause_until(pilot, lambda: "not permitted to read the pages" in pane_of(pilot), lambda: pane_of(pilot))


async def test_a_member_that_may_not_be_read_says_so_in_place_of_its_pages() -> None:
    family = Family()
    async with family.app.run_test(size=TALL) as pilot:
        await open_with_child(pilot, family)
        members = {PARENT: {"rss": 100, "pss": 60}, CHILD: {"rss": 80, "pss": 30}, CHILD + 1: {}}
        missing = ((CHILD + 1, "not permitted to read process 5001"),)
        family.source.deliver(replace(reading_of(3, members), missing=missing))
        await pilot.press("right")
        await pause_until(pilot, lambda: pane_of(pilot).startswith("─ not permitted to read"), lambda: pane_of(pilot))


async def test_a_small_terminal_has_no_pages_and_asks_for_none_but_v_goes_there() -> None:
    family = Family()
    async with family.app.run_test(size=SMALL) as pilot:
        await family.open(pilot)
        await pilot.press("down")
        family.sample(CHILD, tick(0), tick(1, own=20))
        table = pilot.app.screen.query_one(SharingTable)
        await pause_until(pilot, lambda: table.count == 1, "the mapping")
        assert not pane_of(pilot)
        assert not asked(family, CHILD)
        await pilot.press("v")
        await pause_until(pilot, lambda: asked(family, CHILD), "a request for its pages")
        session = family.app.session
        assert not isinstance(family.app.screen, FamilyScreen)
        assert session.run is not None
        assert session.run.target.pid == CHILD


async def test_the_cursor_stays_on_its_member_while_the_pages_move_it() -> None:
    family = Family()
    async with family.app.run_test(size=TALL) as pilot:
        await open_with_child(pilot, family)
        family.source.deliver(reading(3))
        await pilot.press("right", "right", "right")
        table = pilot.app.screen.query_one(FamilyTable)
        assert table.cursor_index == 2, "the last"
