"""`smapstop pages` on real programs: exact states, and the names of variables that are known to lie there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import smapstop
from places import PROGRAMS, ROOT
from stepped_program import SteppedProgram, has_ended, stepped_python, wait_until

from smapstop.proc.process import PAGEMAP_REMEDY

PAGE = os.sysconf("SC_PAGE_SIZE")
THP = Path("/sys/kernel/mm/transparent_hugepage/enabled")
Program = Callable[[str], Path]

pytestmark = pytest.mark.skipif(PAGE != 4096, reason="the programs' pages are of 4 kB")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")


def told(*arguments: object) -> dict[str, Any]:
    """What it says as JSON."""
    run = smapstop("pages", *arguments)
    assert (run.stderr, run.returncode) == ("", 0)
    document: dict[str, Any] = json.loads(run.stdout)
    return document


def states(target: SteppedProgram, pages: int, mapping: str | None = None) -> str:
    """The first letter of the state of each page from the program's address on."""
    document = told("-p", target.pid, mapping or hex(target.address))
    letters, at = "", int(document["mapping"]["start"], 16)
    for run in document["runs"]:
        assert int(run["start"], 16) == at, "runs follow each other without holes"
        at = int(run["end"], 16)
        assert at - int(run["start"], 16) == run["pages"] * PAGE
        letters += run["state"][0] * run["pages"]
    assert at == int(document["mapping"]["end"], 16)
    first = (target.address - int(document["mapping"]["start"], 16)) // PAGE
    return letters[first : first + pages]


def built(directory: Path, name: str, *options: str) -> Path:
    """A program or a library, compiled with options."""
    executable = directory / name
    subprocess.run(["cc", "-O0", "-o", executable, PROGRAMS / f"{name}.c", *options], check=True)
    return executable


def test_own_pages_are_exclusive_and_the_state_says_what_a_fork_still_shares(program: Program) -> None:
    with SteppedProgram(program("fork")) as target:

        def runs() -> list[tuple[int, str, list[str]]]:
            document = told("-p", target.pid, hex(target.address))
            return [(run["pages"], run["state"], run["bits"]) for run in document["runs"]]

        def table() -> list[str]:
            return smapstop("pages", "-p", target.pid, hex(target.address), "--format", "table").stdout.splitlines()

        assert runs() == [(60, "anonymous", ["present", "exclusive"])]
        assert table()[1] == "60 pages: 60 anonymous"
        target.go().go()
        assert runs() == [(9, "anonymous", ["present", "exclusive"]), (51, "anonymous", ["present"])]
        assert table()[1] == "60 pages: 9 anonymous own, 51 anonymous shared"
        assert [line.split()[3:] for line in table()[4:]] == [["K", "anonymous"], ["K", "anonymous", "shared"]]


def on_page(document: dict[str, Any], address: int) -> dict[str, Any]:
    """The run that a page is in."""
    found: dict[str, Any] = next(
        run for run in document["runs"] if int(run["start"], 16) <= address < int(run["end"], 16)
    )
    return found


def test_states_of_anonymous_memory_of_a_file_and_of_shared_memory(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("page_states"), tmp_path / "file") as target:
        guard = "g" if target.words[0] == "anonymous-guarded" else "n"
        assert states(target, 10) == f"aaanzn{guard}nan"
        assert states(target.go(), 12) == "ffcffccffnnf"
        assert states(target, 12, str(tmp_path / "file")) == "ffcffccffnnf"
        assert states(target.go(), 6, "/memfd:shared") == "nssnnn"


def test_huge_pages_are_a_bit_in_addition_to_the_state(program: Program, tmp_path: Path) -> None:
    if "[never]" in THP.read_text():
        pytest.skip("huge pages are off")
    with SteppedProgram(program("page_states"), tmp_path / "file") as target:
        target.go().go().go()
        assert states(target, 1024) == "a" * 512 + "z" * 512
        document = told("-p", target.pid, hex(target.address))
        assert "huge" in on_page(document, target.address)["bits"]
        table = smapstop("pages", "-p", target.pid, hex(target.address), "--format", "table").stdout
        assert "anonymous huge" in table


def test_a_huge_page_that_a_fork_shares_is_so_by_its_first_page(program: Program) -> None:
    if "[never]" in THP.read_text():
        pytest.skip("huge pages are off")
    with SteppedProgram(program("huge_shared")) as target:
        target.go().go()
        assert on_page(told("-p", target.pid, hex(target.address)), target.address)["bits"] == [
            *("present", "huge", "exclusive")
        ]
        target.go()
        assert on_page(told("-p", target.pid, hex(target.address)), target.address)["bits"] == ["present", "huge"]
        table = smapstop("pages", "-p", target.pid, hex(target.address), "--format", "table").stdout
        assert "anonymous huge shared?" in table
        assert "512 anonymous shared?" in table.splitlines()[1]


@pytest.mark.parametrize("options", [("-fPIE", "-pie"), ("-no-pie",)])
def test_the_page_of_page1_turns_from_file_to_copied_on_write_and_its_neighbour_does_not(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with SteppedProgram(built(tmp_path, "known_pages", *options)) as target:
        before = told("-p", target.pid, "known_pages .data")
        assert on_page(before, target.address)["state"] == "file"
        target.go()
        after = told("-p", target.pid, "known_pages .data")
        run = on_page(after, target.address)
        assert (run["state"], run["bits"]) == ("copied-on-write", ["present", "exclusive"])
        assert "page1" in run["symbols"]
        neighbour = on_page(after, target.address + PAGE)
        assert neighbour["state"] == "file"
        assert neighbour["symbols"][0] == "page2"
        offset = run["file_offset"] - after["mapping"]["offset"]
        assert int(run["start"], 16) - int(after["mapping"]["start"], 16) == offset


def test_variables_of_a_shared_library(tmp_path: Path) -> None:
    library = built(tmp_path, "known_pages", "-shared", "-fPIC")
    with SteppedProgram(built(tmp_path, "known_user", str(library), f"-Wl,-rpath,{tmp_path}")) as target:
        target.go()
        run = on_page(told("-p", target.pid, "known_pages .data"), target.address)
        assert run["state"] == "copied-on-write"
        assert "page1" in run["symbols"]


def test_zeroed_data_has_its_variables_and_is_no_guess_any_more(tmp_path: Path) -> None:
    with SteppedProgram(built(tmp_path, "zeroed")) as target:
        document = told("-p", target.pid, hex(target.address))
        assert (document["mapping"]["label"], document["mapping"]["guess"]) == ("zeroed .bss", False)
        assert on_page(document, target.address)["symbols"] == ["zeroed1", "zeroed2"]
        assert on_page(document, target.address)["file_offset"] is None
        lines = smapstop("pages", "-p", target.pid, hex(target.address), "--format", "table").stdout.splitlines()
        assert "zeroed .bss" in lines
        assert any(line.endswith("zeroed1, zeroed2") for line in lines), lines


def test_zeroed_data_of_a_stripped_program_says_why_it_has_no_symbols(tmp_path: Path) -> None:
    with SteppedProgram(built(tmp_path, "zeroed", "-s")) as target:
        table = smapstop("pages", "-p", target.pid, hex(target.address), "--format", "table").stdout
        assert "no symbols: the file is stripped of its symbols" in table
        assert on_page(told("-p", target.pid, hex(target.address)), target.address)["symbols"] == [".bss"]


def test_a_stripped_program_has_sections_and_says_why(tmp_path: Path) -> None:
    with SteppedProgram(built(tmp_path, "known_pages", "-s")) as target:
        target.go()
        document = told("-p", target.pid, "known_pages .data")
        assert ".data" in on_page(document, target.address)["symbols"]
        assert document["lacking"] == "is stripped of its symbols"
        table = smapstop("pages", "-p", target.pid, "known_pages .data", "--format", "table").stdout
        assert "no symbols: the file is stripped of its symbols" in table


def test_a_deleted_program(tmp_path: Path) -> None:
    path = built(tmp_path, "known_pages")
    with SteppedProgram(path) as target:
        path.unlink()
        target.go()
        document = told("-p", target.pid, "known_pages .data")
        run = on_page(document, target.address)
        assert document["mapping"]["deleted"]
        assert run["state"] == "copied-on-write"
        if document["lacking"] is None:
            assert "page1" in run["symbols"], "root reads it by its mapping"
        else:
            assert document["lacking"] == "was deleted or replaced, or may not be read"


def test_memory_of_a_device_is_no_file(program: Program, memory_directory: Path) -> None:
    with SteppedProgram(program("kinds"), memory_directory / "unused") as target:
        while not target.address:
            target.go()
        if target.words[0].startswith("zero"):
            pytest.skip("this kernel lets nobody map an io_uring, perf or aio ring here")
        document = told("-p", target.pid, f"{target.address:#x}")
        assert (document["mapping"]["kind"], document["lacking"]) == ("device", "is not a file")
        assert [(run["state"], run["file_offset"]) for run in document["runs"]] == [("special", None)]


def test_the_whole_json_of_a_mapping(program: Program) -> None:
    with SteppedProgram(program("heap")) as target:
        document = told("-p", target.pid, "[heap]")
        maps = Path(f"/proc/{target.pid}/maps").read_text()
        start, end = next(line.split()[0] for line in maps.splitlines() if line.endswith("[heap]")).split("-")
    keys = ["schema", "tool", "process", "mapping", "page_size", "source", "facts", "lacking", "runs"]
    assert list(document) == keys
    assert (document["schema"], document["page_size"], document["facts"]) == (1, PAGE, [])
    assert document["process"] == {"pid": target.pid, "name": "heap"}
    assert document["source"] in ("pagemap-scan", "pagemap")
    assert (document["mapping"]["start"], document["mapping"]["end"]) == (f"0x{start}", f"0x{end}")
    assert document["mapping"]["size"] == (int(end, 16) - int(start, 16)) // 1024
    assert set(document["runs"][0]) == {
        *("start", "end", "pages", "file_offset", "state", "bits", "symbols", "more_symbols")
    }
    assert document["runs"][0]["file_offset"] is None


@needs_root
def test_facts_of_the_frames_split_the_runs(program: Program) -> None:
    with SteppedProgram(program("fork")) as target:
        target.go().go()
        mapping = hex(target.address)
        document = told("-p", target.pid, mapping, "--facts")
        assert [run["pages"] for run in told("-p", target.pid, mapping)["runs"]] == [9, 51]
        assert document["facts"] == ["dirty", "referenced", "huge_frame", "ksm", "map_count"]
        counts = [(run["pages"], run["map_count"]) for run in document["runs"]]
        assert counts == [(9, 1), (51, 2)]
        assert {run["ksm"] for run in document["runs"]} == {False}
        table = smapstop("pages", "-p", target.pid, mapping, "--facts", "--format", "table").stdout
        assert "Maps Frame" in table


def test_all_mappings_of_a_name_one_after_the_other(program: Program) -> None:
    with SteppedProgram(program("heap")) as target:
        run = smapstop("pages", "-p", target.pid, "heap .rodata")
        assert run.returncode == 0
        decoder, rest, found = json.JSONDecoder(), run.stdout, []
        while rest.strip():
            document, used = decoder.raw_decode(rest)
            found.append(document["mapping"]["perms"])
            rest = rest[used:].lstrip()
    assert found
    assert set(found) == {"r--p"}


def test_cow_reports_the_page_that_was_written(tmp_path: Path) -> None:
    with SteppedProgram(built(tmp_path, "known_pages")) as target:
        path = str(tmp_path / "known_pages")

        def groups() -> dict[str, dict[str, Any]]:
            document = told("-p", target.pid, "--cow")
            copied = document["copied"]
            assert [part["kb"] for part in copied] == sorted((part["kb"] for part in copied), reverse=True)
            assert document["kb"] == sum(part["kb"] for part in copied)
            for part in copied:
                assert part["kb"] == sum(group["kb"] for group in part["groups"]) == part["pages"] * 4
            smaps = Path(f"/proc/{target.pid}/smaps").read_text().split("VmFlags")
            of_files = [text for text in smaps if "/" in text.partition("Size:")[0]]
            anonymous = sum(int(text.partition("Anonymous:")[2].split()[0]) for text in of_files)
            assert document["kb"] == anonymous, "as much as smaps counts"
            here = [part for part in copied if (part["file"], part["part"]) == (path, ".data")]
            return {group["symbols"][0]: group for part in here for group in part["groups"] if group["symbols"]}

        before = groups()
        assert "page1" not in before
        target.go()
        after = groups()
        assert (after["page1"]["kb"], after["page1"]["pages"]) == (4, 1)
        target.go()
        later = groups()
        assert {"page1", "page2", "wide"} <= set(later)
        table = smapstop("pages", "-p", target.pid, "--cow", "--format", "table").stdout.splitlines()
        assert table[0].split() == ["Copied", "on", "write", "Size", "Own", "Pages", "Symbols"]
        assert any(line.split() == ["4", "K", "4", "K", "1", "page1"] for line in table)
        assert table[-1].startswith(f"known_pages {target.pid}")


def test_cow_reports_which_copies_a_fork_still_shares(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("fork_file"), tmp_path / "file") as target:

        def own() -> tuple[int, int]:
            copied = told("-p", target.pid, "--cow")["copied"]
            part = next(part for part in copied if part["file"] == str(tmp_path / "file"))
            return part["pages"], part["own_pages"]

        assert own() == (10, 10)
        target.go()
        assert own() == (10, 0), "the child maps them"
        target.go()
        assert own() == (10, 3), "three were written"
        target.go()
        assert own() == (12, 5)
        target.go()
        assert own() == (12, 12), "the child has ended"


def test_cow_of_a_family_reports_what_each_process_copied_and_what_is_its_own(
    program: Program, tmp_path: Path
) -> None:
    with SteppedProgram(program("fork_file"), tmp_path / "file") as target:

        def copied() -> tuple[list[tuple[int, int]], dict[str, Any]]:
            document = told("-p", target.pid, "--cow", "--family")
            assert document["own_pages"] == sum(process["own_pages"] for process in document["processes"])
            parts = [part for process in document["processes"] for part in process["copied"]]
            of_file = [part for part in parts if part["file"] == str(tmp_path / "file")]
            return [(part["pages"], part["own_pages"]) for part in of_file], document

        target.go()
        assert copied()[0] == [(10, 0), (10, 0)], "parent and child share them"
        target.go()
        found, document = copied()
        assert found == [(10, 3), (10, 3)], "three were written: each has its own of them"
        parent, child = document["processes"]
        assert (parent["process"]["pid"], child["ppid"], child["missing"]) == (target.pid, target.pid, None)
        table = smapstop("pages", "-p", target.pid, "--cow", "--family", "--format", "table").stdout
        head, one, other, total, *_ = table.splitlines()
        assert head.split() == ["Copied", "on", "write", "by", "Of", "files", "Own", "Inherited", "Own"]
        assert one.startswith(f"fork_file {target.pid} ")
        assert other.startswith(f"  fork_file {child['process']['pid']} ")
        assert total.startswith("2 processes ")


def test_a_page_with_several_names_counts_once(tmp_path: Path) -> None:
    source = tmp_path / "names.c"
    steps = PROGRAMS / "pages.h"
    source.write_text(
        f'#include "{steps}"\n'
        "volatile char first[100] __attribute__((aligned(4096))) = {1}, second[100] = {2};\n"
        "volatile char large[5 * 4096] __attribute__((aligned(4096))) = {3};\n"
        'int main(void) { first[0] = 2; put((char *)large, 5); step("names", (char *)first); return 0; }\n'
    )
    executable = tmp_path / "names"
    subprocess.run(["cc", "-O0", "-o", executable, source], check=True)
    with SteppedProgram(executable) as target:
        copied = told("-p", target.pid, "--cow")["copied"]
        groups = [group for part in copied if part["file"] == str(executable) for group in part["groups"]]
        named = {tuple(group["symbols"]): group["pages"] for group in groups}
    assert named["first", "second"] == 1
    assert named[("large",)] == 5


@needs_root
@pytest.mark.usefixtures("swap")
def test_swapped_pages_are_reported_and_still_count_as_copied(tmp_path: Path) -> None:
    code = (
        "import mmap, ctypes\n"
        f"file = open({str(tmp_path / 'mapped')!r}, 'w+b'); file.write(b'x' * 4096 * 8); file.flush()\n"
        "m = mmap.mmap(file.fileno(), 4096 * 8, flags=mmap.MAP_PRIVATE)\n"
        "for page in range(0, 4): m[page * 4096] = 1\n"
        "while True:\n"
        "    m.madvise(21, 0, 4096 * 4)\n"  # MADV_PAGEOUT
        "    step()\n"
    )
    with stepped_python(code) as target:

        def copied() -> dict[str, Any]:
            parts = told("-p", target.pid, "--cow")["copied"]
            found: dict[str, Any] = next(part for part in parts if part["file"].endswith("mapped"))
            return found

        wait_until(lambda: copied()["groups"][0]["swapped_pages"] == 4 or not target.go())
        part = copied()
        assert (part["pages"], part["kb"], part["lacking"]) == (4, 16, "is not an ELF file")
        runs = told("-p", target.pid, str(tmp_path / "mapped"))["runs"]
        assert (runs[0]["state"], runs[0]["pages"]) == ("swapped", 4)
        table = smapstop("pages", "-p", target.pid, "--cow", "--format", "table").stdout
        assert "(4 in swap)" in table


def test_a_tebibyte_of_nothing_and_a_gibibyte_are_reported_by_runs() -> None:
    code = (
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.mmap.restype = ctypes.c_void_p\n"
        "libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]\n"
        "a = libc.mmap(None, 1 << 40, 0, 0x4022, -1, 0)\n"
        "os.write(1, b'step %x\\n' % a); os.read(0, 1)\n"
    )
    with stepped_python(code) as target:
        document = told("-p", target.pid, hex(target.address))
        assert [(run["state"], run["pages"]) for run in document["runs"]] == [("not-present", 1 << 28)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "smapstop: pages needs a process: smapstop pages -p PID|NAME MAPPING"),
        (
            ("-p", "1"),
            "smapstop: pages needs a mapping: give an address, a name such as '[heap]' or libc.so.6, or --cow",
        ),
        (("-p", "1", "x", "y"), "smapstop: unexpected 'y': name one mapping; quote a name with spaces"),
        (
            ("-p", "1", "x", "--family"),
            "--family shows what each process has copied: smapstop pages -p PID|NAME --cow --family",
        ),
        (
            ("-p", "1", "x", "--cow"),
            "--cow covers the whole process: omit MAPPING and --facts, or omit --cow",
        ),
        (("-p", "2", "x"), "is a kernel thread"),
        (("-p", "999999999", "x"), "smapstop: no process 999999999"),
        (("-p", str(os.getpid()), "[haep]"), "no mapping is called '[haep]': did you mean [heap]?"),
        (("-p", "1", "x", "--", "ls"), "pages cannot start a program"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(arguments: tuple[str, ...], message: str) -> None:
    if arguments[:2] == ("-p", "2") and not Path("/proc/2/comm").exists():
        pytest.skip("no kernel threads are to be seen here")
    run = smapstop("pages", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    assert run.stderr.count("\n") == 1


def test_a_zombie_has_no_pages(program: Program) -> None:
    with SteppedProgram(program("heap")) as target:
        target.kill()
        wait_until(lambda: has_ended(target.pid))
        run = smapstop("pages", "-p", target.pid, "[heap]")
        assert run.returncode == 2
        assert "has exited (zombie), so its memory is gone" in run.stderr


@needs_root
def test_another_user_gets_advice(tmp_path: Path) -> None:
    root = ROOT
    # once as root: nobody may not be allowed to import what is imported late
    code = f"""
import os, sys
sys.path.insert(0, {str(root)!r})
import smapstop.cli.main, smapstop.cli.commands.pages, smapstop.proc.process_list, smapstop.model.lookup
import smapstop.report.pages.page_list, smapstop.report.pages.render
import smapstop.report.pages.cow, smapstop.report.pages.cow_render
smapstop.cli.main.main(["pages", "-p", sys.argv[1], "no such name"])
os.setgid(65534)
os.setuid(65534)
for words in (["[heap]"], ["--cow"]):
    print(smapstop.cli.main.main(["pages", "-p", sys.argv[1], *words]))
"""
    run = subprocess.run([sys.executable, "-c", code, str(os.getpid())], capture_output=True, text=True, timeout=60)
    assert run.stdout.split() == ["2", "2"], run.stderr
    of_root, *denied = run.stderr.splitlines()
    assert "no mapping is called 'no such name'" in of_root
    assert len(denied) == 2
    for line in denied:
        assert line.startswith(f"smapstop: not permitted to read the memory map of process {os.getpid()}: run as")


@needs_root
def test_with_cap_perfmon_the_map_may_be_read_but_not_the_pages() -> None:
    root = ROOT
    # prctl(PR_SET_KEEPCAPS), then capset(2) of CAP_PERFMON alone, which is 38
    code = f"""
import ctypes, os, struct, sys
sys.path.insert(0, {str(root)!r})
import smapstop.cli.main
smapstop.cli.main.main(["pages", "-p", sys.argv[1], "no such name"])
libc = ctypes.CDLL(None)
libc.prctl(8, 1, 0, 0, 0)
os.setgid(65534)
os.setuid(65534)
libc.capset(struct.pack("Ii", 0x20080522, 0), struct.pack("6I", 0, 0, 0, 1 << 6, 1 << 6, 0))
import smapstop.report.pages.page_list
print(smapstop.cli.main.main(["pages", "-p", sys.argv[1], "[heap]"]))
"""
    with stepped_python("step()") as target:
        command = [sys.executable, "-c", code, str(target.pid)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.stdout == "2\n", run.stderr
    what = f"not permitted to see the pages of process {target.pid}, although its memory map may be read"
    assert run.stderr.splitlines()[1:] == [f"smapstop: {what}: {PAGEMAP_REMEDY}"]
