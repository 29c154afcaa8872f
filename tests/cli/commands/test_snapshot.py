"""`smapstop snapshot --label`: what memory without a name is for, of a real program with threads."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stepped_program import SteppedProgram

WIDE = os.environ | {"COLUMNS": "200"}
SMAPSTOP = (sys.executable, "-m", "smapstop")


def smapstop(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run smapstop in pipes; tables are wide."""
    command = [*SMAPSTOP, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=WIDE)


def test_labels_are_told_in_every_format_guesses_as_guesses(program: Callable[[str], Path], tmp_path: Path) -> None:
    with SteppedProgram(program("threads")) as target:
        snapshot = smapstop("snapshot", "-p", target.pid, "--label", "--sort", "size")
        table = smapstop("snapshot", "-p", target.pid, "--label", "--format", "table").stdout
        csv = smapstop("snapshot", "-p", target.pid, "--label", "--format", "csv").stdout
        plain = json.loads(smapstop("snapshot", "-p", target.pid).stdout)
        mappings = json.loads(snapshot.stdout)["mappings"]
        stack = next(mapping for mapping in mappings if "worker one" in str(mapping["label"]))
        pages = json.loads(smapstop("pages", "-p", target.pid, stack["start"]).stdout)
        header = smapstop("pages", "-p", target.pid, stack["start"], "--format", "table").stdout
    assert stack["guess"] is False
    assert stack["size"] == 8192
    arenas = {(mapping["guess"], mapping["perms"]) for mapping in mappings if "malloc" in str(mapping["label"])}
    assert arenas == {(True, "rw-p"), (True, "---p")}
    assert {mapping["guess"] for mapping in mappings if mapping["label"] is None} == {None}
    assert stack["label"] in table
    assert "malloc arena?" in table
    assert f",{stack['label']},false," in csv
    assert "label" not in plain["mappings"][0]
    assert (pages["mapping"]["label"], pages["mapping"]["guess"]) == (stack["label"], False)
    assert stack["label"] in header.splitlines()
    (tmp_path / "labelled.json").write_text(snapshot.stdout)
    same = smapstop("diff", tmp_path / "labelled.json", tmp_path / "labelled.json")
    assert same.returncode == 0, same.stderr


@pytest.mark.parametrize("arguments", [("--rollup", "-p", "1"), ("--group-by", "name", "-p", "1"), ("--from", "x")])
def test_labels_are_for_single_mappings_of_a_running_process(arguments: tuple[str, ...]) -> None:
    run = smapstop("snapshot", "--label", *arguments)
    assert run.returncode == 2
    assert "--label needs the mappings of a process" in run.stderr
