"""`smapstop snapshot --label`: what memory without a name is for, of a real program with threads."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import smapstop
from places import own_name
from stepped_program import SteppedProgram


@pytest.fixture(autouse=True)
def _wide_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_labels_are_reported_in_every_format_guesses_as_guesses(
    program: Callable[[str], Path], tmp_path: Path
) -> None:
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
    assert arenas == {(False, "rw-p"), (False, "---p")}
    assert {mapping["guess"] for mapping in mappings if mapping["label"] is None} == {None}
    assert stack["label"] in table
    assert "malloc arena" in table
    assert "malloc arena?" not in table
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


def test_a_family_is_found_by_its_name_and_printed(program: Callable[[str], Path], tmp_path: Path) -> None:
    named = tmp_path / own_name("ls")
    named.write_bytes(program("two_children").read_bytes())
    named.chmod(0o755)
    with SteppedProgram(named) as parent:
        parent.go()
        run = smapstop("snapshot", "-p", named.name, "--family", "--format", "table")
        assert run.stdout.count(named.name) == 3, run.stderr
        with SteppedProgram(named):
            ambiguous = smapstop("snapshot", "-p", named.name, "--family")
    assert ambiguous.returncode == 2
    assert f"2 families are named '{named.name}'" in ambiguous.stderr


@pytest.mark.parametrize("arguments", [("--from", "x"), ("-p", "1", "--sort", "pss"), ("-p", "1", "--rollup")])
def test_a_family_is_of_a_process_and_has_its_own_order(arguments: tuple[str, ...]) -> None:
    run = smapstop("snapshot", "--family", *arguments)
    assert run.returncode == 2
    assert "--family" in run.stderr


LINE = "1000-2000 rw-p 00000000 00:00 0 [heap]\nSize: 4 kB\nRss: {} kB\nVmFlags: rd\n"


def test_a_reading_of_several_is_chosen_and_what_is_missing_is_reported(tmp_path: Path) -> None:
    (tmp_path / "saved").write_text(LINE.format(4) + "Sun Nov 29 20:54:36 UTC 2026\n" + LINE.format(8) + "2000-30")
    refused = smapstop("snapshot", "--from", tmp_path / "saved")
    assert (refused.stdout, refused.returncode) == ("", 2)
    assert refused.stderr.startswith("smapstop: line 6: another reading begins here; there are 2: choose one with ")
    second = smapstop("snapshot", "--from", tmp_path / "saved", "--reading", 2)
    assert json.loads(second.stdout)["rollup"]["rss"] == 8
    assert second.stderr == "smapstop: line 10: the text ends inside a header; mappings are missing\n"
    for number, told in (
        ("0", "--reading 0: give the number"),
        ("3", "--reading 3: it has 2 readings, in lines 1, 6"),
    ):
        assert told in smapstop("snapshot", "--from", tmp_path / "saved", "--reading", number).stderr
    assert "--reading is for a saved text" in smapstop("snapshot", "-p", os.getpid(), "--reading", 1).stderr


def test_the_json_of_a_snapshot_is_read_again() -> None:
    json_text = smapstop("snapshot", "-p", os.getpid(), "--label").stdout
    again = smapstop("snapshot", "--from", "-", stdin=json_text)
    assert (again.stdout, again.returncode) == (json_text, 0)
    totals = smapstop("snapshot", "-p", os.getpid(), "--rollup").stdout
    assert smapstop("snapshot", "--from", "-", stdin=totals).stdout == totals


def test_totals_have_no_groups_and_no_order() -> None:
    rollup = Path("/proc/self/smaps_rollup").read_text()
    for option in (["--group-by", "name"], ["--sort", "rss"]):
        run = smapstop("snapshot", "--from", "-", *option, stdin=rollup)
        assert run.stderr.startswith(f"smapstop: only totals (smaps_rollup): nothing for {option[0]}")
        assert run.returncode == 2
