"""What is printed as a table fits, and stands in columns."""

from smapstop.report.text_table import format_table
from smapstop.text.table_columns import Column

COLUMNS = (
    Column("name", "Mapping", "name", 8, 0, ""),
    Column("rss", "Rss", "amount", 6, 1, ""),
    Column("perms", "Perm", "text", 4, 2, ""),
)
ROWS = [{"name": "/lib/libfoo.so", "rss": "4 K", "perms": "r--p"}, {"name": "長い", "rss": "1000 K"}]


def test_names_are_shortened_from_the_left_to_what_the_width_leaves() -> None:
    assert format_table(COLUMNS, ROWS, 22) == [
        "Mapping       Rss Perm",
        "…libfoo.so    4 K r--p",
        "長い       1000 K",
    ]


def test_names_take_no_more_room_than_they_need_and_the_least_important_column_is_left_out() -> None:
    assert format_table(COLUMNS, ROWS, 80)[1] == "/lib/libfoo.so    4 K r--p"
    assert format_table(COLUMNS, ROWS, 16)[0] == "Mapping      Rss"
    assert format_table(COLUMNS, ROWS[1:], 80) == ["Mapping    Rss Perm", "長い    1000 K"]
