"""Mappings that nobody changed and all still share have one line in the family, until it is opened."""

from factories import mappings_of, tick_of
from textual.pilot import Pilot
from ui.screens.open_family import CHILD, Family, reading, sharing_of
from waiting import pause_until

from smapstop.model.protocol import MemberMessage
from smapstop.model.tick import Tick
from smapstop.ui.widgets.sharing_table import SharingTable

FOLDED = "▸ 3 rows unchanged, all still shared · enter shows them"


def five_mappings(number: int, own: int = 4, read: int = 8) -> Tick:
    """Five mappings, of which one has pages of the process's own, and one pages of a file that were read."""
    rows = [(16 * at, 16 * at + 10, "rw-p", "", 40) for at in range(1, 6)]
    mappings = mappings_of(*rows, rss=[40, read, 8, 8, 8], private_clean=[0] * 5, private_dirty=[own, 0, 0, 0, 0])
    return tick_of(number, mappings, list(range(5)), keyframe=True, totals={"rss": 72, "pss": 20, "uss": own})


async def open_with_children(pilot: Pilot[int], family: Family) -> SharingTable:
    """Open the family with two children that share five mappings."""
    await family.open(pilot)
    for pid in (CHILD, CHILD + 1):
        family.sample(pid, five_mappings(0), five_mappings(1), five_mappings(2, read=12))
    await pause_until(pilot, lambda: sharing_of(pilot)[-1].startswith(FOLDED), "the mappings")
    await pilot.press("tab")
    return family.app.screen.query_one(SharingTable)


async def test_rows_without_own_pages_that_nobody_changed_are_one_line_that_opens() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        table = await open_with_children(pilot, family)
        assert [line.split()[2] for line in sharing_of(pilot)[1:3]] == ["10000", "20000"], "its own, and what changed"
        assert sharing_of(pilot)[3:] == [FOLDED]
        await pilot.press("G", "enter")
        await pause_until(pilot, lambda: table.count == 6, "it is open")
        assert sharing_of(pilot)[3] == "▾ 3 rows unchanged, all still shared"
        assert [line.split()[2] for line in sharing_of(pilot)[4:]] == ["30000", "40000", "50000"]
        await pilot.press("down")
        assert table.current is not None
        assert table.current.start == 0x30000
        await pilot.press("up", "enter")
        await pause_until(pilot, lambda: sharing_of(pilot)[3:] == [FOLDED], "it is closed")


async def test_a_click_opens_the_line_and_a_second_one_at_once_does_not_close_it() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        table = await open_with_children(pilot, family)
        await pilot.click(table, offset=(5, 3), times=2)
        await pause_until(pilot, lambda: table.count == 6, "it is open")
        await pilot.click(table, offset=(5, 3))
        await pause_until(pilot, lambda: table.count == 3, "it is closed")


async def test_a_row_leaves_the_line_when_somebody_copies_a_page() -> None:
    family = Family()
    async with family.app.run_test(size=(118, 40)) as pilot:
        table = await open_with_children(pilot, family)
        await pilot.press("G")
        assert table.current is None
        later = five_mappings(3, read=12)
        dirty = later.rows.get("private_dirty")
        assert dirty is not None
        dirty[2] = 4
        family.source.deliver(MemberMessage(CHILD, later), reading(3))
        await pause_until(pilot, lambda: "2 rows unchanged" in sharing_of(pilot)[-1], "one left it")
        assert sharing_of(pilot)[2].split()[2] == "30000"
        assert table.current is None, "the cursor stays on the line"
