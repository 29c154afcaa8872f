"""What keys, pastes and the mouse send."""

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from smapstop.ui.terminal.input_bytes import key_bytes, mouse_bytes, paste_bytes

SENT = [
    *(chr(code) for code in range(0x20)),
    *(chr(code) for code in range(0x20, 0x7F)),
    *("\x7f", "é", "日", "👍"),
    *("\x1bx", "\x1bX"),
    *(f"\x1b[{letter}" for letter in "ABCDHFZ"),
    *(f"\x1b[1;{modifier}{letter}" for letter in "ABCDHF" for modifier in (2, 3, 5, 6)),
    *(f"\x1bO{letter}" for letter in "PQRS"),
    *(f"\x1b[{number}~" for number in (2, 3, 5, 6, 15, 17, 18, 19, 20, 21, 23, 24)),
    *("\x1b[1;2P", "\x1b[3;5~", "\x1b[6;2~", "\x1b[15;5~", "\x1b[24;2~"),
]


@pytest.mark.parametrize("sent", SENT)
def test_a_key_is_sent_as_the_users_terminal_sent_it(sent: str) -> None:
    parser = XTermParser()
    keys = [event for text in (sent, "") for event in parser.feed(text) if isinstance(event, Key)]
    assert b"".join(key_bytes(key, application_cursor=False) for key in keys) == sent.encode()


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("ctrl+c", b"\x03"),
        ("ctrl+q", b"\x11"),
        ("ctrl+p", b"\x10"),
        ("ctrl+shift+a", b"\x01"),
        ("ctrl+space", b"\0"),
        ("ctrl+at", b"\0"),
        ("ctrl+backslash", b"\x1c"),
        ("ctrl+left_square_bracket", b"\x1b"),
        ("ctrl+underscore", b"\x1f"),
        ("ctrl+slash", b"\x1f"),
        ("ctrl+question_mark", b"\x7f"),
        ("ctrl+1", b"1"),
        ("ctrl+enter", b"\r"),
        ("ctrl+tab", b"\t"),
        ("ctrl+backspace", b"\b"),
        ("shift+enter", b"\r"),
        ("alt+enter", b"\x1b\r"),
        ("alt+backspace", b"\x1b\x7f"),
        ("alt+a", b"\x1ba"),
        ("alt+shift+a", b"\x1bA"),
        ("alt+ctrl+a", b"\x1b\x01"),
        ("alt+full_stop", b"\x1b."),
        ("alt+space", b"\x1b "),
        ("alt+ctrl+up", b"\x1b[1;7A"),
        ("f13", b"\x1b[25~"),
        ("left_shift", b""),
        ("super+a", b""),
        ("caps_lock", b""),
        ("<ignore>", b""),
    ],
)
def test_a_key_without_a_character_is_known_by_its_name(name: str, sent: bytes) -> None:
    assert key_bytes(Key(name, None), application_cursor=False) == sent


@pytest.mark.parametrize(
    ("name", "sent"),
    [("up", b"\x1bOA"), ("end", b"\x1bOF"), ("ctrl+up", b"\x1b[1;5A"), ("f1", b"\x1bOP"), ("pageup", b"\x1b[5~")],
)
def test_a_program_may_ask_for_other_cursor_keys(name: str, sent: bytes) -> None:
    assert key_bytes(Key(name, None), application_cursor=True) == sent


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("one\ntwo\r\nthree\rfour", b"one\rtwo\rthree\rfour"),
        ("tab\té", "tab\té".encode()),
        ("\x1b[201~rm -rf\x03\x7f\x9b", b"[201~rm -rf"),
        ("\ud800x", b"x"),
    ],
)
def test_a_paste_can_neither_obey_nor_end_itself(text: str, sent: bytes) -> None:
    assert paste_bytes(text, bracketed=False) == sent
    assert paste_bytes(text, bracketed=True) == b"\x1b[200~" + sent + b"\x1b[201~"


def test_mouse_positions_count_from_one() -> None:
    assert mouse_bytes(0, 0, 300) == b"\x1b[<0;1;301M"
    assert mouse_bytes(2, 9, 4, released=True) == b"\x1b[<2;10;5m"
