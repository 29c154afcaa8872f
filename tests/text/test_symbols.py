"""Long names of symbols, made short."""

import pytest

from smapstop.text.symbols import MAX_LENGTH, join_symbols, shorten_symbol


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("page1", "page1"),
        ("std::vector<int, std::allocator<int>>::size()", "std::vector<int, std::allocator<int>>::size()"),
        (
            "std::vector<std::pair<int, int>, std::allocator<std::pair<int, int>>>::find(std::pair<int, int>)",
            "std::vector<…>::find(…)",
        ),
        ("std::set<std::pair<int, int>, std::less<std::pair<int, int>>>", "std::set<std::pair<…>, std::less<…>>"),
        (
            "std::basic_ostream<char, std::char_traits<char>>& std::operator<< <std::char_traits<char>>(char const*)",
            "std::basic_ostream<…>& std::operator<< <…>(…)",
        ),
        (
            "(anonymous namespace)::Parser::parse(std::string const&, std::string const&)",
            "(anonymous namespace)::Parser::parse(…)",
        ),
        (
            "<alloc::collections::btree::map::BTreeMap<alloc::string::String, u32> as core::fmt::Debug>::fmt",
            "<alloc::collections::btree::map::BTreeMap<…> as core::fmt::Debug>::fmt",
        ),
        (
            "a_name_of_c_that_has_no_brackets_at_all_and_is_long",
            "a_name_of_c_that_has_no_brackets_at_all_and_is_long",
        ),
        ("<" * 500 + ">" * 500, "<<<<<<<<…>>>>>>>>"),
        (")" * 30 + ">" * 30, ")" * 30 + ">" * 30),
    ],
)
def test_long_name_gives_up_what_is_in_its_brackets_from_the_inside_out(name: str, short: str) -> None:
    assert shorten_symbol(name) == short


def test_names_in_one_line_are_safe_to_draw() -> None:
    assert join_symbols(["page1", "a\x1b[31mb", "x" * (MAX_LENGTH + 1)]) == "page1, a\\x1b[31mb, " + "x" * (
        MAX_LENGTH + 1
    )
