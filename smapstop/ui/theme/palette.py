"""Colours by role. Colour is never the only cue: each kind has a letter, and a texture where there are no colours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from smapstop.text.kinds import KINDS
from smapstop.ui.theme.contrast import HIGHLIGHT_CONTRAST, TEXT_CONTRAST, blend, ensure_contrast

Role = str
"""Meaning of a colour: a kind, or one of `METRICS`."""
Depth = Literal["truecolor", "256", "16", "none"]
"""Number of colours of the terminal; "none" with NO_COLOR and on dumb terminals."""

METRICS = ("rss", "pss", "dirty", "swap")
"""Amounts of a mapping or process that charts show."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours of a chart, one for each of its bands in order."""

    colours: tuple[str, ...]
    background: str
    """Colour behind the chart, and where there is no sample."""
    textures: str = ""
    """One glyph for each band where there are no colours; empty where there are."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme at one depth, by names that rich and Textual can parse."""

    dark: bool
    depth: Depth
    foreground: str
    background: str
    quiet: str
    """Unobtrusive text: zeros, "·", scales."""
    label: str
    """Text on top of any of `colours`."""
    gain: str
    """A number that grew. Orange and blue can be distinguished with every kind of colour vision."""
    loss: str
    """A number that shrank."""
    colours: Mapping[Role, str]
    """Colour of each kind and metric."""
    heat: tuple[str, ...]
    """Eight text colours for magnitudes in ascending order, with rising contrast to the background."""
    fade: tuple[str, ...]
    """Backgrounds of a row that just changed, brightest first; empty below 256 colours: use bold instead."""

    def heat_of(self, kb: float) -> str:
        """Colour of an amount: one step per factor of eight, from 4 kB to 8 GiB; `quiet` for 0."""
        if kb <= 0:
            return self.quiet
        pages = max(int(kb) // 4, 1)
        return self.heat[min((pages.bit_length() - 1) // 3, len(self.heat) - 1)]

    def fade_colour(self, lit: str, ink: str, ago: int) -> str:
        """Colour of text highlighted `ago` ticks ago: fades from `lit` to its normal colour `ink`."""
        if self.fade:
            return blend(lit, ink, _FADE_PARTS[ago]) if ago < len(_FADE_PARTS) else ink
        return ink if ago else lit

    def texture_of(self, role: Role) -> str:
        """Glyph of a role in a legend: its texture without colours, else a full block."""
        return _TEXTURES[role] if self.depth == "none" else "█"

    def ink(self, *roles: Role) -> Ink:
        """Ink for bands of these roles, with textures where there are no colours."""
        textures = "".join(map(self.texture_of, roles)) if self.depth == "none" else ""
        return Ink(tuple(self.colours[role] for role in roles), self.background, textures)


def depth_of(color_system: str | None, *, no_color: bool = False) -> Depth:
    """Colour depth from rich's name of the terminal's colour system (`Console.color_system`)."""
    depths: dict[str, Depth] = {"truecolor": "truecolor", "256": "256", "standard": "16", "windows": "16"}
    return "none" if no_color or color_system is None else depths[color_system]


@lru_cache(32)
def build_palette(
    *, dark: bool, depth: Depth, background: str | None = None, foreground: str | None = None
) -> Palette:
    """Build the palette for a theme and a terminal, with every colour legible on the theme's background.

    Args:
        dark: Whether the theme is dark.
        depth: Number of colours of the terminal.
        background: Background of the widgets as "#rrggbb"; None for near-black or near-white. Ignored with 16
            colours or none, where it is the terminal's own.
        foreground: Text colour of the theme as "#rrggbb"; None for near-white or near-black. Ignored likewise.
    """
    if depth == "none":
        return replace(_PLAIN, dark=dark)
    if depth == "16":
        return _DARK_16 if dark else _LIGHT_16
    theme = _DARK if dark else _LIGHT
    ground = background or theme.background
    fade = tuple(blend(_HIGHLIGHT_COLOUR, ground, _HIGHLIGHT_PART * part) for part in _FADE_PARTS)

    def on_ground(colour: str) -> str:
        return ensure_contrast(colour, ((ground, TEXT_CONTRAST), (fade[0], HIGHLIGHT_CONTRAST)), dark=dark)

    return replace(
        theme,
        depth=depth,
        background=ground,
        foreground=on_ground(foreground or theme.foreground),
        quiet=on_ground(theme.quiet),
        gain=on_ground(theme.gain),
        loss=on_ground(theme.loss),
        colours=MappingProxyType({role: on_ground(colour) for role, colour in theme.colours.items()}),
        heat=tuple(map(on_ground, theme.heat)),
        fade=fade,
    )


def _roles(kinds: str, metrics: str) -> Mapping[Role, str]:
    """Map roles to colours or textures, given as lists in the order of `KINDS` and `METRICS`."""
    return MappingProxyType(dict(zip((*KINDS, *METRICS), f"{kinds} {metrics}".split(), strict=True)))


# The kinds differ from each other, and so do the bands that are stacked: anonymous, file, shared, swap.
_TEXTURES = _roles("▒ █ ▓ ╱ ░ ◊ ┼", "█ █ ▓ ▚")
_FADE_PARTS = (1.0, 0.6, 0.35, 0.15)
"""Share of the highlight that is left, tick by tick."""
_HIGHLIGHT_COLOUR, _HIGHLIGHT_PART = "#1e90ff", 0.22
"""Highlight of a row that just changed: colour and its share over the background."""

# The hues of Okabe and Ito (https://jfly.uni-koeln.de/color/), distinguishable with every kind of colour vision;
# darkened for light themes, so that text in them is legible.
_DARK = Palette(
    dark=True,
    depth="truecolor",
    foreground="#e0e0e0",
    background="#121212",
    quiet="#767d8a",
    label="#000000",
    gain="#f0913a",
    loss="#4db2f0",
    colours=_roles(
        "#e69f00 #56b4e9 #f0e442 #cc79a7 #009e73 #7f7fff #cccccc",
        "#56b4e9 #009e73 #e69f00 #cc79a7",
    ),
    heat=("#7c8696", "#7d94b4", "#6aa5c9", "#56b6c4", "#6cc6a6", "#9fd27c", "#d3d95c", "#ffe95e"),
    fade=(),
)
_LIGHT = Palette(
    dark=False,
    depth="truecolor",
    foreground="#1f2328",
    background="#f4f4f4",
    quiet="#767d88",
    label="#ffffff",
    gain="#a84300",
    loss="#005fa8",
    colours=_roles(
        "#b04a00 #0072b2 #43318f #b04489 #2e7a3c #6a0000 #3f4348",
        "#0072b2 #2e7a3c #b04a00 #b04489",
    ),
    heat=("#67707e", "#586b8b", "#4a6796", "#355c96", "#264f85", "#3d3f78", "#4f2a5c", "#5a0f38"),
    fade=(),
)
_DARK_16 = Palette(
    dark=True,
    depth="16",
    foreground="default",
    background="default",
    quiet="bright_black",
    label="black",
    gain="bright_yellow",
    loss="bright_cyan",
    colours=_roles(
        "yellow cyan bright_blue bright_magenta green bright_red white",
        "cyan green yellow bright_magenta",
    ),
    heat=("white", "white", "cyan", "cyan", "green", "green", "bright_yellow", "bright_yellow"),
    fade=(),
)
_LIGHT_16 = replace(
    _DARK_16,
    dark=False,
    label="bright_white",
    gain="red",
    loss="blue",
    colours=_roles(
        "red blue magenta bright_red black bright_blue bright_black",
        "blue magenta red black",
    ),
    heat=("bright_black", "bright_black", "blue", "blue", "magenta", "magenta", "red", "red"),
)
_PLAIN = replace(
    _DARK_16,
    depth="none",
    quiet="default",
    label="default",
    gain="default",
    loss="default",
    colours=_roles(" ".join(["default"] * len(KINDS)), " ".join(["default"] * len(METRICS))),
    heat=("default",) * 8,
)
