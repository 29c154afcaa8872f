"""`smapstop guide` in a pipe, and what it says about chapters that do not exist."""

import subprocess

import pytest
from command_line import smapstop

from smapstop.guide import CONTENTS, chapters, read_chapter


def guide(*words: str) -> subprocess.CompletedProcess[str]:
    return smapstop("guide", *words)


def test_without_a_chapter_it_prints_the_contents() -> None:
    run = guide()
    assert (run.returncode, run.stdout, run.stderr) == (0, read_chapter(CONTENTS), "")
    assert all(f"[{name}]" in run.stdout for name in chapters())


def test_a_chapter_is_printed_as_it_is() -> None:
    run = guide("recipes")
    assert (run.returncode, run.stdout, run.stderr) == (0, read_chapter("recipes"), "")
    assert run.stdout.startswith("# Recipes\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["recipe"], "no chapter 'recipe': did you mean recipes?"),
        (["Keys.md"], "no chapter 'Keys.md': did you mean keys?"),
        (["../guide/keys"], "no chapter '../guide/keys': the chapters are contents, dashboard, keys, mechanisms,"),
        (["a\x1b[31m"], r"no chapter 'a\x1b[31m': the chapters are contents,"),
        (["keys", "pages"], "unexpected 'pages': give one chapter: smapstop guide CHAPTER"),
        (["keys", "--", "true"], "unexpected '--': give one chapter: smapstop guide CHAPTER"),
        (["--pager"], "unknown option --pager: see smapstop guide --help"),
    ],
)
def test_what_is_not_there_is_one_line_with_what_to_do(words: list[str], error: str) -> None:
    run = guide(*words)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"smapstop: {error}")
    assert run.stderr.count("\n") == 1
