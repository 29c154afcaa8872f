"""`smapstop metrics`, by the command line: a real scrape, how it ends, and what is refused."""

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from metrics_server import metrics
from places import own_name
from stepped_program import SteppedProgram, wait_until

from smapstop.cli.commands import metrics as metrics_command
from smapstop.cli.main import main
from smapstop.sampling.fleet_watch import FleetWatch


@pytest.fixture
def own(program: Callable[[str], Path], tmp_path: Path) -> Path:
    """A program with two children, and a name that no other test's has."""
    return Path(shutil.copy(program("two_children"), tmp_path / own_name("own")))


def test_a_name_is_waited_for_and_scraped(own: Path) -> None:
    with metrics("-p", own.name, "--budget", "100") as running:
        assert running.first_line == f"smapstop: metrics of {own.name} at {running.url}\n"
        assert running.value("smapstop_up", process=own.name) == 0
        assert running.read_error() == f"smapstop: no process is named '{own.name}' yet\n"  # it has looked
        with SteppedProgram(own) as program:
            wait_until(lambda: running.value("smapstop_mappings", process=own.name, slot="0"))
            assert running.value("smapstop_process_info", pid=str(program.pid)) == 1
            rss = running.value("smapstop_memory_bytes", field="rss")
            assert rss
            assert rss % os.sysconf("SC_PAGE_SIZE") == 0
            assert running.value("smapstop_up", process=own.name) == 1
        assert (running.value("smapstop_cpu_seconds") or 0) > 0
        status, out, err = running.stop(signal.SIGTERM)
    assert (status, out, err) == (0, "", "")


def test_a_family_has_its_members_and_their_sums(own: Path) -> None:
    options = ("--family", "--by", "purpose", "--budget", "100")
    with SteppedProgram(own) as program, metrics("-p", str(program.go().pid), *options) as running:
        name = own.name[:15]
        wait_until(lambda: running.value("smapstop_processes", process=name) == 3)
        wait_until(lambda: running.value("smapstop_unread_processes", process=name) == 0)
        scraped = running.scrape()
        rows = [row for row in scraped["smapstop_memory_bytes"].samples if row.labels["field"] == "pss"]
        assert sorted(row.labels["slot"] for row in rows) == ["0", "1", "2"]
        sums = {row.labels["field"]: row.value for row in scraped["smapstop_family_memory_bytes"].samples}
        assert sums["pss"] == sum(row.value for row in rows)
        wait_until(lambda: running.value("smapstop_mapping_memory_bytes", purpose="stacks", slot="2") is not None)
        assert running.stop(signal.SIGINT)[0] == 0


@pytest.mark.parametrize("place", ["ssh", "chroot", "sh"])
def test_a_process_elsewhere(place: str, way: Callable[[str], str], own: Path) -> None:
    with SteppedProgram(own), metrics("-p", own.name, "--budget", "100", "--via", way(place)) as running:
        wait_until(lambda: running.value("smapstop_mapping_memory_bytes", kind="anonymous", field="uss"))
        assert running.stop(signal.SIGINT)[0] == 0


def test_for_other_machines_it_says_what_that_means(own: Path) -> None:
    words = [sys.executable, "-m", "smapstop", "metrics", "-p", own.name, "--listen", "0.0.0.0:0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        lines = [process.stderr.readline() for _ in range(2)]
        process.terminate()
        assert process.wait(timeout=60) == 0
    assert lines[0].startswith(f"smapstop: metrics of {own.name} at http://0.0.0.0:")
    assert lines[1] == "smapstop: whoever reaches this port can read them: there is no password and no encryption\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "metrics needs the name of a process: smapstop metrics -p NAME"),
        (["-p", ""], "metrics needs the name of a process: smapstop metrics -p NAME"),
        (["redis"], "unexpected 'redis': did you mean: smapstop metrics -p redis"),
        (["-p", "999999999"], "no process 999999999"),
        (["-p", "x", "--listen", "9464"], "--listen 9464: give an address and a port: 127.0.0.1:9464, "),
        (["-p", "x", "--listen", "127.0.0.1:65536"], "--listen 127.0.0.1:65536: give an address and a port: "),
        (["-p", "x", "--listen", "::1:9464"], "--listen ::1:9464: give an address and a port: "),
        (
            ["-p", "x", "--listen", "192.0.2.1:9464"],
            "cannot listen on 192.0.2.1:9464: Cannot assign requested address",
        ),
        (["-p", "x", "--top", "0"], "--top 0: give a number from 1 to 1000"),
        (["-p", "x", "--top", "2.5"], "--top 2.5: give a whole number"),
        (["-p", "x", "--by", "address"], "--by: invalid choice: 'address'"),
        (["-p", "x", "--via", "false"], "--via 'false': it has ended (status 1)"),
        (["-p", "x", "--", "ls"], "metrics starts no program: start it yourself, then: smapstop metrics -p NAME"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metrics", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"smapstop: {message}")
    assert err.count("\n") == 1


def test_a_port_that_is_taken_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["metrics", "-p", "x", "--listen", where]) == 2
    assert capsys.readouterr().err.startswith(f"smapstop: cannot listen on {where}: Address already in use: ")


def test_a_reading_that_fails_ends_it_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: FleetWatch) -> None:
        raise OSError(errno.ENFILE, "Too many open files in system")

    monkeypatch.setattr(FleetWatch, "step", fail)
    monkeypatch.setattr(metrics_command, "_raise_file_limit", lambda: None)
    assert main(["metrics", "-p", "nobody-has-this", "--listen", "127.0.0.1:0"]) == 2
    assert capsys.readouterr().err.splitlines()[1:] == ["smapstop: [Errno 23] Too many open files in system"]


@pytest.mark.parametrize("by", ["kind", "file"])
def test_the_dashboard_is_printed_and_needs_no_process(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--grafana", "--by", by]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["panels"]
    assert f"sum by ({by})" in out
    assert err == ""


def test_start_of_the_dashboard_does_not_import_the_client() -> None:
    imports = "import sys, smapstop.cli.main, smapstop.cli.commands as commands"
    code = f"{imports}; commands.build_parsers(); print('prometheus_client' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
