"""Colours by role. No colour speaks alone: each kind has a letter, and a texture where there are no colours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from smapstop.text.kinds import KINDS
from smapstop.ui.theme.contrast import HIGHLIGHT_CONTRAST, TEXT_CONTRAST, blend, ensure_contrast

Role = str
"""What a colour stands for: a kind, or one of `METRICS`."""
Depth = Literal["truecolor", "256", "16", "none"]
"""How many colours the terminal has; "none" with NO_COLOR and on dumb terminals."""

METRICS = ("rss", "pss", "dirty", "swap")
"""What a chart shows of a mapping or a process."""


@dataclass(frozen=True, slots=True)
class Ink:
    """What a chart is drawn with: one colour for each of its bands, from the first to the last."""

    colours: tuple[str, ...]
    background: str
    """The colour under the chart, and where there is no sample."""
    textures: str = ""
    """One glyph for each band where colours cannot tell them apart; empty where they can."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme at one depth, as the names that rich and Textual read."""

    dark: bool
    depth: Depth
    foreground: str
    background: str
    quiet: str
    """Text that is there without asking to be read: zeros, "·", the squeezed holes of the address space."""
    label: str
    """Text on top of any of `colours`."""
    gain: str
    """A number that grew. Orange and blue: told apart with every kind of colour vision."""
    loss: str
    """A number that shrank."""
    colours: Mapping[Role, str]
    """One colour for each kind and metric."""
    heat: tuple[str, ...]
    """Eight text colours for magnitudes, from the least to the greatest, ever further from the background."""
    fade: tuple[str, ...]
    """Backgrounds of a row that just moved, from the brightest to the last; empty without such colours: use bold."""

    def heat_of(self, kb: float) -> str:
        """The colour of an amount: one step for each factor of eight, from 4 kB to 8 GiB; `quiet` for 0."""
        if kb <= 0:
            return self.quiet
        pages = max(int(kb) // 4, 1)
        return self.heat[min((pages.bit_length() - 1) // 3, len(self.heat) - 1)]

    def fade_colour(self, lit: str, ink: str, ago: int) -> str:
        """The colour of a text that was lit so many ticks ago, on its way to its own ink."""
        if self.fade:
            return blend(lit, ink, _FADE_PARTS[ago]) if ago < len(_FADE_PARTS) else ink
        return ink if ago else lit

    def texture_of(self, role: Role) -> str:
        """The glyph that stands for a role in a legend: its texture without colours, a full block with them."""
        return _TEXTURES[role] if self.depth == "none" else "█"

    def ink(self, *roles: Role) -> Ink:
        """What to draw the bands of these roles with; textures instead of colours where there are none."""
        textures = "".join(map(self.texture_of, roles)) if self.depth == "none" else ""
        return Ink(tuple(self.colours[role] for role in roles), self.background, textures)


def depth_of(color_system: str | None, *, no_color: bool = False) -> Depth:
    """The depth of a terminal by the name that rich gives to its colour system (`Console.color_system`)."""
    depths: dict[str, Depth] = {"truecolor": "truecolor", "256": "256", "standard": "16", "windows": "16"}
    return "none" if no_color or color_system is None else depths[color_system]


@lru_cache(32)
def build_palette(
    *, dark: bool, depth: Depth, background: str | None = None, foreground: str | None = None
) -> Palette:
    """The palette for a theme and a terminal, every colour of which can be read on the theme's background.

    Args:
        dark: Whether the theme is dark.
        depth: How many colours the terminal has.
        background: What the widgets stand on, as "#rrggbb"; without it near-black or near-white. With 16 colours or
            none it is the terminal's own, whatever is asked for.
        foreground: The theme's own text, as "#rrggbb"; without it near-white or near-black.
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
    """Colours by role, from lists in the order of `RECORD_KINDS` and `METRICS`."""
    return MappingProxyType(dict(zip((*KINDS, *METRICS), f"{kinds} {metrics}".split(), strict=True)))


# Kinds differ from each other, and so do the bands that are stacked: anonymous, file, shared, swap.
_TEXTURES = _roles("▒ █ ▓ ╱ ░ ┼", "█ █ ▓ ▚")
_FADE_PARTS = (1.0, 0.6, 0.35, 0.15)
"""How much is left of what was lit, tick by tick."""
_HIGHLIGHT_COLOUR, _HIGHLIGHT_PART = "#1e90ff", 0.22
"""What a row that has just moved is lit with, and how much of it."""

# The hues of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with every kind of colour vision tell
# apart; on a light theme darkened, so that text in them can be read.
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
        "#e69f00 #56b4e9 #f0e442 #cc79a7 #009e73 #cccccc",
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
        "#b04a00 #0072b2 #43318f #b04489 #2e7a3c #3f4348",
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
        "yellow cyan bright_blue bright_magenta green white",
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
        "red blue magenta bright_red black bright_black",
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
