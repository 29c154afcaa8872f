"""The detail of a mapping on the screen: what is drawn where, and what the keys do."""

from dataclasses import replace
from typing import Any

import pytest
from factories import mappings_of, tick_of
from textual.app import App, ComposeResult
from textual.binding import Binding

from smapstop.model.kinds import Kind
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.proc.fields import FIELDS
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.mapping_fields import MappingFields

PRINTED = [field.name for field in FIELDS[: [field.name for field in FIELDS].index("thp_eligible") + 1]]
"""What Linux prints for a mapping, in its order."""
NAMES = {field.label: field.name for field in FIELDS}
FILE = (0x55D0C0A00, 0x55D0C0A02, "rw-p", "/usr/bin/redis-server", 8, 3, "rd wr mr")


def entry(number: int, row: tuple[Any, ...] = FILE, /, mapping: int = 7, **amounts: int) -> Tick:
    """A tick with one mapping, all of whose fields are 0 but for those given."""
    kb = dict.fromkeys(PRINTED, 0) | {"kernel_page_size": 4, "mmu_page_size": 4, "pss": 8, "rss": row[4]} | amounts
    columns: Any = {name: [value] for name, value in kb.items() if name not in ("size", "rss")}
    rows = mappings_of(row, **columns)
    order = [rows.fields.index(name) for name in PRINTED]
    return tick_of(number, replace(rows, fields=tuple(PRINTED), amounts=rows.amounts[order]), [mapping])


def written(number: int, private_clean: int, private_dirty: int) -> Tick:
    """A tick of the experiment: a private file page is written to, which copies it."""
    return entry(number, private_clean=private_clean, private_dirty=private_dirty, anonymous=private_dirty)


class Host(App[object]):
    """An app with nothing but the detail, which takes the keys that the dashboard takes."""

    BINDINGS = [Binding(key, f"taken('{key}')") for key in ("left", "right", "comma", "m", "space", "enter")]  # noqa: RUF012

    def __init__(self, *ticks: Tick, state: ViewState | None = None) -> None:
        super().__init__()
        self.timeline, self.state = Timeline(), state or ViewState()
        self.taken: list[str] = []
        for tick in ticks:
            self.timeline.append(tick)

    def compose(self) -> ComposeResult:
        yield MappingFields()

    def on_mount(self) -> None:
        self.detail.focus()
        self.show()

    @property
    def detail(self) -> MappingFields:
        return self.query_one(MappingFields)

    def show(self, *, mapping: int = 7) -> None:
        self.detail.show(self.timeline, derive_view(self.timeline, self.state), mapping)

    def hear(self, tick: Tick) -> None:
        self.timeline.append(tick)
        self.show()

    def action_taken(self, key: str) -> None:
        self.taken.append(key)

    @property
    def lines(self) -> list[str]:
        detail = self.detail
        return [detail.render_line(y).text[:-1].rstrip() for y in range(detail.size.height)]


def between(lines: list[str], first: str, last: str) -> list[str]:
    """The lines from the one that begins with `first` to the one that begins with `last`."""
    begins = [line[2:].split(" ")[0] for line in lines]
    return lines[begins.index(first) : begins.index(last) + 1]


async def test_the_field_table_at_80_columns() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8), state=ViewState(baseline="start"))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        assert solid(app) == [
            "  Field, kB               start   22:13:21        Δ       Rate  over 2 s",
            "  Size                        8   8               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
            "  KernelPageSize              4   4               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
            "  MMUPageSize                 4   4               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
            "  Rss                         8   8               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
            "  Pss                         8   8               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
            "› Private_Clean               4 → 0              −4     −4 K/s  █▁▁▁▁▁▁▁▁▁▁▁▁▁",
            "  Private_Dirty               4 → 8              +4     +4 K/s  ▁█████████████",
            "  Anonymous                   4 → 8              +4     +4 K/s  ▁█████████████",
            "  … 15 fields are 0 (0 shows them)",
            "─ Private_Clean  min 0, max 4, first 4, last 0 kB ─────────────────────────────",
            "    4 K ┤█",
            "        │█",
            "        │█",
            "        │█",
            "        │█",
            "      0 ┴ 22:13:20 ────────────────────────────────────────────────── 22:13:21",
            " ▏Private_Clean: Resident clean pages that only this mapping maps. Private",
            " ▏means a map count of 1, not MAP_PRIVATE: a file that only this process maps",
            " ▏counts too.",
        ]


def solid(app: Host) -> list[str]:
    """The lines of the screen; the whole cells of the chart, spaces on the colour of a file, as "█"."""
    ink = palette_of(app).colours[Kind.FILE]
    lines = []
    for y in range(app.detail.size.height):
        segments = [(part, style.bgcolor) for part, style, _ in app.detail.render_line(y) if style is not None]
        cells = (part.replace(" ", "█") if ground and ground.name == ink else part for part, ground in segments)
        lines.append("".join(cells)[:-1].rstrip())
    return lines


async def test_wide_terminals_have_charts_at_the_right_of_the_fields() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8), written(2, 0, 8), written(3, 0, 8))
    async with app.run_test(size=(240, 70)) as pilot:
        await pilot.pause()
        lines = app.lines
        assert len(PRINTED) == len(between([line[:100] for line in lines], "Size", "THPeligible"))
        still, last, rest = "·          ·", " " * 11, 24
        fell, rose = "·  −1.33 K/s", "·  +1.33 K/s"
        assert [
            f"› Private_Clean               0   0                    {fell}  █{'▁' * rest}{last}−4 · 1 s",
            f"  Private_Dirty               8   8                    {rose}  ▁{'█' * rest}{last}+4 · 1 s",
            f"  Referenced                  0   0                    {still}",
            f"  Anonymous                   8   8                    {rose}  ▁{'█' * rest}{last}+4 · 1 s",
        ] == [line[:116].rstrip() for line in between(lines, "Private_Clean", "Anonymous")]
        assert "─ Private_Clean  min 0, max 4, first 4, last 0 kB ─" in lines[0]
        assert any("Private_Dirty 8 K" in line[116:] and " Anonymous 8 K" in line[116:] for line in lines)
        assert any(line.startswith(" rd readable   wr writable   mr may be made readable") for line in lines)


@pytest.mark.parametrize("size", [(60, 12), (80, 12), (80, 24), (118, 40), (149, 20), (150, 20), (240, 70)])
async def test_every_line_fills_the_screen_and_the_changes_are_on_it(size: tuple[int, int]) -> None:
    app = Host(*(written(number, 4, 4) for number in range(5)), written(5, 0, 8))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        detail = app.detail
        assert [size[0]] * size[1] == [detail.render_line(y).cell_length for y in range(size[1])]
        shown = [line[2:17].rstrip() for line in app.lines if " → " in line]
        assert shown == ["Private_Clean", "Private_Dirty", "Anonymous"]


async def test_the_rows_stay_while_values_change() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8), state=ViewState(baseline="start"))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        first = [line[2:17] for line in app.lines[1:]]
        for number in range(2, 9):
            app.hear(written(number, 4 * (number % 2), 8))
            await pilot.pause()
            assert first == [line[2:17] for line in app.lines[1:]]


async def test_the_cursor_explains_its_field_and_draws_its_chart() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(118, 36)) as pilot:
        await pilot.pause()
        assert app.detail.field == "private_clean"
        await pilot.press("down")
        assert app.detail.field == "private_dirty"
        assert any(line.startswith("─ Private_Dirty  min 4, max 8, first 4, last 8 kB") for line in app.lines)
        assert any(
            line.startswith(" ▏Private_Dirty: Resident pages that only this mapping maps") for line in app.lines
        )
        await pilot.press("k", "k")
        assert app.detail.field == "pss"
        await pilot.press("ctrl+home")
        assert app.detail.field == "size"
        await pilot.press("up")
        assert app.detail.field == "size"


async def test_until_it_is_moved_the_cursor_goes_to_the_first_field_that_changes() -> None:
    app = Host(written(0, 4, 4))
    async with app.run_test(size=(80, 8)) as pilot:
        await pilot.pause()
        assert app.detail.field == "rss"
        app.hear(written(1, 4, 8))
        assert app.detail.field == "private_dirty"
        app.hear(written(2, 0, 8))
        await pilot.pause()
        assert app.detail.field == "private_dirty"
        assert [line[2:17].rstrip() for line in app.lines[1:4]] == ["Private_Clean", "Private_Dirty", "Anonymous"]


async def test_where_the_user_put_it_the_cursor_stays() -> None:
    app = Host(written(0, 4, 4))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("up")
        app.hear(written(1, 0, 8))
        assert app.detail.field == "mmu_page_size"


async def test_past_the_last_field_the_keys_scroll_and_come_back() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        await pilot.press(*["j"] * 30)
        await pilot.pause()
        assert any("VmFlags" in line or "first seen" in line or "Rss" in line for line in app.lines[1:])
        assert app.detail.scroll_offset.y > 0
        await pilot.press("G")
        await pilot.pause()
        bottom = app.detail.scroll_offset.y
        assert app.detail.max_scroll_y == bottom
        await pilot.press(*["pageup"] * 8)
        await pilot.pause()
        assert app.detail.scroll_offset.y == 0
        assert "›" in "".join(app.lines)


async def test_the_header_of_the_fields_stays_while_there_are_fields_under_it() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        app.detail.scroll_to(y=3, animate=False)
        await pilot.pause()
        assert app.lines[0].startswith("  Field, kB")
        app.detail.scroll_to(y=12, animate=False)
        await pilot.pause()
        assert not app.lines[0].startswith("  Field, kB")


async def test_zeros_are_folded_away_and_0_shows_them() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "  … 15 fields are 0 (0 shows them)" in app.lines
        await pilot.press("0")
        await pilot.press("ctrl+home")
        await pilot.pause()
        assert PRINTED[:8] == [NAMES[line[2:17].rstrip()] for line in app.lines[1:9]]
        await pilot.press("0")
        await pilot.pause()
        assert "  … 15 fields are 0 (0 shows them)" in app.lines


async def test_with_room_for_all_the_fields_are_in_the_order_of_the_kernel() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(118, 60)) as pilot:
        await pilot.pause()
        shown = [NAMES[line[2:17].rstrip()] for line in between(app.lines, "Size", "THPeligible")]
        assert shown == PRINTED


async def test_the_keys_of_the_dashboard_reach_it() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        keys = ["left", "right", "comma", "m", "space", "enter"]
        await pilot.press(*keys)
        assert keys == app.taken


async def test_a_click_puts_the_cursor_on_a_field_and_opens_the_zeros() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.click(MappingFields, offset=(5, 4))
        assert app.detail.field == "rss"
        await pilot.click(MappingFields, offset=(5, 9))
        await pilot.pause()
        assert "  … 15 fields are 0 (0 shows them)" not in app.lines


async def test_a_mapping_that_is_gone_stays_and_says_so() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        table = app.lines[1:10]
        gone = tick_of(2, mappings_of(), [], gone=[7], lineage=(LifecycleEvent("unmap", 7),))
        app.hear(gone)
        app.hear(tick_of(3, mappings_of(), []))
        await pilot.pause()
        assert app.lines[0] == " gone since 22:13:22: unmapped; showing its last state"
        # as it was, but for the rates: nothing changes any more
        assert [line[:50] for line in table] == [line[:50] for line in app.lines[2:11]]
        assert app.detail.mapping == 7


async def test_another_mapping_starts_over() -> None:
    both = mappings_of(FILE, (0x7F0000, 0x7F0010, "rw-p", "", 12))
    app = Host(tick_of(0, both, [7, 8]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+home")
        assert app.detail.field == "size"
        app.show(mapping=8)
        await pilot.pause()
        assert (app.detail.field, app.detail.mapping) == ("rss", 8)


async def test_only_lines_that_differ_are_painted_again() -> None:
    app = Host(written(0, 4, 4), written(1, 0, 8), state=ViewState(at=1, until=1))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        before = [app.detail.render_line(y) for y in range(40)]
        app.hear(written(2, 0, 8))
        await pilot.pause()
        assert before == [app.detail.render_line(y) for y in range(40)]


async def test_without_colours_signs_and_arrows_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host(written(0, 4, 4), written(1, 0, 8))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "› Private_Clean               4 → 0              −4     −4 K/s  █▁▁▁▁▁▁▁▁▁▁▁▁▁" in app.lines
