"""The man page: as the parsers are now, and without a complaint of those who read it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import smapstop
from smapstop.cli.commands import VERBS
from smapstop.cli.manpage import format_man_page

FILE = Path(smapstop.__file__).with_name("smapstop.1")


def test_the_man_page_says_what_the_parsers_take() -> None:
    text = FILE.read_text()
    made = re.match(r"\.TH SMAPSTOP 1 (\d{4}-\d\d-\d\d) ", text)
    assert made is not None
    assert text == format_man_page(made[1]), "remake it: make man"


def test_it_has_every_verb_and_examples_that_can_be_copied() -> None:
    text = format_man_page("2026-11-28")
    assert all(f".SH SMAPSTOP {verb.upper()}\n" in text for verb in VERBS)
    assert r"\fBsmapstop \-p redis\-server \-\-filter \(aqkind:heap rss>1M\(aq\fR" in text
    assert text.isascii()


@pytest.mark.parametrize("reader", ["mandoc -Tlint", "groff -man -ww -Tutf8", "man --warnings=all -l"])
def test_who_reads_it_has_nothing_to_complain_of(reader: str) -> None:
    if shutil.which(reader.split()[0]) is None:
        pytest.skip(f"{reader.split()[0]} is not installed")
    run = subprocess.run([*reader.split(), FILE], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    assert "lint" not in reader or run.stdout == ""
