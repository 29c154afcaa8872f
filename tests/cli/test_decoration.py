"""Which programs are asked to name their functions."""

import os
from pathlib import Path

import pytest

from smapstop.cli.decoration import can_name_functions, decorations


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with programs of some names, as they are in many systems."""
    for name in ("python3.11", "python3.12", "python3.13t", "python-3.12-tool"):
        (tmp_path / name).write_bytes(b"\x7fELF")
    for name, to in (("python3", "python3.12"), ("python", "python3"), ("old", "python3.11")):
        (tmp_path / name).symlink_to(to)
    scripts = {"script": f"#!{tmp_path}/python3 -u", "tool": "#!/usr/bin/env -S A=1 python3.13t", "sh": "#!/bin/sh"}
    for name, line in scripts.items():
        (tmp_path / name).write_text(f"{line}\nimport os\n")
    (tmp_path / "circle").write_text(f"#!{tmp_path}/circle\n")
    for path in tmp_path.iterdir():
        path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("program", "can"),
    [
        *[(name, True) for name in ("python3.12", "python3.13t", "python3", "python", "script", "tool")],
        *[(name, False) for name in ("python3.11", "old", "sh", "circle", "python-3.12-tool", "none")],
    ],
)
def test_python_3_12_is_recognised_by_its_name_or_that_of_its_script(place: Path, program: str, can: bool) -> None:
    path = f"{place}:/usr/bin:/bin"
    assert can_name_functions(str(place / program), path) == can
    assert can_name_functions(program, path) == can or program == "sh"
    assert ("PYTHONPERFSUPPORT" in decorations((str(place / program),), os.environ | {"PATH": path})) == can
