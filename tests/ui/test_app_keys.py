import pytest
from textual.binding import Binding

from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key import GROUPS, PLACES, TYPING_PLACES, Place
from smapstop.ui.keys.keymap import Keymap, key_name, parse_key
from smapstop.ui.keys.table import KEY, KEYS


def test_no_key_stands_for_two_things_in_one_place() -> None:
    assert list(Keymap().find_clashes()) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"mark": ("d",)}, [("d", "mark", "compare")]),
        ({"mark": ("d",), "compare": ("m",)}, []),
        ({"zeros": ("s", "f9")}, [("s", "sort", "zeros")]),
        ({"copied": ("n",)}, [("n", "next_hit", "copied"), ("n", "next_change", "copied")]),
        ({"down": ("v",)}, [("v", "pages", "down")]),
        ({"zeros": ("h",)}, []),
        ({"reload": ("s",)}, [("s", "sort", "reload")]),
        ({"reload": ("m",)}, []),
        ({"closer": ("right",)}, [("right", "right", "closer")]),
        (
            {"mark": ("right",)},
            [("right", "mark", name) for name in ("right", "scroll_right", "band_on", "call_in")],
        ),
    ],
)
def test_a_key_that_the_user_gave_to_two_things_is_a_clash_where_both_count(
    changed: dict[str, tuple[str, ...]], expected: list[tuple[str, str, str]]
) -> None:
    assert sorted(Keymap(changed).find_clashes()) == sorted(expected)


@pytest.mark.parametrize("place", PLACES)
def test_textual_binds_each_key_of_a_place_to_its_action(place: Place) -> None:
    bound = {(binding.key, binding.action) for binding in Binding.make_bindings(bindings(place))}
    letters = place not in TYPING_PLACES
    rows = [Binding(key, row.actions[place]) for row in KEYS if place in row.actions for key in row.keys]
    expected = Binding.make_bindings([row for row in rows if letters or len(row.key) > 1])
    assert bound == {(binding.key, binding.action) for binding in expected}


def test_no_letter_is_bound_where_letters_are_typed() -> None:
    typed = TYPING_PLACES
    assert [each for place in typed for each in bindings(place) if len(each.key) == 1] == []


def test_every_binding_of_a_place_has_the_name_of_its_row_as_id() -> None:
    for place in PLACES:
        ids = [binding.id for binding in bindings(place)]
        assert set(ids) <= set(KEY)
        assert len(ids) == len(set(ids))


def test_the_key_bar_shows_the_keys_in_this_order() -> None:
    shown = [f"{binding.key_display} {binding.description}" for binding in bindings("anywhere") if binding.show]
    first = "? help, q quit, i program, space pause, p play"
    then = "/ filter, s sort, m mark, d diff, enter open, v pages, e events, ctrl+] leave program"
    assert f"{first}, {then}, z zoom, o group, x save, y copy, P family, ctrl+p more" == ", ".join(shown)


def test_only_the_palette_and_taking_the_keys_back_come_before_the_keys_of_the_focus() -> None:
    assert [key.name for key in KEYS if key.priority] == ["keys_back", "palette"]


def test_every_group_has_keys_and_every_key_an_explanation() -> None:
    assert set(GROUPS) == {key.group for key in KEYS}
    assert [key.name for key in KEYS if not (key.label and key.help.endswith("."))] == []


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


@pytest.mark.parametrize("key", [key for row in KEYS for key in row.keys])
def test_a_key_can_be_written_as_it_is_read(key: str) -> None:
    assert parse_key(key_name(key)) == key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("F5", "f5"),
        ("Ctrl+X", "ctrl+X"),
        ("alt+shift+Left", "alt+shift+left"),
        ("Esc", "escape"),
        ("ctrl+]", "ctrl+right_square_bracket"),
        ("ctrl+\\", "ctrl+backslash"),
        ("]", "]"),
        ("pgup", "pageup"),
        (",", "comma"),
        ("+", "+"),
        ("É", "É"),
        ("", None),
        (" ", None),
        ("f99", None),
        ("hyper+x", None),
        ("ctrl+", None),
        ("sort", None),
        ("\x1b", None),
    ],
)
def test_a_key_is_written_by_its_character_or_its_name(written: str, key: str | None) -> None:
    assert parse_key(written) == key
