"""How well colours can be read on each other: the contrast of WCAG 2.2, and colours changed until it is enough.

Colours are mixed here and not by Textual's `Color.blend`, which cuts off what `mixed` rounds: of 20,000 random mixes
three of four differ by 1 in a channel, so palettes would change.
"""

from collections.abc import Sequence
from functools import lru_cache

from rich.color import Color
from rich.style import Style

TEXT_CONTRAST, HIGHLIGHT_CONTRAST = 4.5, 3.0
"""The least contrast of a text (WCAG 2.2, 1.4.3), and of a bold one, or one on a ground that is so for a moment."""


def contrast_ratio(one: str, other: str) -> float:
    """From 1, which cannot be told apart, to 21, black on white; both "#rrggbb"."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ensure_contrast(colour: str, grounds: Sequence[tuple[str, float]], *, dark: bool) -> str:
    """A colour, and as much white in it (on dark grounds, else black) as lets it be read on all of them.

    Args:
        colour: As "#rrggbb".
        grounds: What it is to be read on, each with the least contrast; what cannot be reached is come close to.
        dark: Whether the grounds are dark.
    """
    far = "#ffffff" if dark else "#000000"
    mixes = (blend(far, colour, part / 20) for part in range(21))
    return next((mix for mix in mixes if all(contrast_ratio(mix, ground) >= least for ground, least in grounds)), far)


@lru_cache(1024)
def ensure_legible(style: Style) -> Style:
    """A style whose text can be read on its own ground; what is not known of the terminal stays as it is."""
    if not (style.color and style.bgcolor and style.color.triplet and style.bgcolor.triplet) or style.reverse:
        return style
    text, ground = style.color.triplet.hex, style.bgcolor.triplet.hex
    dark = contrast_ratio("#ffffff", ground) > contrast_ratio("#000000", ground)
    return style + Style.from_color(Color.parse(ensure_contrast(text, ((ground, HIGHLIGHT_CONTRAST),), dark=dark)))


def blend(colour: str, ground: str, part: float) -> str:
    """So much of a colour on the ground, both "#rrggbb"."""
    pairs = ((int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(below + (above - below) * part):02x}" for above, below in pairs)


def _luminance(colour: str) -> float:
    """How bright it is, from 0 to 1."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
