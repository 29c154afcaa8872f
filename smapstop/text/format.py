"""Format values as short text, for the dashboard and the reports.

An amount of 0 reads "0". A change or rate of 0 reads "·", so that an idle process makes a quiet table. An unknown
value reads "–", never 0.

No text here is markup, "[heap]" stays "[heap]": draw names as segments or plain content.
"""

import re
import time
import unicodedata
from collections.abc import Callable
from functools import lru_cache

ABOUT = "~"
"""In front of what is inferred, not measured."""
UNKNOWN = "–"
"""A value that the kernel did not print, or that may not be read."""
STILL = "·"
"""No change."""
CUT = "…"
"""Stands for the part of a text that did not fit."""

MINUS = "−"  # U+2212: as wide as the plus
# Terminals disagree on the width of these, or join them into syllables: variation selectors, skin tones,
# conjoining Hangul, fillers, hexagrams and the like. One of them would shift the rest of its line.
_AMBIGUOUS_WIDTH = re.compile(
    "[\u115f-\u11ff\u180b-\u180d\u180f\u2630-\u2637\u268a-\u268f\u3164\u4dc0-\u4dff\ud7b0-\ud7fb\ufe00-\ufe0f\uffa0"
    "\U00016ff0\U00016ff1\U0001d300-\U0001d376\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]"
)


def amount(kb: float | None) -> str:
    """Format an amount in at most 6 cells, "4 K", "1.4 M", "16 T": exact kB below 1 MiB, then three digits.

    Args:
        kb: kB; None, or a negative number such as `ABSENT`, means unknown.
    """
    if kb is None or kb < 0:
        return UNKNOWN
    return _short(kb) if kb else "0"


def signed(kb: float | None) -> str:
    """Format a change, kB, in at most 7 cells: "+64 K", "−4 K"; "·" for 0."""
    return STILL if kb == 0 else _with_sign(kb, _short)


def rate(kb_per_s: float | None) -> str:
    """Format a rate, kB/s, in at most 7 cells: "+512 K", "−0.25 K"; "·" for 0, "+0 K" for one below 0.005."""
    return signed(kb_per_s)


def long_amount(kb: float | None) -> str:
    """Format an amount, kB, for the header: "412.3 MiB". Decimals are fixed per unit, so the text does not jump."""
    return UNKNOWN if kb is None or kb < 0 else _long(kb)


def long_signed(kb: float | None) -> str:
    """Format a change, kB, for the header: "+1.2 MiB"; "±0" for 0."""
    return "±0" if kb == 0 else _with_sign(kb, _long)


def _with_sign(kb: float | None, formatter: Callable[[float], str]) -> str:
    """Format a number other than 0 with its sign; None and NaN are unknown."""
    if kb is None or kb != kb:
        return UNKNOWN
    return ("+" if kb > 0 else MINUS) + formatter(abs(kb))


def _short(kb: float) -> str:
    """Format with three significant digits and one unit letter; whole numbers up to 1023."""
    for unit in "KMGTP":
        if kb < 1023.5:
            return f"{_three_digits(kb)} {unit}"
        kb /= 1024
    return f"{_three_digits(kb)} E"


def _three_digits(value: float) -> str:
    """Format with at most three significant digits and two decimals, without trailing zeros."""
    return f"{value:.0f}" if value >= 999.5 else f"{round(value, 2):.3g}"


def _long(kb: float) -> str:
    """Format with the full binary unit, and decimals that depend on the unit alone."""
    for unit, decimals in (("KiB", 0), ("MiB", 1), ("GiB", 2), ("TiB", 2), ("PiB", 2)):
        if round(kb, decimals) < 1024:
            return f"{kb:.{decimals}f} {unit}"
        kb /= 1024
    return f"{kb:.2f} EiB"


def count(n: int | None) -> str:
    """Format a count in at most 5 cells: "312", "4,180", "65.5k", "1.2M"; units are powers of 1000, not 1024."""
    if n is None or n < 0:
        return UNKNOWN
    if n < 10_000:
        return f"{n:,}"
    value = float(n)
    for unit in "kMG":
        value /= 1000
        if value < 999.5:
            return f"{value:.3g}{unit}"
    return f"{value / 1000:.3g}T"


def pages_text(pages: int) -> str:
    """Format a number of pages: "1 page", "1,024 pages"."""
    return f"{pages:,} page{'s' * (pages != 1)}"


def per_second(events: float | None) -> str:
    """Format a frequency: "0/s", "0.25/s", "312/s", "65.5k/s"."""
    if events is None or events != events or events < 0:
        return UNKNOWN
    if 0 < events < 0.01:
        return "<0.01/s"
    return f"{events:.2g}/s" if events < 9.5 else f"{count(round(events))}/s"


def percent(fraction: float | None) -> str:
    """Format a fraction: "0.2 %", "3.1 %", "48 %"; more than one busy CPU gives "212 %"."""
    if fraction is None or fraction != fraction:
        return UNKNOWN
    percents = fraction * 100
    return f"{percents:.1f} %" if percents < 9.95 else f"{percents:.0f} %"


def age(seconds: float) -> str:
    """Format an age in its largest unit, rounded down: "now", "3 s", "2 m", "1 h", "5 d"."""
    whole = int(max(seconds, 0))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        if whole >= length:
            return f"{whole // length} {unit}"
    return "now"


def duration(seconds: float) -> str:
    """Format a duration in its two largest units, rounded down: "4 s", "2m05s", "2h13m", "3d04h"."""
    whole = int(max(seconds, 0))
    for unit, length, smaller, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "m", 60), ("m", 60, "s", 1)):
        if whole >= length:
            return f"{whole // length}{unit}{whole % length // part:02}{smaller}"
    return f"{whole} s"


def span(ns: int | None) -> str:
    """Format a short duration, for readings and intervals: "1.9 ms", "48 ms", "1.0 s", "12 s"."""
    if ns is None or ns < 0:
        return UNKNOWN
    value, unit = (ns / 1e6, "ms") if ns < 999_500_000 else (ns / 1e9, "s")
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def calm_interval(ns: int) -> int:
    """Round an interval that keeps changing a little, ns: from 20 s on to 5 s, from 120 s on to 30 s."""
    step = 1 if ns < 20_000_000_000 else 5_000_000_000 if ns < 120_000_000_000 else 30_000_000_000
    return (ns + step // 2) // step * step


def clock(wall_ns: int) -> str:
    """Format the local time of day: "14:05:09"."""
    return time.strftime("%H:%M:%S", time.localtime(wall_ns // 1_000_000_000))


def clock_tenths(wall_ns: int) -> str:
    """Format the local time of day with tenths of a second, rounded down: "14:05:09.1"."""
    return f"{clock(wall_ns)}.{wall_ns // 100_000_000 % 10}"


def printable(text: str) -> str:
    r"""Escape every character that could move the cursor, or reorder or shift the line: "\x1b", "\u202e".

    These are control, format and bidi characters, unusual spaces, surrogate escapes (bytes of a name that is not
    UTF-8, as "\xff"), and characters on whose width terminals disagree. `cell_width` is exact for the result.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = (char if char.isprintable() else _escape(char) for char in text)
    return _AMBIGUOUS_WIDTH.sub(lambda match: _escape(match[0]), "".join(shown))


def _escape(char: str) -> str:
    """Escape a character by its code point, a surrogate escape by its byte."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cell_width(text: str) -> int:
    """Width of a printable text on the terminal, in cells."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


@lru_cache(4096)
def _char_width(char: str) -> int:
    """Width of a character: 0 for combining marks, 2 for East Asian wide characters, else 1."""
    if unicodedata.category(char)[0] == "M":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shorten(text: str, width: int) -> str:
    """Cut the printable text on the left to at most `width` cells, so that the file name stays: "…/libc.so.6"."""
    text = printable(text)
    if cell_width(text) <= width:
        return text
    kept = text[len(text) - fitting_length(text[::-1], width - 1) :]
    while kept and not _char_width(kept[0]):
        kept = kept[1:]  # a combining mark whose letter was cut off would combine with the "…"
    return CUT + kept if width > 0 else ""


def shorten_middle(text: str, width: int) -> str:
    """Cut the printable text in the middle to at most `width` cells: "_bz2.cp…so .data".

    Its head stays, and of its tail the section of a file and a little before it, else a third.
    """
    text = printable(text)
    if cell_width(text) <= width:
        return text
    section = text.rfind(" ")
    tail = len(text) - section + 2 if section > 0 else width // 3
    tail = min(tail, width // 2)
    end = shorten(text, tail + 1).removeprefix(CUT) if tail > 0 else ""
    return clip(text, width - cell_width(end)) + end if width > 0 else ""


def clip(text: str, width: int) -> str:
    """Cut the printable text on the right to at most `width` cells: "copy-on-wri…"."""
    text = printable(text)
    if cell_width(text) <= width:
        return text
    return text[: fitting_length(text, width - 1)] + CUT if width > 0 else ""


def fitting_length(text: str, width: int) -> int:
    """Number of leading characters that fit into `width` cells."""
    if text.isascii():
        return width
    used = 0
    for at, char in enumerate(text):
        used += _char_width(char)
        if used > width:
            return at
    return len(text)


def pad(text: str, width: int) -> str:
    """Pad the printable text on the right to `width` cells."""
    return text + " " * (width - cell_width(text))
