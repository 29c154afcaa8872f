"""Colours by role. Colour is never the only cue: each kind has a letter, and a texture where there are no colours."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from smapstop.lazy_dataclass import dataclass
from smapstop.text.kinds import KINDS
from smapstop.ui.theme.contrast import HIGHLIGHT_CONTRAST, TEXT_CONTRAST, blend, ensure_contrast

Role = str
"""Meaning of a colour: a kind, or "swap"."""
Depth = Literal["truecolor", "256", "16", "none"]
"""Number of colours of the terminal; "none" with NO_COLOR and on dumb terminals."""

ROLES: tuple[Role, ...] = (*KINDS, "swap")
"""All roles: memory by its kind, and memory that is in swap. Besides these, colour only says what grew and shrank."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours of a chart, one for each of its bands in order."""

    colours: tuple[str, ...]
    background: str
    """Colour behind the chart, and where there is no sample."""
    textures: str = ""
    """One glyph for each band where there are no colours; empty where there are."""
    tints: tuple[tuple[str, ...], ...] = ()
    """Each colour over the background, from one eighth to seven; empty where colours cannot be mixed."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme at one depth, by names that rich and Textual can parse."""

    dark: bool
    depth: Depth
    foreground: str
    background: str
    quiet: str
    """Unobtrusive text: zeros, small amounts, "·", scales."""
    label: str
    """Text on top of any of `colours`."""
    gain: str
    """A number that grew. It differs from `loss` and from all roles with every kind of colour vision."""
    loss: str
    """A number that shrank."""
    colours: Mapping[Role, str]
    """Colour of each role."""
    fade: tuple[str, ...]
    """Backgrounds of a row that just changed, brightest first; empty below 256 colours: use bold instead."""

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
        colours = tuple(self.colours[role] for role in roles)
        textures = "".join(map(self.texture_of, roles)) if self.depth == "none" else ""
        tints = tuple(_tints(colour, self.background) for colour in colours) if self.fade else ()
        return Ink(colours, self.background, textures, tints)

    def ink_read(self, *roles: Role) -> Ink:
        """Ink for bands of these roles, then for the same where they were not read: dim, or dotted."""
        ink = self.ink(*roles)
        dim = tuple(tints[_DIM_EIGHTHS - 1] for tints in ink.tints) or (self.quiet,) * len(roles)
        tints = ink.tints and tuple(_tints(colour, self.background) for colour in dim)
        textures = ink.textures and ink.textures + _DOTTED * len(roles)
        return Ink(ink.colours + dim, self.background, textures, ink.tints + tints)


def depth_of(color_system: str | None, *, no_color: bool = False) -> Depth:
    """Colour depth from rich's name of the terminal's colour system (`Console.color_system`)."""
    depths: dict[str, Depth] = {"truecolor": "truecolor", "256": "256", "standard": "16", "windows": "16"}
    return "none" if no_color or color_system is None else depths[color_system]


@lru_cache(256)
def _tints(colour: str, background: str) -> tuple[str, ...]:
    """A colour over a background, from one eighth to seven."""
    return tuple(blend(colour, background, eighths / 8) for eighths in range(1, 8))


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
        fade=fade,
    )


def _roles(names: str) -> Mapping[Role, str]:
    """Map roles to colours or textures, in the order of `ROLES`."""
    return MappingProxyType(dict(zip(ROLES, names.split(), strict=True)))


_TEXTURES = _roles("▒ █ ▓ ╱ ░ ◊ ┼ ▚")
_DOTTED = "·"
_DIM_EIGHTHS = 3
"""How much of a colour is left where nothing was read, eighths."""
_FADE_PARTS = (1.0, 0.6, 0.35, 0.15)
"""Share of the highlight that is left, tick by tick."""
_HIGHLIGHT_COLOUR, _HIGHLIGHT_PART = "#1e90ff", 0.22
"""Highlight of a row that just changed: colour and its share over the background."""

# All roles, gain and loss are at least 11 apart in CIE Lab with every kind of colour vision, in every theme.
_DARK = Palette(
    dark=True,
    depth="truecolor",
    foreground="#e0e0e0",
    background="#121212",
    quiet="#767d8a",
    label="#000000",
    gain="#f57c1f",
    loss="#4fe3f7",
    colours=_roles("#7fd8a5 #6ea3e0 #c3d35f #d070a0 #ffd21f #a06cff #f2f2ee #a78f5b"),
    fade=(),
)
_LIGHT = Palette(
    dark=False,
    depth="truecolor",
    foreground="#1f2328",
    background="#f4f4f4",
    quiet="#767d88",
    label="#ffffff",
    gain="#d0260f",
    loss="#0a1f6e",
    colours=_roles("#00805a #1f5eea #6f8520 #c733b5 #17485c #5a1aa8 #2b2328 #6b2f10"),
    fade=(),
)
_DARK_16 = Palette(
    dark=True,
    depth="16",
    foreground="default",
    background="default",
    quiet="bright_black",
    label="black",
    gain="bright_red",
    loss="bright_cyan",
    colours=_roles("green bright_blue yellow magenta bright_yellow bright_magenta white cyan"),
    fade=(),
)
# Few of the 16 colours can be read on white: what is rare shares one, but never within a chart.
_LIGHT_16 = replace(
    _DARK_16,
    dark=False,
    label="bright_white",
    gain="red",
    loss="bright_blue",
    colours=_roles("magenta blue bright_magenta bright_red bright_black bright_blue black black"),
)
_PLAIN = replace(
    _DARK_16,
    depth="none",
    quiet="default",
    label="default",
    gain="default",
    loss="default",
    colours=_roles(" ".join(["default"] * len(ROLES))),
)
