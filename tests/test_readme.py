"""The documents are true: links lead somewhere, examples print what is shown, named tests exist."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from documents import DOCUMENTS, GUIDE, anchors, blocks, examples, links
from places import DATA, ROOT, TESTS

from smapstop.cli.commands import VERBS

README = ROOT / "README.md"
PICTURES = list((ROOT / "screenshots").glob("*.png"))
"""Those of the documents; the sdist has none."""
CONSOLE = [
    pytest.param(block, id=f"{document.relative_to(ROOT)}-{number}")
    for document in DOCUMENTS
    for number, block in enumerate(blocks(document, "console"), 1)
]


def is_there(file: Path, test: str) -> bool:
    """Whether a file has a test."""
    return file.exists() and f"def {test}(" in file.read_text()


def test_every_test_that_the_list_names_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (TESTS / "README.md").read_text())
    assert len(named) > 40
    missing = [(file, test) for file, test in named if not is_there(TESTS / file, test)]
    assert missing == []


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len(README.read_text().splitlines()) <= 250


def test_the_readme_has_every_verb_with_an_example() -> None:
    for verb in VERBS:
        assert re.search(rf"^\| \[?{verb}\b.*`smapstop {verb}\b", README.read_text(), re.MULTILINE), verb


def test_the_readme_has_one_picture() -> None:
    assert len(re.findall(r"!\[", README.read_text())) == 1


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for link in links(document):
        if link.startswith("https://") or (link.endswith(".png") and not PICTURES):
            continue
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("chapter", sorted(GUIDE.glob("*.md")), ids=lambda path: path.name)
def test_chapters_link_to_chapters_pictures_and_the_web_only(chapter: Path) -> None:
    """Nothing else of the repository is installed."""
    shown = (GUIDE, ROOT / "screenshots")
    for link in links(chapter):
        if not link.startswith("https://"):
            assert (chapter.parent / link.partition("#")[0]).resolve().parent in shown, link


@pytest.mark.parametrize("block", CONSOLE)
def test_every_example_prints_what_stands_under_it(block: str, tmp_path: Path) -> None:
    shutil.copy(DATA / "recordings/format-1.smaps", tmp_path / "seed.smaps")
    shutil.copy(DATA / "recordings/server.smaps", tmp_path / "server.smaps")
    shutil.copy(DATA / "recordings/family.smaps", tmp_path)
    shutil.copy(DATA / "smaps/linux-6.18.txt", tmp_path / "saved-smaps.txt")
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for example in examples(block):
        tools = {"jq", "sqlite3", "smapstop"} & set(re.findall(r"\w+", example.command))
        missing = [tool for tool in tools if shutil.which(tool, path=scripts) is None]
        if missing:
            pytest.skip(f"{missing[0]} is not installed")
        run = subprocess.run(
            ["bash", "-c", example.command],
            cwd=tmp_path,
            env={**os.environ, "PATH": scripts, "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        assert run.returncode == 0, run.stdout
        assert example.has_output(run.stdout), f"$ {example.command}\n{run.stdout}"


def test_there_are_examples_of_every_verb_that_needs_no_process() -> None:
    shown = "".join("".join(block.values) for block in CONSOLE)  # type: ignore[arg-type]
    assert set(re.findall(r"smapstop (\w+)", shown)) >= {"snapshot", "export", "diff"}


def test_the_readme_lists_the_packages_that_the_project_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [re.match(r"[\w-]+", dependency)[0] for dependency in project["dependencies"]]  # type: ignore[index]
    table = README.read_text().partition("## Dependencies\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| ([a-z][\w-]+) \| (?!purpose)", table, re.MULTILINE)
    assert set(needed) <= set(listed)


def test_every_file_that_the_guide_sends_newcomers_to_is_there() -> None:
    """Paths are those of the package or of the repository; in a row about a package, those in it."""
    named = list[tuple[Path, ...]]()
    for line in (GUIDE / "internals.md").read_text().splitlines():
        package = re.match(r"\| `(\w+/)` \|", line)
        bases = (GUIDE.parent, ROOT, *([GUIDE.parent / package[1]] if package else []))
        paths = [path for path in re.findall(r"`(\w[\w./]+)`", line) if re.search(r"/|\.py$", path)]
        named += [tuple(base / path for base in bases) for path in paths]
    assert len(named) > 60
    assert [places[0] for places in named if not any(place.exists() for place in places)] == []
