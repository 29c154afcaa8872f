"""`smapstop completion`: what real shells offer with it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import smapstop
from places import own_name
from stepped_program import wait_for_exec

from smapstop.cli.commands import VERBS, load_command

OFFER = """
COMP_WORDS=("$@") COMP_CWORD=$(( $# - 1 ))
_smapstop smapstop "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""What bash does at a tab."""


def script(shell: str) -> str:
    return smapstop("completion", shell).stdout


def has(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture(scope="module")
def bash() -> str:
    return script("bash") + OFFER


@pytest.fixture
def sleeper(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    """The pid of a process whose name ends as the test says."""
    program = shutil.copy(shutil.which("sleep") or "/bin/sleep", tmp_path / own_name(request.param))
    with subprocess.Popen([program, "1000"], cwd=tmp_path) as process:
        wait_for_exec(process.pid)
        yield process.pid
        process.kill()


def offered(bash: str, *words: str, there: Path | None = None) -> list[str]:
    """What bash offers for the last of the words after smapstop."""
    command = ["bash", "--norc", "-uc", bash, "bash", "smapstop", *words]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=there)
    assert run.stderr == ""
    return run.stdout.split("\n")[:-1]


def test_bash_offers_the_verbs(bash: str) -> None:
    assert offered(bash, "") == list(VERBS)
    assert offered(bash, "sn") == ["snapshot"]


@pytest.mark.parametrize("verb", ["dashboard", *VERBS])
def test_bash_offers_the_options_of_each_verb_and_no_others(bash: str, verb: str) -> None:
    words = [] if verb == "dashboard" else [verb]
    help_text = load_command(verb).build_parser().format_help()
    options = offered(bash, *words, "--")
    assert "--help" in options
    assert [option for option in options if f"{option} " not in help_text] == []
    groups = help_text[: help_text.rindex("examples:")].split("\n")
    listed = [line.partition("--")[2].split()[0] for line in groups if line.startswith("  -")]
    assert options == [f"--{name}" for name in listed]


def test_bash_offers_choices(bash: str) -> None:
    assert offered(bash, "snapshot", "--format", "") == ["table", "json", "csv"]
    assert offered(bash, "diff", "a", "b", "--format", "m") == ["markdown"]
    assert offered(bash, "completion", "") == ["bash", "zsh", "fish"]
    assert offered(bash, "guide", "rec") == ["recipes", "recordings"]


@pytest.mark.parametrize("sleeper", ["tab"], indirect=True)
def test_bash_offers_processes_by_name_and_by_pid(bash: str, sleeper: int) -> None:
    name = Path(f"/proc/{sleeper}/comm").read_text().strip()
    assert offered(bash, "-p", name[:-1]) == [name]
    assert str(sleeper) in offered(bash, "snapshot", "--pid", "")


@pytest.mark.parametrize("sleeper", ["$(touch>zq)"], indirect=True)
def test_a_process_cannot_have_its_name_run_by_who_completes_it(bash: str, sleeper: int, tmp_path: Path) -> None:
    assert str(sleeper) in offered(bash, "-p", "", there=tmp_path)
    assert not (tmp_path / "zq").exists()


@pytest.mark.parametrize(
    "words", ["replay", "diff", "diff a", "diff a --by name", "export", "-o", "snapshot --from", "--watch"]
)
def test_bash_offers_files(bash: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "a run.smaps").touch()
    assert offered(bash, *words.split(), "a", there=tmp_path) == ["a run.smaps"]


def test_bash_offers_no_more_files_than_a_verb_takes(bash: str, tmp_path: Path) -> None:
    (tmp_path / "run.smaps").touch()
    for words in (["export", "a"], ["diff", "a", "b"], ["export", "--from"]):
        assert offered(bash, *words, "", there=tmp_path) == [""]


def test_after_the_dashes_bash_offers_commands(bash: str) -> None:
    assert "printf" in offered(bash, "-i", "2", "--", "print")
    assert offered("_command_offset() { COMPREPLY=(from $1); }\n" + bash, "record", "--", "git", "") == ["from", "3"]


@has("fish")
def test_fish_offers_the_same(tmp_path: Path) -> None:
    (tmp_path / "run.smaps").touch()
    (tmp_path / "smapstop.fish").write_text(script("fish"))
    lines = ["", "snapshot --gr", "snapshot --format=j", "diff a --at end r", "--watch -- cat r"]
    asked = "".join(f"complete -C 'smapstop {line}'; echo;" for line in lines)
    command = ["fish", "--no-config", "-c", f"source smapstop.fish; {asked}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path)
    told = [[line.partition("\t")[0] for line in part.splitlines()] for part in run.stdout.split("\n\n")]
    verbs, *others = told[: len(lines)]
    assert verbs == sorted(VERBS)
    assert others == [["--group-by"], ["--format=json"], ["run.smaps"], ["run.smaps"]]


@has("zsh")
def test_zsh_can_read_its_script() -> None:
    run = subprocess.run(["zsh", "-fn"], input=script("zsh"), capture_output=True, text=True, check=False, timeout=60)
    assert (run.stderr, run.returncode) == ("", 0)
