"""The table of commands: names, and how lines are found and completed."""

import pytest
from documents import GUIDE

from smapstop.errors import SmapstopError
from smapstop.ui.commands.table import COMMAND, COMMANDS, find_command


def test_names_are_one_word_and_unique_and_every_command_is_explained() -> None:
    assert len(COMMAND) == len(COMMANDS)
    assert [each.name for each in COMMANDS if not each.name.isalpha() or not each.help.endswith(".")] == []


def test_a_command_is_found_by_its_name_or_the_unique_beginning_of_it() -> None:
    assert find_command("sort").name == "sort"
    assert find_command("gro").name == "group"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "no command ''"),
        ("srot", "no command 'srot': did you mean sort?"),
        ("Sort", "no command 'Sort'"),
        ("foo", "no command 'foo': :help"),
    ],
)
def test_an_unknown_name_is_refused_with_suggestions(name: str, why: str) -> None:
    with pytest.raises(SmapstopError) as refused:
        find_command(name)
    assert str(refused.value).startswith(why)


def test_the_guide_lists_every_command_as_the_table_has_it() -> None:
    rows = [f"| `{each.synopsis.replace('|', chr(92) + '|')}` | {each.help} |" for each in COMMANDS]
    text = GUIDE.joinpath("keys.md").read_text().partition("## Commands\n")[2].partition("\n## ")[0]
    assert [line for line in text.splitlines() if line.startswith("| `")] == rows
