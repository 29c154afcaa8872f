"""Filters and searches as they are typed: rows, or one line about what is wrong; each completion is longer."""

from collections.abc import Iterator

from factories import mappings_of, tick_of, timeline_of

from smapstop.cli.output import sanitize_line
from smapstop.errors import SmapstopError
from smapstop.model.timeline.map_diff import diff_maps
from smapstop.model.view.filter import complete_filter, name_words, parse_filter
from smapstop.model.view.table_data import build_table

ROWS = mappings_of(
    (0x10, 0x20, "rw-p", "[heap]", 100),
    (0x30, 0x33, "r-xp", "/lib/libC.so", 30),
    (0x50, 0x90, "rw-s", "/memfd:ring (deleted)", 2048),
    (0x7FFF0, 0x7FFF4, "rw-p", "[stack]", 16),
    (0x80000, 0x80004, "rw-p", "", 16),
)
_timeline = timeline_of(*(tick_of(number, ROWS, list(range(5)), keyframe=True) for number in range(2)))
_changes = diff_maps(_timeline.at(0), _timeline.at(1))
TABLE = build_table(_changes, _changes, "rss")


def check(data: bytes) -> None:
    """Filter a small table; what is negated passes the other rows."""
    expression = data.decode("utf-8", "surrogateescape")
    for completion in complete_filter(expression, TABLE.fields)[:3]:
        assert len(completion) > len(expression) or completion.lower() != expression.lower()
    name_words(expression)
    try:
        passed = parse_filter(expression)(TABLE)
        assert passed.dtype == bool
        assert len(passed) == len(TABLE)
        words = expression.split()
        if len(words) == 1 and not words[0].startswith("!"):
            assert (parse_filter(f"!{words[0]}")(TABLE) == ~passed).all()
        again = parse_filter(f"{expression} {expression}")(TABLE)
        assert (again == passed).all()
    except SmapstopError as error:
        assert error.what
        assert sanitize_line(str(error)).isprintable()


def seeds() -> Iterator[bytes]:
    """Filters that are right, and some that are wrong."""
    yield from (
        b"libc !/usr kind:heap",
        b"rss>10M",
        b"perm:w delta!=0",
        b"purpose:stacks",
        b"0x30",
        b"!0x30 rss>=1.5GiB",
    )
    yield from (
        b"rss<",
        b"kind:",
        b"!",
        b"!!x",
        b"purpose:mapped-files",
        b"swap=-5",
        b"RSS>1T",
        b"kind:HEAP !kind:file",
    )
    yield from (
        b"rss>9e9",
        b"0xffffffffffffffff",
        b"\xff\xfe",
        b"rss>%d" % 10**30,
        b"delta<=0.5k perm:rwx name:x",
        b"",
    )
