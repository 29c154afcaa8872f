import pytest

from smapstop.text.table_columns import ALL_COLUMNS
from smapstop.ui.help.terms import table_help, term_help

LINE = "F libc.so.6 .text    r-xp 2.23 M       · 572 p first touch · CoW after fork?"


def at(word: str, line: str = LINE) -> str:
    return term_help(line, line.index(word) + 1)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("r-xp", "r-xp: read, execute, private (CoW)"),
        ("first touch", "first touch: Pages became resident on first touch."),
        ("CoW after fork", "CoW after fork: Pages were shared with another process since a fork"),
    ],
)
def test_a_term_is_explained_where_the_pointer_is_on_it(word: str, expected: str) -> None:
    assert at(word).startswith(expected)


@pytest.mark.parametrize("word", ["libc", "2.23", "572"])
def test_what_is_no_term_is_not_explained(word: str) -> None:
    assert at(word) == ""


def test_growth_elsewhere_is_explained_in_the_totals() -> None:
    assert at("elsewhere", " mappings 30026  V special 4 K   elsewhere ~16 M").startswith(
        "elsewhere: Growth of the process"
    )


def test_a_part_of_a_word_is_no_term_and_neither_is_the_space_after_the_line() -> None:
    assert term_help("Private_Dirty_Pages", 3) == ""
    assert term_help("Rss", 30) == ""


FLAGS = " rd readable   dc not copied to the child on fork   xy"


@pytest.mark.parametrize(
    ("line", "word", "expected"),
    [
        (FLAGS, "rd", "rd: VM_READ: readable. Set by mmap, mprotect."),
        (
            FLAGS,
            "dc",
            "dc: VM_DONTCOPY: not copied to the child on fork. Set by madvise(MADV_DONTFORK), and some drivers.",
        ),
        ("VmFlags +lo −wr · 3 s", "−wr", "wr: VM_WRITE: writable. Set by mmap, mprotect."),
        (FLAGS, "xy", ""),
        ("F io dd rd", "rd", ""),
    ],
)
def test_a_flag_is_explained_where_it_stands_among_flags(line: str, word: str, expected: str) -> None:
    assert at(word, line) == expected


def test_cells_are_counted_where_characters_are_two_wide() -> None:
    line = "日本 Private_Dirty"
    assert term_help(line, 5).startswith("Private_Dirty: ")
    assert term_help(line, 4) == ""


def test_of_the_table_titles_verdicts_and_permissions_are_explained() -> None:
    rss, perms, verdict = (ALL_COLUMNS[key] for key in ("rss", "perms", "happened"))
    assert table_help(rss, 0, "", 3) == f"Rss: {rss.help} Drag its right edge for its width."
    assert table_help(rss, 1, "Rss", 1) == ""
    assert table_help(perms, 1, "rw-s", 1) == "rw-s: read, write, shared"
    assert table_help(verdict, 1, "5 p first touch", 6).startswith("first touch: ")
    assert table_help(None, 0, "", 3) == ""
