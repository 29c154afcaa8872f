import pytest
from textual.app import App
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.widgets import Input

from smapstop.guide import read_chapter
from smapstop.model.events import MECHANISMS
from smapstop.proc.fields import FIELDS, VM_FLAGS
from smapstop.proc.pages.page_states import BASE_STATES, STATE_HELP
from smapstop.text.mechanisms import EXPLANATIONS, meaning_of
from smapstop.text.pages import LETTERS, state_name
from smapstop.text.table_columns import COLUMNS
from smapstop.ui.help.content import PRINCIPLES, HelpEntry, HelpPlace, help_sections, sections_for
from smapstop.ui.keys.keymap import Keymap
from smapstop.ui.keys.table import KEYS
from smapstop.ui.screens.help import HelpScreen, HelpText


class Host(App[None]):
    """Shows the help."""

    def on_mount(self) -> None:
        self.push_screen(HelpScreen())

    @property
    def helping(self) -> bool:
        """Whether the help is on the screen."""
        return isinstance(self.screen, HelpScreen)

    def text(self) -> list[str]:
        """All lines of the help, seen or not."""
        widget = self.screen.query_one(HelpText)
        return [strip.text.rstrip() for strip in widget.render_lines(Region(0, 0, *widget.outer_size))]

    def titles(self) -> list[str]:
        """The titles of the sections that are shown."""
        known = {section.title for section in help_sections(Keymap())}
        return [line.strip() for line in self.text() if line.strip() in known]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", True),
        ("rss", True),
        ("RSS resident", True),
        ("resident 2.6.14", True),
        ("rss dirty", False),
        ("ss", True),
    ],
)
def test_an_entry_matches_when_every_word_is_in_it(query: str, expected: bool) -> None:
    assert expected == HelpEntry("Rss", "Resident set size.", "2.6.14").matches(query)


@pytest.mark.parametrize("width", [80, 118, 240])
async def test_it_explains_every_key_column_field_and_flag(width: int) -> None:
    app = Host()
    async with app.run_test(size=(width, 40)):
        text = "\n".join(app.text())
    words = text.split()
    assert [name for key in KEYS for name in Keymap().display_names(key.name) if name not in words] == []
    assert [column.title for column in COLUMNS if column.title not in text] == []
    assert [field.label for field in FIELDS if field.label not in words or field.since not in words] == []
    assert [flag for flag in VM_FLAGS if flag not in words] == []
    assert [entry.word for entry in PRINCIPLES if entry.word not in text] == []


async def test_it_explains_what_the_kernel_did_and_what_a_page_is() -> None:
    app = Host()
    async with app.run_test(size=(80, 40)):
        text = " ".join(" ".join(app.text()).split())
    assert [
        state
        for state, told in STATE_HELP.items()
        if state not in BASE_STATES and f"{LETTERS[state]} {state_name(state)} {told}" not in text
    ] == []
    told = {EXPLANATIONS[what].label: meaning_of(what) for what in MECHANISMS}
    assert [label for label in told if label.split()[-1] not in text] == []
    assert [meaning for meaning in told.values() if meaning.split()[-1] not in text] == []
    assert "reclaimed Pages were dropped. They were clean, so nothing is lost" in text


async def test_the_whole_meaning_is_there_at_80_columns() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)):
        everything = " ".join(" ".join(app.text()).split())
    for flag, meaning in VM_FLAGS.items():
        assert f"{flag} {meaning}." in everything
    assert "which the p or s in Perm shows." in everything


async def test_keys_stand_in_two_columns_when_there_is_room() -> None:
    def beginning_with(key: str) -> list[str]:
        return [" ".join(line.split()) for line in app.text() if line.split()[:1] == [key]]

    app = Host()
    async with app.run_test(size=(118, 40)) as pilot:
        assert beginning_with("m") == ["m Mark this moment by the letter typed d Compare with the previous tick, the"]
        await pilot.resize_terminal(80, 40)
        await pilot.pause()
        assert beginning_with("m") == ["m Mark this moment by the letter typed next, or enter;"]
        assert beginning_with("d") == ["d Compare with the previous tick, the mark, or the"]


async def test_a_search_leaves_what_matches() -> None:
    app = Host()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"last aged")
        await pilot.pause()
        assert app.titles() == ["Fields of smaps, and the first Linux version that prints them"]
        assert [line.split()[0] for line in app.text()[1:] if line[1:2].strip()] == ["Referenced"]


SYNONYMS = {
    "leak": "A leak? What grows, and what it is",
    "oom": "What happened to mappings, and to the process",
    "munmap": "What happened to mappings, and to the process",
    "mmap": "What happened to mappings, and to the process",
    "thp": "What changed, and what the kernel did",
    "hugepage": "Fields of smaps, and the first Linux version that prints them",
    "fork": "What changed, and what the kernel did",
    "cow": "What changed, and what the kernel did",
}


async def test_what_people_call_it_is_found_where_it_is_explained() -> None:
    app = Host()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash")
        for word, expected in SYNONYMS.items():
            app.screen.query_one(Input).value = word
            await pilot.pause()
            assert expected in app.titles(), word


async def test_a_leak_finds_all_recipes() -> None:
    app = Host()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"leak")
        await pilot.pause()
        text = " ".join(" ".join(app.text()).split())
    rows = read_chapter("recipes").partition("| what grows | is |")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(rows) > 4
    for row in rows:
        assert row.split(" | ")[1].split()[-2] in text


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ("table", ["Keys: table", "How to read the table: columns"]),
        ("pages", ["Keys: here", "How to read the pages"]),
        ("band", ["Keys: here", "Keys: time"]),
        ("fields", ["Keys: here", "Fields of smaps, and the first Linux version that prints them"]),
        ("events", ["Keys: here", "What changed, and what the kernel did"]),
        (None, ["Keys: table", "Keys: compare"]),
    ],
)
def test_the_place_where_it_is_opened_comes_first_and_nothing_is_left_out(
    place: HelpPlace | None, first: list[str]
) -> None:
    sections = list(sections_for(place, Keymap()))
    assert [section.title for section in sections[:2]] == first
    assert {section.title for section in help_sections(Keymap())} <= {section.title for section in sections}


async def test_a_search_without_a_match_says_so_and_obeys_nothing() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash")
        app.screen.query_one(Input).value = "[red]no such\x1b[0m word"
        await pilot.pause()
        assert [line.strip() for line in app.text()] == ["No entry matches '[red]no such\\\\x1b[0m word'."]


async def test_escape_drops_the_search_then_closes() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        everything = app.titles()
        await pilot.press("slash", "k", "s", "m", "enter")
        await pilot.pause()
        assert app.titles() == [
            "What changed, and what the kernel did",
            "Fields of smaps, and the first Linux version that prints them",
            "VmFlags",
        ]
        await pilot.press("escape")
        await pilot.pause()
        assert everything == app.titles()
        assert app.helping
        await pilot.press("escape")
        assert not app.helping


@pytest.mark.parametrize("key", ["q", "question_mark", "f1", "f10", "escape"])
async def test_a_key_closes_it(key: str) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.helping
        await pilot.press(key)
        assert not app.helping


async def test_letters_that_close_may_be_searched_for() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", "q", "question_mark")
        assert app.screen.query_one(Input).value == "q?"
        assert app.helping


async def test_keys_go_to_the_end_and_back() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        text = app.screen.query_one(VerticalScroll)
        await pilot.press("G")
        await pilot.wait_for_scheduled_animations()
        assert text.scroll_offset.y == text.max_scroll_y > 100
        await pilot.press("ctrl+home")
        await pilot.wait_for_scheduled_animations()
        assert text.scroll_offset.y == 0


@pytest.mark.parametrize(("key", "lines"), [("j", 1), ("down", 1), ("space", 19), ("pagedown", 20)])
async def test_keys_scroll(key: str, lines: int) -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        text = app.screen.query_one(VerticalScroll)
        await pilot.press(key)
        await pilot.wait_for_scheduled_animations()
        assert lines == text.scroll_offset.y
        await pilot.press("k", "b")
        await pilot.wait_for_scheduled_animations()
        assert text.scroll_offset.y == 0
