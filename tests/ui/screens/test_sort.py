import pytest
from textual.app import App
from textual.widgets import OptionList

from smapstop.model.view.sort import Sorting
from smapstop.text.table_columns import SORTABLE, toggle_sorting
from smapstop.ui.screens.modal import Explained
from smapstop.ui.screens.sort import SortScreen, title_of

NOTHING = "no choice yet"


class Host(App[None]):
    """Lets the user choose, and keeps the choice."""

    def __init__(self, sorting: Sorting) -> None:
        super().__init__()
        self.sorting = sorting
        self.choice: Sorting | str | None = NOTHING

    def on_mount(self) -> None:
        self.push_screen(SortScreen(self.sorting), self.take)

    def take(self, choice: Sorting | None) -> None:
        self.choice = choice

    @property
    def highlighted(self) -> str | None:
        """The key of the choice that enter would take."""
        option = self.screen.query_one(OptionList).highlighted_option
        return None if option is None else option.id

    def lines(self) -> list[str]:
        """The choices as they are drawn."""
        choices = self.screen.query_one(OptionList)
        return [choices.render_line(y).text.rstrip() for y in range(choices.size.height)]


@pytest.mark.parametrize(
    ("key", "now", "expected"),
    [
        ("rss", Sorting(), Sorting("rss", descending=True)),
        ("name", Sorting(), Sorting("name", descending=False)),
        ("name", Sorting("name", descending=False), Sorting("name", descending=True)),
        ("rss", Sorting("rss", descending=True), Sorting("rss", descending=False)),
        ("moved", Sorting("rss"), Sorting("moved", descending=True)),
        ("moved", Sorting("moved"), Sorting("moved", descending=False)),
    ],
)
def test_a_column_sorts_as_users_expect_and_the_same_again_turns_it(
    key: str, now: Sorting, expected: Sorting
) -> None:
    assert expected == toggle_sorting(key, now)


async def test_everything_that_can_be_sorted_by_is_listed() -> None:
    app = Host(Sorting())
    async with app.run_test(size=(118, 40)):
        assert ["moved", *SORTABLE] == [option.id for option in app.screen.query_one(OptionList).options]


async def test_titles_are_distinguished() -> None:
    titles = [title_of(key) for key in ("moved", *SORTABLE)]
    assert len(titles) == len(set(titles))
    assert "Private_Hugetlb" in titles


@pytest.mark.parametrize(("descending", "arrow"), [(True, "▼"), (False, "▲")])
async def test_the_present_choice_is_marked_and_under_the_cursor(descending: bool, arrow: str) -> None:
    app = Host(Sorting("size", descending=descending))
    async with app.run_test(size=(118, 40)):
        marked = [line for line in app.lines() if "▼" in line or "▲" in line]
        assert [f" {arrow} Size                The length of the mapping: end minus start."] == marked
        assert app.highlighted == "size"


async def test_a_line_that_is_too_long_ends_in_an_ellipsis() -> None:
    app = Host(Sorting())
    async with app.run_test(size=(60, 20)):
        assert app.lines()[0].startswith(" ▼ last changed        Most recent change first")
        assert app.lines()[0].endswith("…")


async def test_all_that_explains_the_choice_under_the_cursor_is_under_the_list() -> None:
    app = Host(Sorting())
    async with app.run_test(size=(100, 24)) as pilot:
        explained = app.screen.query_one(Explained)
        told = {}
        for key in ("moved", *SORTABLE):
            await pilot.pause()
            assert key == app.highlighted
            lines = [explained.render_line(y).text for y in range(explained.size.height)]
            told[key] = " ".join(" ".join(lines).split())
            await pilot.press("down")
        assert {key: column.help for key, column in SORTABLE.items()} == {key: told[key] for key in SORTABLE}
        assert told["moved"].startswith("Most recent change")


async def test_enter_chooses_and_the_same_again_turns_it() -> None:
    app = Host(Sorting("rss"))
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert Sorting("rss", descending=False) == app.choice


async def test_escape_chooses_nothing() -> None:
    app = Host(Sorting("rss"))
    async with app.run_test() as pilot:
        await pilot.press("down", "escape")
        await pilot.pause()
        assert app.choice is None


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("a", "anonymous"),
        ("private_d", "private_dirty"),
        ("swap", "swap"),
        ("swapp", "swap_pss"),
        ("last c", "moved"),
    ],
)
async def test_typing_goes_to_the_title_that_begins_so(typed: str, key: str) -> None:
    app = Host(Sorting("size"))
    async with app.run_test() as pilot:
        await pilot.press(*(char if char != "_" else "underscore" for char in typed))
        assert key == app.highlighted


async def test_a_letter_again_goes_to_the_next_title_with_it() -> None:
    app = Host(Sorting())
    async with app.run_test() as pilot:
        await pilot.press("k", "k", "k")
        assert app.highlighted == "kernel_page_size"
        await pilot.press("k")
        assert app.highlighted == "ksm"


async def test_a_letter_that_begins_nothing_moves_nothing() -> None:
    app = Host(Sorting("size"))
    async with app.run_test() as pilot:
        await pilot.press("x", "question_mark")
        assert app.highlighted == "size"
