"""WCAG 2.2 contrast of colours, and colours adjusted until their contrast is sufficient.

Colours are mixed here and not by Textual's `Color.blend`, which truncates where `blend` rounds: of 20,000 random
mixes three in four differ by 1 in a channel, so palettes would change.
"""

from collections.abc import Sequence
from functools import lru_cache

from rich.color import Color
from rich.style import Style

TEXT_CONTRAST, HIGHLIGHT_CONTRAST = 4.5, 3.0
"""Minimum contrast of text (WCAG 2.2, 1.4.3), and of text that is bold or on a briefly highlighted background."""


def contrast_ratio(one: str, other: str) -> float:
    """Contrast of two colours "#rrggbb": from 1 for equal ones to 21 for black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ensure_contrast(colour: str, grounds: Sequence[tuple[str, float]], *, dark: bool) -> str:
    """Blend white into a colour (black on light backgrounds) until it is legible on all backgrounds.

    Args:
        colour: As "#rrggbb".
        grounds: The backgrounds, each with its minimum contrast. If no blend reaches all of them, the result is
            pure white or black.
        dark: Whether the backgrounds are dark.
    """
    far = "#ffffff" if dark else "#000000"
    mixes = (blend(far, colour, part / 20) for part in range(21))
    return next((mix for mix in mixes if all(contrast_ratio(mix, ground) >= least for ground, least in grounds)), far)


@lru_cache(1024)
def ensure_legible(style: Style) -> Style:
    """Make a style's text legible on its own background; unchanged where either colour is unknown, or reversed."""
    if not (style.color and style.bgcolor and style.color.triplet and style.bgcolor.triplet) or style.reverse:
        return style
    text, ground = style.color.triplet.hex, style.bgcolor.triplet.hex
    dark = contrast_ratio("#ffffff", ground) > contrast_ratio("#000000", ground)
    return style + Style.from_color(Color.parse(ensure_contrast(text, ((ground, HIGHLIGHT_CONTRAST),), dark=dark)))


def blend(colour: str, ground: str, part: float) -> str:
    """Blend a colour over a background, both "#rrggbb"; `part` is the share of the colour, 0 to 1."""
    pairs = ((int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(below + (above - below) * part):02x}" for above, below in pairs)


def _luminance(colour: str) -> float:
    """Relative luminance, from 0 to 1 (WCAG 2.2)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
