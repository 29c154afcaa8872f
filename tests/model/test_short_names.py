"""Short names of mappings."""

import pytest

from smapstop.model.short_names import base_name, without_path


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/tmp/hsperfdata_me/4711", "hsperfdata_me/4711"),
        ("/tmp/hsperfdata_me/4711 (deleted)", "hsperfdata_me/4711 (deleted)"),
        ("/4711", "4711"),
        ("/tmp/4711.map", "4711.map"),
        ("/lib/libc.so.6", "libc.so.6"),
        ("[heap]", "[heap]"),
        ("", ""),
    ],
)
def test_a_file_named_by_a_number_keeps_its_directory(name: str, shown: str) -> None:
    assert without_path(name) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/tmp/hsperfdata_me/4711 (deleted)", "hsperfdata_me/4711"),
        ("/lib/libc.so.6 (deleted)", "libc.so.6"),
        ("/dev/zero (deleted)", "shared anonymous"),
        ("[heap]", "[heap]"),
    ],
)
def test_a_base_name_does_not_say_that_the_file_was_removed(name: str, shown: str) -> None:
    assert base_name(name) == shown
