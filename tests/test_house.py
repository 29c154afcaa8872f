"""Rules of the house that a machine can check: names, tests that mirror modules, small files."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT, TESTS
from slow import SLOW

PACKAGE = ROOT / "smapstop"
WHOLE_PROGRAM = {
    "test_fuzz",
    "test_guide",
    "test_house",
    "test_leftovers",
    "test_readme",
    "test_settling",
    "test_time_limit",
    "test_truth",
}
"""Tests of the repository as a whole, which mirror no module."""
MOST_LINES = 325
EMPTY_WORDS = frozenset(
    ("tell", "tells", "told", "hear", "hears", "heard", "anew", "beside", "stirs", "stirred", "meant", "sought")
)
"""Words that say nothing about what a function, a class or a module is or does."""


def modules() -> Iterator[Path]:
    return PACKAGE.rglob("*.py")


def test_no_class_name_stands_twice_in_the_package() -> None:
    names = Counter(
        node.name for path in modules() for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} == set()


def test_no_name_of_a_module_class_or_function_has_an_empty_word() -> None:
    defined = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    names = {path.stem for path in modules()}
    names |= {
        node.name for path in modules() for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, defined)
    }
    words = {name: set(re.findall(r"[a-z]+|[A-Z][a-z]*", name)) for name in names}
    assert {name for name, each in words.items() if EMPTY_WORDS & {word.lower() for word in each}} == set()


def test_every_dataclass_is_created_fast() -> None:
    """With the standard decorator, 200 classes take half of the time of our imports."""
    standard = re.compile(r"from dataclasses import .*\bdataclass\b|@dataclasses\.dataclass\b")
    slow = {str(path.relative_to(PACKAGE)) for path in modules() if standard.search(path.read_text())}
    assert slow == {"lazy_dataclass.py"}


@pytest.mark.parametrize("path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_a_test_file_mirrors_a_module(path: Path) -> None:
    """`tests/proc/smaps/test_parser_properties.py` is about `smapstop/proc/smaps/parser.py`."""
    folder = path.parent.relative_to(TESTS)
    if folder.parts[:1] == ("e2e",) or (not folder.parts and path.stem in WHOLE_PROGRAM):
        return
    names = [module.stem for module in (PACKAGE / folder).glob("*.py")]
    tested = path.stem.removeprefix("test_")
    assert any(tested == name or tested.startswith(f"{name}_") for name in names), names


def test_what_make_quick_leaves_out_is_there() -> None:
    assert [name for name in SLOW if not (TESTS / name).exists()] == []


def test_no_module_is_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_module_and_every_folder_has_a_docstring() -> None:
    silent = [path for path in modules() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert [str(path.relative_to(ROOT)) for path in silent] == []
