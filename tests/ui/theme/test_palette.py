from dataclasses import fields
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.color import Color, ColorSystem
from rich.style import Style
from textual.theme import BUILTIN_THEMES

from smapstop.text.kinds import KINDS, LETTERS
from smapstop.ui.theme.contrast import contrast_ratio, ensure_contrast, ensure_legible
from smapstop.ui.theme.palette import Depth, Ink, Palette, build_palette, depth_of

DEPTHS: tuple[Depth, ...] = ("truecolor", "256", "16", "none")
THEMES = pytest.mark.parametrize("dark", [True, False])
ALL_THEMES = pytest.mark.parametrize("name", [name for name, theme in BUILTIN_THEMES.items() if not theme.ansi])

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency" (2009),
# in linear RGB at full severity
VISIONS = {
    "trichromat": np.eye(3),
    "protanope": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranope": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanope": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
# CIE Lab: 2 is just noticeable side by side, 10 is plain in areas of a few cells
TOLD_APART = 10
# what xterm makes of the 16 names; other terminals are near to it
XTERM = {
    "black": "#000000", "red": "#cd0000", "green": "#00cd00", "yellow": "#cdcd00",
    "blue": "#0000ee", "magenta": "#cd00cd", "cyan": "#00cdcd", "white": "#e5e5e5",
    "bright_black": "#7f7f7f", "bright_red": "#ff0000", "bright_green": "#00ff00", "bright_yellow": "#ffff00",
    "bright_blue": "#5c5cff", "bright_magenta": "#ff00ff", "bright_cyan": "#00ffff", "bright_white": "#ffffff",
}  # fmt: skip


def linear(colour: str) -> NDArray[np.float64]:
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(colour: str, vision: str) -> NDArray[np.float64]:
    seen = np.clip(np.array(VISIONS[vision]) @ linear(colour), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ seen / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, vision: str) -> float:
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


def of_theme(name: str) -> Palette:
    theme = BUILTIN_THEMES[name]
    variables = theme.to_color_system().generate()
    ground, text = variables["background"], variables["foreground"]
    return build_palette(dark=theme.dark, depth="truecolor", background=ground, foreground=text)


@ALL_THEMES
@pytest.mark.parametrize("vision", VISIONS)
def test_each_colour_has_one_meaning(name: str, vision: str) -> None:
    palette = of_theme(name)
    colours = dict(palette.colours) | {"gain": palette.gain, "loss": palette.loss}
    pairs = combinations(colours, 2)
    alike = [pair for pair in pairs if distance(colours[pair[0]], colours[pair[1]], vision) < TOLD_APART]
    assert alike == []
    assert distance(palette.gain, palette.loss, vision) > 4 * TOLD_APART


@THEMES
def test_with_16_colours_what_is_common_has_its_own(dark: bool) -> None:
    palette = build_palette(dark=dark, depth="16")
    common = [palette.colours[kind] for kind in ("file", "anonymous", "heap", "stack", "shared")]
    assert len({*common, palette.gain, palette.loss}) == 7
    assert len({palette.colours[role] for role in ("file", "shared", "anonymous", "swap")}) == 4


@ALL_THEMES
def test_everything_can_be_read(name: str) -> None:
    colours = of_theme(name)
    texts = {colours.foreground, colours.quiet, colours.gain, colours.loss, *colours.colours.values()}
    assert [text for text in texts if contrast_ratio(text, colours.background) < 4.5] == []
    assert [text for text in texts for ground in colours.fade if contrast_ratio(text, ground) < 3] == []
    assert [fill for fill in colours.colours.values() if contrast_ratio(colours.label, fill) < 4.5] == []


@THEMES
def test_what_16_colours_have_can_be_read_on_the_terminals_own_ground(dark: bool) -> None:
    colours = build_palette(dark=dark, depth="16")
    ground = "#000000" if dark else "#ffffff"
    texts = {colours.quiet, colours.gain, colours.loss, *colours.colours.values()}
    assert [text for text in texts if contrast_ratio(XTERM[text], ground) < 3] == []
    fills = colours.colours.values()
    assert [fill for fill in fills if contrast_ratio(XTERM[colours.label], XTERM[fill]) < 3] == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#ffffff", "#000000", 21), ("#777777", "#ffffff", 4.48), ("#123456", "#123456", 1)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert contrast_ratio(one, other) == contrast_ratio(other, one) == pytest.approx(expected, abs=0.005)


def test_a_colour_changes_no_more_than_is_needed_to_read_it() -> None:
    assert ensure_contrast("#0072b2", (("#ffffff", 4.5),), dark=False) == "#0072b2"
    darker = ensure_contrast("#56b4e9", (("#ffffff", 4.5),), dark=False)
    assert 4.5 <= contrast_ratio(darker, "#ffffff") < 5.5
    assert ensure_contrast("#808080", (("#000000", 30),), dark=True) == "#ffffff"


def test_a_style_is_made_legible_where_its_colours_are_known() -> None:
    made = ensure_legible(Style(color="#0072b2", bgcolor="#5983a1", bold=True))
    assert made.color is not None
    assert made.color.triplet is not None
    assert contrast_ratio(made.color.triplet.hex, "#5983a1") >= 3
    assert made.bold
    for style in (Style(color="red", bgcolor="#000000"), Style(color="#111111"), Style(bgcolor="#000000"), Style()):
        assert ensure_legible(style) is style


@THEMES
def test_the_fade_ends_at_the_background_that_the_theme_has(dark: bool) -> None:
    ground = "#20304a" if dark else "#fff8e0"
    colours = build_palette(dark=dark, depth="truecolor", background=ground)
    away = [contrast_ratio(step, ground) for step in colours.fade]
    assert ground == colours.background == colours.ink("file").background
    assert sorted(away, reverse=True) == away


@THEMES
def test_kinds_stay_different_in_256_and_in_16_colours(dark: bool) -> None:
    for depth, system in (("256", ColorSystem.EIGHT_BIT), ("16", ColorSystem.STANDARD)):
        colours = build_palette(dark=dark, depth=depth).colours
        shown = {Color.parse(colours[kind]).downgrade(system).number for kind in KINDS}
        assert len(KINDS) == len(shown)


@pytest.mark.parametrize("depth", DEPTHS)
@THEMES
def test_every_colour_is_one_that_rich_knows(dark: bool, depth: Depth) -> None:
    colours = build_palette(dark=dark, depth=depth)
    names = [getattr(colours, field.name) for field in fields(Palette) if field.type is str]
    for name in [*names, *colours.colours.values(), *colours.fade]:
        assert name == str(Style(color=name))
    assert (dark, depth) == (colours.dark, colours.depth)


def test_with_colours_there_are_no_textures() -> None:
    colours = build_palette(dark=True, depth="truecolor")
    ink = colours.ink("anonymous", "file")
    assert (ink.colours, ink.textures) == ((colours.colours["anonymous"], colours.colours["file"]), "")


@THEMES
def test_tints_lead_from_the_background_to_the_colour(dark: bool) -> None:
    colours = build_palette(dark=dark, depth="truecolor")
    (tints,) = colours.ink("file").tints
    steps = [distance(tint, colours.background, "trichromat") for tint in (*tints, colours.colours["file"])]
    assert steps == sorted(steps)
    assert len(set(steps)) == 8
    assert build_palette(dark=dark, depth="16").ink("file").tints == ()


@THEMES
def test_where_nothing_was_read_a_band_is_dim_or_dotted(dark: bool) -> None:
    colours = build_palette(dark=dark, depth="truecolor")
    ink = colours.ink_read("file", "anonymous")
    assert (ink.colours[:2], ink.tints[:2]) == (colours.ink("file", "anonymous").colours, ink.tints[:2])
    for bright, dim in zip(ink.colours[:2], ink.colours[2:], strict=True):
        far, near = (distance(colour, colours.background, "trichromat") for colour in (bright, dim))
        assert 10 < near < far / 2
    assert len(ink.tints) == 4
    sixteen = build_palette(dark=dark, depth="16")
    assert (sixteen.ink_read("file").colours[1], sixteen.ink_read("file").tints) == (sixteen.quiet, ())
    assert build_palette(dark=dark, depth="none").ink_read("file").textures == "▒·"


def test_textures_are_for_terminals_without_colours() -> None:
    colours = build_palette(dark=True, depth="truecolor")
    assert colours.texture_of("file") == "█"


def test_without_colours_textures_distinguish_the_bands() -> None:
    plain = build_palette(dark=True, depth="none")
    assert Ink(("default",) * 4, "default", "█▒░▚") == plain.ink("anonymous", "file", "shared", "swap")
    assert plain.texture_of("file") == "▒"
    assert len(KINDS) == len(set(plain.ink(*KINDS).textures))
    assert {"default"} == {*plain.colours.values(), plain.gain, plain.loss, plain.quiet, plain.label}


def test_every_kind_has_a_letter_of_its_own() -> None:
    assert [LETTERS[kind] for kind in KINDS] == ["F", "A", "H", "S", "M", "D", "V"]


@pytest.mark.parametrize(
    ("color_system", "no_color", "expected"),
    [
        ("truecolor", False, "truecolor"),
        ("256", False, "256"),
        ("standard", False, "16"),
        (None, False, "none"),
        ("truecolor", True, "none"),
    ],
)
def test_the_depth_of_a_terminal(color_system: str | None, no_color: bool, expected: Depth) -> None:
    assert expected == depth_of(color_system, no_color=no_color)


@THEMES
def test_what_was_lit_fades_to_its_own_ink(dark: bool) -> None:
    colours = build_palette(dark=dark, depth="truecolor")
    ink, lit = colours.foreground, colours.gain
    steps = [colours.fade_colour(lit, ink, ago) for ago in range(6)]
    assert (steps[0], steps[4:]) == (lit, [ink, ink])
    apart = [distance(step, ink, "trichromat") for step in steps[:5]]
    assert apart == sorted(apart, reverse=True)
    assert len(set(apart)) == 5


@pytest.mark.parametrize("depth", ["16", "none"])
def test_with_few_colours_what_was_lit_is_at_once_as_before(depth: Depth) -> None:
    colours = build_palette(dark=True, depth=depth)
    assert [colours.fade_colour(colours.loss, "white", ago) for ago in range(3)] == [colours.loss, "white", "white"]
