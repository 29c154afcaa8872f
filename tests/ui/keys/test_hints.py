"""Hints whose keys can be clicked."""

import pytest

from smapstop.ui.keys.hints import hint_key


@pytest.mark.parametrize(
    ("text", "clicked", "key"),
    [
        ("/ search   c guide   esc close", "close", "escape"),
        ("/ search   c guide   esc close", "search", "slash"),
        ("↑↓ PgUp PgDn scroll   esc close", "↓", "down"),
        ("↑↓ PgUp PgDn scroll   esc close", "PgDn", "pagedown"),
        ("↑↓ PgUp PgDn scroll   esc close", "scroll", "up"),
        ("space toggle · ←→ move · u defaults", "→", "right"),
        ("enter sort · again: reverse · type to find", "sort", "enter"),
        ("enter sort · again: reverse · type to find", "again", None),
        ("enter sort · again: reverse · type to find", "find", None),
        ("( ) zoom 2 m  [ ] outlier  drag: compare", ")", "right_parenthesis"),
        ("( ) zoom 2 m  [ ] outlier  drag: compare", "outlier", "left_square_bracket"),
        ("( ) zoom 2 m  [ ] outlier  drag: compare", "compare", None),
        ("tab: focus  e close", "focus", "tab"),
        ("Z: on the whole screen", "whole", "Z"),
        ("esc", "esc", None),
    ],
)
def test_a_click_on_a_hint_is_its_key(text: str, clicked: str, key: str | None) -> None:
    assert hint_key(text, text.index(clicked)) == key


def test_between_hints_there_is_none() -> None:
    assert hint_key("/ search   esc close", 9) is None
    assert hint_key("/ search", 30) is None
