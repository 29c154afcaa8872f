"""`smapstop report` as a user meets it: files, two runs, and what is wrong."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from places import DATA
from recorded_runs import record_service, service_ticks

from smapstop.cli.main import main
from smapstop.recording.writer import Recorder

SERVER = DATA / "recordings/server.smaps"


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return record_service(tmp_path / "service.smaps")


def complaint(capfd: pytest.CaptureFixture[str], *words: object) -> str:
    """The one line that a wrong command line is answered with."""
    status = main(["report", *map(str, words)])
    printed = capfd.readouterr()
    assert (status, printed.out, printed.err.count("\n")) == (2, "", 1)
    return printed.err


def test_a_page_is_written_that_only_its_owner_can_read(
    service: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["report", str(service), "-o", str(page)]) == 0
    assert capfd.readouterr() == ("", "")
    assert page.read_text().startswith("<!doctype html>")
    assert page.stat().st_mode & 0o777 == 0o600


def test_two_recordings_are_compared_and_stdout_is_a_file_too(
    service: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(SERVER), str(service), "-o", "-"]) == 0
    printed = capfd.readouterr()
    assert "two runs compared" in printed.out
    assert printed.err == ""


def test_what_is_there_needs_force(service: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    assert "already exists" in complaint(capfd, service, "-o", page)
    assert "is the recording itself" in complaint(capfd, SERVER, service, "-o", service, "--force")
    assert page.read_text() == "old"
    assert main(["report", str(service), "-o", str(page), "--force"]) == 0
    assert page.read_text() != "old"


def test_what_cannot_be_read_or_written_is_one_line(
    service: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cut, text, empty = (tmp_path / name for name in ("cut.smaps", "text.smaps", "empty.smaps"))
    cut.write_bytes(service.read_bytes()[:20_000])
    text.write_text("not a recording")
    with closing(sqlite3.connect(record_service(empty))) as database:
        database.execute("DELETE FROM ticks")
        database.commit()
    page = tmp_path / "page.html"
    assert "cannot read" in complaint(capfd, tmp_path / "none.smaps", "-o", page)
    assert "is not a smapstop recording" in complaint(capfd, text, "-o", page)
    assert "cut.smaps" in complaint(capfd, cut, "-o", page)
    assert "has no ticks" in complaint(capfd, empty, "-o", page)
    assert "cannot create" in complaint(capfd, service, "-o", tmp_path / "nowhere/page.html")
    assert not page.exists()


def test_on_a_terminal_it_asks_for_a_file(
    service: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smapstop.cli.commands.report.is_terminal", lambda stream: True)
    assert "name a file: -o service.html" in complaint(capfd, service)


def test_wrong_words_are_one_line(service: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "report needs a recording" in complaint(capfd)
    assert "takes one recording, or two" in complaint(capfd, service, service, service)
    assert "cannot start a program" in complaint(capfd, service, "--", "true")


def test_a_recording_that_breaks_off_is_reported_as_far_as_it_goes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = record_service(tmp_path / "service.smaps")
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM meta WHERE key = 'stopped'")
        database.commit()
    assert main(["report", str(path), "-o", str(tmp_path / "page.html")]) == 0
    assert "ends abruptly" in capfd.readouterr().err
    assert "the recorder was killed" in (tmp_path / "page.html").read_text()


def test_one_that_is_still_being_written_is_reported_up_to_now(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], service: Path
) -> None:
    recorder = Recorder(tmp_path / "running.smaps")
    for tick in service_ticks()[:4]:
        recorder.write_ticks(tick)
    assert "has no ticks" in complaint(capfd, tmp_path / "running.smaps", "-o", "-")
    recorder.close("stopped")
