"""Which mappings an address, a name, or a part of a name means."""

import pytest
from factories import mappings_of

from smapstop.errors import SmapstopError
from smapstop.model.lookup import find_mappings, full_name

ROWS = [
    (1, 2, "r--p", "/usr/bin/redis-server"),
    (2, 5, "r-xp", "/usr/bin/redis-server"),
    (5, 7, "rw-p", "/usr/bin/redis-server"),
    (7, 8, "rw-p", "[heap]"),
    (0x10, 0x20),
    (0x20, 0x30, "rw-p", "[anon:arena]"),
    (0x30, 0x40),
    (0x40, 0x50, "rw-p", "/tmp/made (deleted)"),
    (0x50, 0x60, "r--p", "/lib/badcafe"),
    (0x7F0000000, 0x7F0000001, "rw-p", "[stack]"),
]
"""In pages of 4 KiB."""
LISTED = "0x1000 redis-server .rodata, 0x2000 redis-server .text, 0x5000 redis-server .data"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("0x2000", [1]),
        ("0x4fff", [1]),
        ("0X4FFF", [1]),
        ("7f0000000000", [9]),
        ("7f0000000000-7f0000001000", [9]),
        ("0x7f0000000fff", [9]),
        ("[heap]", [3]),
        ("heap", [3]),
        ("redis-server", [0, 1, 2]),
        ("/usr/bin/redis-server", [0, 1, 2]),
        ("redis-server .data", [2]),
        ("/usr/bin/redis-server .text", [1]),
        ("server .da", [2]),
        ("anonymous", [4, 6]),
        ("arena", [5]),
        ("made", [7]),
        ("/tmp/made", [7]),
        ("/tmp/made (deleted)", [7]),
        ("badcafe", [8]),
    ],
)
def test_what_the_argument_selects(text: str, rows: list[int]) -> None:
    assert find_mappings(mappings_of(*ROWS), text) == rows


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("0x9000", "no mapping at 0x9000", "smapstop snapshot"),
        ("0x0", "no mapping at 0x0", "smapstop snapshot"),
        ("[haep]", "no mapping is called '[haep]'", "did you mean [heap]"),
        ("", "no mapping is called ''", "smapstop snapshot"),
        ("zzz", "no mapping is called 'zzz'", "smapstop snapshot"),
        ("redis", f"3 mappings have 'redis' in their name ({LISTED})", "give one of the addresses"),
    ],
)
def test_what_the_argument_does_not_select(text: str, what: str, remedy: str) -> None:
    with pytest.raises(SmapstopError) as caught:
        find_mappings(mappings_of(*ROWS), text)
    assert caught.value.what == what
    assert remedy in caught.value.remedy


def test_many_candidates_are_not_all_listed() -> None:
    rows = [(page, page + 1, "r--p", f"/lib/{page}.so") for page in range(1, 12)]
    with pytest.raises(SmapstopError, match=r"11 mappings have '\.so' .*, and 3 more\)"):
        find_mappings(mappings_of(*rows), ".so")


def test_names_in_full() -> None:
    mappings = mappings_of(*ROWS)
    assert [full_name(mappings, row) for row in (2, 3, 4)] == ["/usr/bin/redis-server .data", "[heap]", "anonymous"]
