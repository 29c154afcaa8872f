"""The chapters of the guide: all are listed, in the README too, and each can be loaded."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from documents import GUIDE, blocks
from places import ROOT

from smapstop.guide import CONTENTS, chapter_of, chapters, file_of, read_chapter, strip_pictures
from smapstop.ui.keys.keymap import key_name
from smapstop.ui.keys.table import KEYS


def test_the_contents_list_every_chapter_that_there_is() -> None:
    assert sorted(map(file_of, (CONTENTS, *chapters()))) == sorted(path.name for path in GUIDE.glob("*.md"))


def test_the_readme_lists_the_same_chapters_in_the_same_order() -> None:
    table = (ROOT / "README.md").read_text().partition("## The guide\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| \[([\w-]+)\]\(smapstop/guide/\1\.md\) \| (.+) \|$", table, re.MULTILINE)
    assert listed == list(chapters().items())


@pytest.mark.parametrize("name", [CONTENTS, *chapters()])
def test_a_chapter_has_one_title_and_is_found_by_its_file(name: str) -> None:
    text = re.sub(r"^```.*?^```$", "", read_chapter(name), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^# .+$", text, re.MULTILINE) == [text.splitlines()[0]]
    assert chapter_of(file_of(name)) == name


def test_other_files_are_no_chapters() -> None:
    assert [chapter_of(file) for file in ("../../README.md", "none.md", "keys", "")] == [None] * 4


def test_pictures_are_left_out_and_nothing_else() -> None:
    text = "# Title\n\n![A picture](a.png)\n\nWords [to](keys.md) follow.\n"
    assert strip_pictures(text) == "# Title\n\nWords [to](keys.md) follow.\n"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (prometheus) is not installed")
@pytest.mark.parametrize(("what", "begins"), [("config", "scrape_configs:"), ("rules", "groups:")])
def test_prometheus_accepts_what_the_chapter_on_fleets_shows(what: str, begins: str, tmp_path: Path) -> None:
    (text,) = (block for block in blocks(GUIDE / "fleet.md", "yaml") if block.startswith(begins))
    (tmp_path / "file.yml").write_text(text)
    run = subprocess.run(
        ["promtool", "check", what, tmp_path / "file.yml"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (prometheus) is not installed")
def test_prometheus_understands_the_queries_of_the_guide(tmp_path: Path) -> None:
    queries = [line for path in GUIDE.glob("*.md") for block in blocks(path, "promql") for line in block.splitlines()]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "guide", "rules": rules}]}))  # JSON is YAML
    words = ["promtool", "check", "rules", str(tmp_path / "rules.yml")]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"SUCCESS: {len(queries)} rules found" in run.stdout
    assert len(queries) >= 3


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit_of_the_chapter_on_fleets(tmp_path: Path) -> None:
    (text,) = blocks(GUIDE / "fleet.md", "ini")
    (tmp_path / "smapstop.service").write_text(text.replace("/opt/smapstop/bin/smapstop", "/bin/true"))
    words = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "smapstop.service")]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_every_key_has_a_place_in_the_guide() -> None:
    text = read_chapter("keys")
    named = {word for code in re.findall(r"`([^`]+)`", text) for word in code.split()} | set(re.findall(r"\S+", text))
    for first, last in re.findall(r"`(\d)` to `(\d)`", text):
        named |= {str(number) for number in range(int(first), int(last) + 1)}
    assert [key.name for key in KEYS if not named & {key_name(each) for each in key.keys}] == []
