import pytest

from smapstop.ui.help.content import help_sections
from smapstop.ui.help.synonyms import is_about, known_words
from smapstop.ui.keys.keymap import Keymap


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Rss Resident set size", "rss SET", True),
        ("Rss Resident set size", "rss dirty", False),
        ("first touch", "leak", True),
        ("Zoom: there is room", "oom", False),  # the letters are in it, the word is not
        ("OOM-killed at a limit", "oom", True),
        ("copy-on-write", "cow 1", False),
    ],
)
def test_a_text_is_about_a_query(text: str, query: str, expected: bool) -> None:
    assert is_about(text, query) == expected


def test_every_word_finds_an_entry() -> None:
    entries = [entry for section in help_sections(Keymap()) for entry in section.entries]
    assert [word for word in known_words() if not any(entry.matches(word) for entry in entries)] == []
