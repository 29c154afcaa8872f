import pytest
from textual.binding import Binding

from smapstop.ui.keys import GROUPS, KEYS, Key, bindings, clashes, key_name

EXPECTED = {
    "help": ["question_mark", "f1"],
    "filter": ["slash", "f3", "f4"],
    "sort": ["s", "f6"],
    "reverse": ["i"],
    "previous_sort": ["less_than_sign"],
    "next_sort": ["greater_than_sign"],
    "freeze": ["f"],
    "mark": ["m"],
    "compare": ["d"],
    "open": ["enter"],
    "pages": ["v"],
    "back": ["escape"],
    "events": ["e", "f7"],
    "pause": ["space"],
    "play": ["p"],
    "happened(-1)": ["left_square_bracket"],
    "happened(1)": ["right_square_bracket"],
    "step(-1)": ["left"],
    "step(1)": ["right"],
    "step(-10)": ["shift+left"],
    "step(10)": ["shift+right"],
    "start": ["home"],
    "live": ["end"],
    "program": ["t"],
    "keys_back": ["f12"],
    "group": ["g", "f5"],
    "runs": ["r"],
    "command_palette": ["ctrl+p"],
    "quit": ["q", "f10", "ctrl+c"],
}


def test_no_key_stands_for_two_actions() -> None:
    assert clashes() == {}


def test_a_key_that_stands_for_two_actions_is_a_clash() -> None:
    keys = (
        Key("mark", ("m", "f2"), "mark", "", "Compare"),
        Key("help", ("f1",), "help", "", "General"),
        Key("move", ("m",), "move", "", "Table"),
    )
    assert clashes(keys) == {"m": ("mark", "move")}


def test_textual_binds_each_key_to_its_action() -> None:
    bound: dict[str, list[str]] = {}
    for binding in Binding.make_bindings(bindings()):
        bound.setdefault(binding.action.partition(".")[2], []).append(binding.key)
    assert bound == EXPECTED


def test_every_binding_has_an_id_of_its_own() -> None:
    ids = [binding.id for binding in bindings()]
    assert set(EXPECTED) == set(ids)
    assert len(ids) == len(set(ids))


def test_the_footer_shows_the_keys_in_this_order() -> None:
    shown = [f"{binding.key_display} {binding.description}" for binding in bindings() if binding.show]
    first = "? help, q quit, t program, space pause, p play"
    expected = f"{first}, / filter, s sort, m mark, d diff, enter open, v pages, e events, g group"
    assert expected == ", ".join(shown)


def test_only_the_palette_and_taking_the_keys_back_come_before_the_keys_of_the_focus() -> None:
    assert [binding.id for binding in bindings() if binding.priority] == ["keys_back", "command_palette"]


def test_every_group_has_keys_and_every_key_an_explanation() -> None:
    assert set(GROUPS) == {key.group for key in KEYS}
    assert [key.action for key in KEYS if not (key.label and key.help.endswith("."))] == []


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("f10", "F10"),
        ("f", "f"),
        ("G", "G"),
        ("?", "?"),
        ("escape", "esc"),
        ("shift+left", "shift+←"),
        ("ctrl+p", "ctrl+p"),
        ("pagedown", "PgDn"),
    ],
)
def test_keys_are_named_as_people_read_them(key: str, name: str) -> None:
    assert name == key_name(key)
