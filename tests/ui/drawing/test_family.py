"""Columns of a family fit any terminal."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from smapstop.text import format as fmt
from smapstop.text.family import MemberText
from smapstop.ui.drawing.family import draw_member, draw_member_titles, fit_member_columns
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.palette import build_palette

STYLE = DrawStyle(build_palette(dark=True, depth="truecolor"), Style(), Style(), Style(reverse=True))
MEMBER = MemberText(
    key=(4711, 1),
    tree="│ └─",
    pid="4711",
    title="gunicorn: worker [a very long name of an application that nobody can read]",
    rss="39.8 M",
    pss="10.6 M",
    uss="1.42 M",
    swap="0",
    change=160.0,
    change_text="+160 K",
    rate=61.7,
    rate_text="+61.7 K",
    faults="15/s",
    history="▁▅█",
    shares=(1454, 26_000, 3_000),
    verdict="80 p CoW after fork? by refresh_prices · now",
    brief="80 p CoW after fork? · now",
    is_old=False,
    is_gone=False,
)


@given(st.integers(40, 300), st.integers(0, 90))
def test_titles_and_members_fit_and_stand_below_each_other(width: int, longest: int) -> None:
    columns = fit_member_columns(width, longest)
    titles = "".join(segment.text for segment in draw_member_titles(columns, Style(), "ΔUss"))
    strip = draw_member(MEMBER, columns, 40_000, STYLE, cursor=False, watched=True)
    assert fmt.cell_width(titles) <= max(width, 60)
    assert strip.cell_length <= max(width, 60)
    at = titles.index("ΔUss") + len("ΔUss")
    assert strip.text[at - len("+160 K") : at] == "+160 K"
    assert strip.text.startswith("●│ └─")


def test_who_did_it_is_left_out_before_anything_is_cut() -> None:
    texts = {
        width: draw_member(
            MEMBER, fit_member_columns(width, 30), 40_000, STYLE, cursor=False, watched=False
        ).text.rstrip()
        for width in (118, 240)
    }
    assert texts[118].endswith("80 p CoW after fork? · now")
    assert texts[240].endswith("80 p CoW after fork? by refresh_prices · now")


def test_an_age_is_left_out_before_it_is_cut() -> None:
    older = replace(MEMBER, verdict="4,180 p CoW after fork? by f · 3 s", brief="4,180 p CoW after fork? · 3 s")
    columns = replace(fit_member_columns(118, 30), verdict=len(older.brief) - 3)
    line = draw_member(older, columns, 40_000, STYLE, cursor=False, watched=False).text
    assert line.rstrip().endswith("4,180 p CoW after fork?")


def test_the_bar_says_whose_the_memory_is() -> None:
    columns = fit_member_columns(200, 30)
    text = draw_member(replace(MEMBER, shares=(10, 20, 10)), columns, 40, STYLE, cursor=False, watched=False).text
    assert (text.count("▒"), text.count("█") - MEMBER.history.count("█"), text.count("░")) == (12, 6, 6)
