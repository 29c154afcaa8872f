"""Symbols of stripped programs, from debug files in the places where packages and gdb put them."""

import os
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from watched_program import Compiler, watch_program

from smapstop.proc.elf import debug_files
from smapstop.proc.elf.debug_files import (
    DEBUG_DIRECTORY,
    DebugLink,
    crc_of,
    debug_file_paths,
    parse_build_id,
    parse_debug_link,
)
from smapstop.proc.elf.symbols import Symbols
from smapstop.proc.pages.pagemap import PAGE_BYTES

pytestmark = pytest.mark.skipif(PAGE_BYTES != 4096, reason="the programs' pages are of 4 kB")

NAMED, BARE = Symbols(("page2", "wide")), Symbols((".data",), 0, "is stripped of its symbols")
WITH_ID, WITHOUT_ID = "-Wl,--build-id=sha1", "-Wl,--build-id=none"


def objcopy(*arguments: str | Path) -> None:
    """Run objcopy."""
    subprocess.run(("objcopy", *arguments), check=True)


def separated(compiler: Compiler, directory: Path, *options: str, link: bool = True) -> tuple[Path, Path]:
    """A stripped program, optionally with a debug link, and its debug file in the same directory."""
    whole, program, debug = compiler("known_pages", *options), directory / "program", directory / "program.debug"
    objcopy("--only-keep-debug", whole, debug)
    objcopy("--strip-all", *[f"--add-gnu-debuglink={debug}"] * link, whole, program)
    return program, debug


def install(debug: Path, directory: Path, program: Path) -> None:
    """Move a debug file to the path given by its program's build-id."""
    readelf = subprocess.run(("readelf", "-n", program), capture_output=True, text=True, check=True).stdout
    build_id = next(line.split()[-1] for line in readelf.splitlines() if "Build ID" in line)
    place = directory / ".build-id" / build_id[:2]
    place.mkdir(parents=True)
    shutil.move(debug, place / f"{build_id[2:]}.debug")


def second_copy(program: Path) -> Symbols:
    """Symbols on the pages that the program copies in its second step; all of them are static."""
    with watch_program(program) as target:
        target.next_copied_symbols()
        return target.next_copied_symbols()


@pytest.mark.parametrize("build_id", [WITH_ID, WITHOUT_ID])
@pytest.mark.parametrize("place", [".", ".debug"])
def test_file_that_the_debuglink_names_next_to_the_program(
    compiler: Compiler, tmp_path: Path, build_id: str, place: str
) -> None:
    program, debug = separated(compiler, tmp_path, build_id)
    (tmp_path / place).mkdir(exist_ok=True)
    debug.rename(tmp_path / place / debug.name)
    assert second_copy(program) == NAMED


@pytest.fixture
def system_wide() -> Iterator[Path]:
    """A temporary directory in the one for debug files, which is created if missing."""
    try:
        Path(DEBUG_DIRECTORY).mkdir(exist_ok=True)
        directory = tempfile.mkdtemp(dir=DEBUG_DIRECTORY)
    except PermissionError:
        pytest.skip(f"{DEBUG_DIRECTORY} may not be written here")
    yield Path(directory)
    shutil.rmtree(directory)


def test_file_with_the_build_id_where_packages_install_it(
    compiler: Compiler, tmp_path: Path, system_wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, debug = separated(compiler, tmp_path, WITH_ID, link=False)
    assert second_copy(program) == BARE
    install(debug, system_wide, program)
    monkeypatch.setattr(debug_files, "DEBUG_DIRECTORY", str(system_wide))
    assert second_copy(program) == NAMED


def test_file_that_the_debuglink_names_where_packages_install_it(
    compiler: Compiler, tmp_path: Path, system_wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, debug = separated(compiler, tmp_path, WITHOUT_ID)
    place = system_wide / str(tmp_path).lstrip("/")
    place.mkdir(parents=True)
    shutil.move(debug, place)
    monkeypatch.setattr(debug_files, "DEBUG_DIRECTORY", str(system_wide))
    assert second_copy(program) == NAMED


def test_debug_file_in_the_root_of_the_process(compiler: Compiler, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can change the root of a process")
    program, debug = separated(compiler, tmp_path, "-static", WITH_ID, link=False)
    install(debug, tmp_path / DEBUG_DIRECTORY.lstrip("/"), program)
    with watch_program("chroot", tmp_path, f"/{program.name}") as target:
        target.next_copied_symbols()
        assert target.next_copied_symbols() == NAMED


def test_debug_file_of_a_process_with_a_root_of_its_own_is_also_found_in_ours(
    compiler: Compiler, tmp_path: Path, system_wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid():
        pytest.skip("only root can change the root of a process")
    program, debug = separated(compiler, tmp_path, "-static", WITH_ID, link=False)
    install(debug, system_wide, program)
    monkeypatch.setattr(debug_files, "DEBUG_DIRECTORY", str(system_wide))
    with watch_program("chroot", tmp_path, f"/{program.name}") as target:
        target.next_copied_symbols()
        assert target.next_copied_symbols() == NAMED


@pytest.mark.parametrize("build_id", [WITH_ID, WITHOUT_ID])
def test_file_of_another_build_or_with_another_sum_is_not_taken(
    compiler: Compiler, tmp_path: Path, build_id: str
) -> None:
    program, debug = separated(compiler, tmp_path, build_id)
    objcopy("--only-keep-debug", compiler("known_user", str(compiler("known_pages", "-shared", "-fPIC"))), debug)
    assert second_copy(program) == BARE


def test_file_of_the_same_build_needs_no_sum(compiler: Compiler, tmp_path: Path) -> None:
    program, debug = separated(compiler, tmp_path, WITH_ID)
    with debug.open("ab") as file:
        file.write(b"\0")
    assert second_copy(program) == NAMED


def test_file_too_large_to_be_summed_is_not_taken(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, debug = separated(compiler, tmp_path, WITHOUT_ID)
    monkeypatch.setattr(debug_files, "MAX_CHECKED_BYTES", debug.stat().st_size - 1)
    assert second_copy(program) == BARE


@pytest.mark.parametrize("kind", ["text", "empty", "directory", "pipe", "stripped"])
def test_what_is_no_debug_file_is_passed_over(compiler: Compiler, tmp_path: Path, kind: str) -> None:
    program, debug = separated(compiler, tmp_path, WITH_ID)
    debug.unlink()
    match kind:
        case "text" | "empty":
            debug.write_text({"text": "text", "empty": ""}[kind])
        case "directory":
            debug.mkdir()
        case "pipe":
            os.mkfifo(debug)
        case "stripped":
            shutil.copy(program, debug)
    assert second_copy(program) == BARE


def test_program_with_symbols_asks_no_debug_file(compiler: Compiler, tmp_path: Path) -> None:
    program, debug = tmp_path / "program", tmp_path / "program.debug"
    debug.write_text("text")
    objcopy(f"--add-gnu-debuglink={debug}", compiler("known_pages"), program)
    with watch_program(program) as target:
        assert target.next_copied_symbols() == Symbols(("page1",))


def test_sum_of_a_file_of_several_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debug_files, "_CHUNK_BYTES", 4)
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    fd = os.open(file, os.O_RDONLY)
    try:
        assert crc_of(fd) == zlib.crc32(b"0123456789")
    finally:
        os.close(fd)


def test_build_id_among_notes_of_either_byte_order() -> None:
    other, wanted = b"\4\0\0\0\3\0\0\0\1\0\0\0GNU\0abc\0", b"\4\0\0\0\2\0\0\0\3\0\0\0GNU\0\xab\xcd\0\0"
    assert parse_build_id(other + wanted, "<") == "abcd"
    assert parse_build_id(b"\0\0\0\4\0\0\0\2\0\0\0\3GNU\0\xab\xcd\0\0", ">") == "abcd"
    assert parse_build_id(wanted.replace(b"GNU", b"Xen"), "<") == ""
    for cut in range(len(wanted)):
        assert "abcd".startswith(parse_build_id(wanted[:cut], "<"))
    assert parse_build_id(b"\xff" * 100, "<") == ""


def test_debuglink_is_a_name_and_a_sum() -> None:
    assert parse_debug_link(b"a.debug\0\1\2\0\0", "<") == DebugLink("a.debug", 0x201)
    assert parse_debug_link(b"ab\0\0\0\0\2\1", ">") == DebugLink("ab", 0x201)
    for wrong in (b"", b"\0\0\0\0\1\2\0\0", b"../a\0\0\0\0\1\2\0\0", b"a.debug", b"a.debug\0\1\2"):
        assert parse_debug_link(wrong, "<") is None


def test_build_id_comes_before_the_debuglink() -> None:
    assert debug_file_paths("/bin/x", "abcdef", DebugLink("x.debug", 0)) == [
        "/usr/lib/debug/.build-id/ab/cdef.debug",
        "/bin/x.debug",
        "/bin/.debug/x.debug",
        "/usr/lib/debug/bin/x.debug",
    ]
    assert debug_file_paths("/bin/x", "", None) == []
