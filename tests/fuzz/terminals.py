"""What a program writes to its terminal: whatever it is, the screen is lines of cells, and none is obeyed."""

from collections.abc import Iterator

from rich.cells import cell_len

from smapstop.ui.terminal import emulator
from smapstop.ui.terminal.emulator import Emulator, StyledLine

SIZES = ((20, 6), (7, 3), (1, 1), (80, 24), (2, 2), (133, 40))
RESIZE = b"\x1b_size"
"""A string that no terminal knows; the character after it says which of `CELL_SIZES` is next."""


def check(data: bytes) -> None:
    """Write it at once, in parts, and byte by byte, with changes of size where it says so."""
    whole, parts = _feed(data, len(data) + 1), _feed(data, 7)
    assert _screen_lines(whole) == _screen_lines(parts)
    assert whole.cursor == parts.cursor
    assert whole.is_alternate == parts.is_alternate
    assert whole.title == parts.title
    skimmed = _feed(data, len(data) + 1, skim=True)
    assert _screen_lines(skimmed) == _screen_lines(whole)


def _feed(data: bytes, at_once: int, *, skim: bool = False) -> Emulator:
    """A terminal to which some bytes are written at a time."""
    terminal = Emulator(*SIZES[0], lambda reply: _check_reply(reply))
    columns, rows = SIZES[0]
    for number, part in enumerate(data.split(RESIZE)):
        if number:
            columns, rows = SIZES[part[0] % len(SIZES)] if part else SIZES[0]
            terminal.resize(columns, rows)
            part = part[1:]
        for at in range(0, len(part), at_once):
            piece = part[at : at + at_once]
            terminal.feed(_skim(terminal, piece) if skim else piece)
        _check_screen(terminal, columns, rows)
    return terminal


def _skim(terminal: Emulator, data: bytes) -> bytes:
    """What needs to be fed of it when it is a flood, however short."""
    flood, emulator._FLOOD = emulator._FLOOD, 1
    try:
        return terminal.skim(data)
    finally:
        emulator._FLOOD = flood


def _check_reply(reply: bytes) -> None:
    """Answers are short, and never what the program wrote."""
    assert reply in (b"\x1b[?6c", b"\x1b[0n") or (reply[:2] == b"\x1b[" and reply[-1:] == b"R" and len(reply) < 12)


def _check_screen(terminal: Emulator, columns: int, rows: int) -> None:
    """What is shown fills the screen and can be drawn."""
    for cursor in (True, False):
        lines = terminal.lines(cursor=cursor)
        assert len(lines) == rows
        for line in lines:
            text = "".join(segment.text for segment in line)
            assert cell_len(text) == columns, text
            assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text)
    x, y = terminal.cursor
    assert 0 <= x < columns
    assert 0 <= y < rows
    assert terminal.title.isprintable()


def _screen_lines(terminal: Emulator) -> list[StyledLine]:
    """The lines of the screen."""
    return terminal.lines(cursor=True)


def seeds() -> Iterator[bytes]:
    """Text, and each control function of the kind that programs use."""
    yield b"one\r\ntwo\tthree\r\n" * 9
    yield "wide 世界 e\u0301 \U0001f469\u200d\U0001f4bb \x1b[31mred\x1b[0m".encode()
    yield b"\x1b[?1049h\x1b[2J\x1b[H\x1b[1;31mtop\x1b[0m\x1b[3;1Hx\x1b[K\x1b[?1049l\x1b[?25l"
    yield b"\x1b]0;title\x07\x1b]2;other\x1b\\\x1bPq\x1b\\\x1b(0lqk\x1b(B\x0e\x0f"
    yield b"\x1b[2;4r\x1b[4h\x1b[@ab\x1b[4l\x1bM\x1bD\x1bE\x1b7\x1b8\x1bH\x1b[3g\x1b[I\x1b[Z"
    yield b"\x1b[38;5;9mx\x1b[48;2;1;2;3my\x1b[4:3mz\x1b[7;2;9m\x1b[38:2::1:2:3m.\x1b[58;5;1m"
    yield b"\x1b[5n\x1b[6n\x1b[c\x1b[!p\x1bc\x1b[3b\x1b[2L\x1b[2M\x1b[2P\x1b[2S\x1b[2T\x1b[2X"
    yield b"\x1b[?1;1000;1006;2004h\x1b[20h\x1b[?7l" + b"0123456789" * 5
    for number in range(len(SIZES)):
        yield b"abc\r\n\xe4\xb8\x96\xff" * 4 + RESIZE + b"%c" % number + b"\x1b[9;9Hxyz" + RESIZE
