"""Snapshots of real processes, and of saved texts, against what /proc says."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from control_groups import LIMIT_BYTES, VERSION_1, limited_group
from places import own_name
from stepped_program import SteppedProgram

from smapstop import __version__
from smapstop.errors import SmapstopError
from smapstop.model.view.sort import Sorting
from smapstop.report.snapshot.load import parse_saved_smaps
from smapstop.report.snapshot.render import as_csv, as_json, as_table
from smapstop.report.snapshot.snapshot import parse_sorting, take_snapshot, take_totals

EXAMPLE = b"""\
55d0c4a1e000-55d0c4a3f000 rw-p 00000000 00:00 0                          [heap]
Size:                132 kB
Rss:                  20 kB
Pss:                  20 kB
Private_Dirty:        20 kB
NewInLinux_9:          3 kB
VmFlags: rd wr mr mw me ac
7f0000000000-7f0000002000 r--p 00001000 fe:00 4711                       /usr/lib/lib one.so (deleted)
Size:                  8 kB
Rss:                   8 kB
Pss:                   3 kB
Private_Dirty:         0 kB
NewInLinux_9:          0 kB
VmFlags: rd mr mw me
7f0000002000-7f0000003000 rw-p 00003000 fe:00 4711                       /usr/lib/lib one.so (deleted)
Size:                  4 kB
Rss:                   4 kB
Pss:                   4 kB
Private_Dirty:         4 kB
NewInLinux_9:          1 kB
VmFlags: rd wr mr mw me
7f0000004000-7f0000008000 rw-p 00000000 00:00 0 
Size:                 16 kB
Rss:                   0 kB
Pss:                   0 kB
Private_Dirty:         0 kB
NewInLinux_9:          0 kB
VmFlags: rd wr mr mw me ac
"""  # noqa: W291  (the kernel's own space)


@pytest.fixture
def command(program: Callable[..., Path], tmp_path: Path) -> tuple[str, str]:
    """A program that shares no library with others, whose Pss would go with them; its file is written back."""
    executable, data = program("copy_on_write", "-static"), tmp_path / "data"
    with executable.open("rb") as file:
        os.fsync(file)
    return str(executable), str(data)


@pytest.fixture
def stopped(command: tuple[str, str]) -> Iterator[int]:
    """A process that does not move: its smaps says the same whenever it is read."""
    with SteppedProgram(*command) as stepping:
        with open(command[1], "rb") as file:
            os.fsync(file)
        os.kill(stepping.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, stepping.pid, os.WSTOPPED)
        yield stepping.pid


def smaps_of(pid: int) -> list[dict[str, str]]:
    """The records of smaps, read in the plainest way."""
    records: list[dict[str, str]] = []
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        label, colon, value = line.partition(":")
        if colon and " " not in label:
            records[-1][label] = value.strip()
        else:
            records.append({"head": line})
    return records


def snake(label: str) -> str:
    return re.sub("([a-z])([A-Z])", r"\1_\2", label).replace("MMUPage", "mmu_page").replace("THPel", "thp_el").lower()


def parsed(text: str) -> dict[str, Any]:
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


def test_the_json_has_every_mapping_as_smaps_has_it(stopped: int) -> None:
    document = parsed(as_json(take_snapshot(stopped)))
    records = smaps_of(stopped)
    assert len(document["mappings"]) == len(records)
    for mapping, record in zip(document["mappings"], records, strict=True):
        head = record.pop("head").split(maxsplit=5)
        start, end = head[0].split("-")
        assert (mapping["start"], mapping["end"]) == (f"0x{int(start, 16):x}", f"0x{int(end, 16):x}")
        assert [mapping["perms"], mapping["offset"]] == [head[1], int(head[2], 16)]
        assert [mapping["device"], mapping["inode"]] == [head[3], int(head[4])]
        assert mapping["name"] == (head[5] if len(head) > 5 else "")
        assert mapping["vm_flags"] == record.pop("VmFlags").split()
        for label, value in record.items():
            assert mapping[snake(label)] == int(value.removesuffix(" kB"))


def test_the_rollup_is_the_kernels(stopped: int) -> None:
    rollup = Path(f"/proc/{stopped}/smaps_rollup").read_text().splitlines()[1:]
    kernels = {snake(label): int(value.removesuffix("kB")) for label, value in (line.split(":") for line in rollup)}
    for snapshot in (take_snapshot(stopped), take_totals(stopped)):
        ours = parsed(as_json(snapshot))["rollup"]
        assert {name: kb for name, kb in ours.items() if kb is not None} == kernels


def test_the_json_names_who_and_when(stopped: int, command: tuple[str, str]) -> None:
    before, began = datetime.now(UTC), time.monotonic()
    document = parsed(as_json(take_snapshot(stopped)))
    seconds = time.monotonic() - began
    stat = Path(f"/proc/{stopped}/stat").read_text().rpartition(") ")[2].split()
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{stopped}/status").read_text().splitlines())
    assert list(document) == ["schema", "tool", "taken_at", "read_ms", "process", "limits", "rollup", "mappings"]
    assert (document["schema"], document["tool"]) == (1, f"smapstop {__version__}")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", document["taken_at"])
    assert before <= datetime.fromisoformat(document["taken_at"]) <= datetime.now(UTC)
    assert 0 < document["read_ms"] <= 1000 * seconds
    assert document["process"] == {
        "pid": stopped,
        "name": Path(f"/proc/{stopped}/comm").read_text().rstrip("\n"),
        "cmdline": list(command),
        "start_time": int(stat[19]),
        "state": "T",
        "threads": 1,
        "minor_faults": int(stat[7]),
        "major_faults": int(stat[9]),
        "rss_kb": int(Path(f"/proc/{stopped}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024,
        "vm_hwm_kb": int(status["VmHWM"].split()[0]),
    }


def test_the_json_has_the_limits(stopped: int) -> None:
    limits = parsed(as_json(take_snapshot(stopped)))["limits"]
    assert limits["mappings"] == sum(
        "[vsyscall]" not in line for line in Path(f"/proc/{stopped}/maps").read_text().splitlines()
    )
    assert limits["max_map_count"] == int(Path("/proc/sys/vm/max_map_count").read_text())
    assert set(limits["rlimits"]) == {"as", "data", "stack", "memlock"}
    totals = parsed(as_json(take_totals(stopped)))["limits"]
    assert (totals["mappings"], totals["rlimits"]) == (None, limits["rlimits"])
    assert parsed(as_json(parse_saved_smaps(EXAMPLE)))["limits"] is None


def test_the_json_has_the_control_group_with_the_nearest_limit(program: Callable[..., Path]) -> None:
    with limited_group("inner") as group, SteppedProgram(program("eater"), group / "cgroup.procs", "4") as eater:
        eater.go()
        found = parsed(as_json(take_snapshot(eater.pid)))["limits"]["cgroup"]
    assert (found["version"], found["memory_max"], found["oom_kills"]) == (1, LIMIT_BYTES, 0)
    assert found["path"] == f"/{group.parent.relative_to(VERSION_1)}"
    assert 0 < found["memory_current"] <= LIMIT_BYTES


def test_what_is_not_printed_is_null_and_what_is_unknown_appears() -> None:
    document = parsed(as_json(parse_saved_smaps(EXAMPLE)))
    assert [document[name] for name in ("process", "taken_at", "read_ms")] == [None, None, None]
    library = document["mappings"][1]
    assert (library["rss"], library["pss"], library["new_in_linux_9"]) == (8, 3, 0)
    assert [library[name] for name in ("swap", "anonymous", "thp_eligible")] == [None, None, None]
    assert (library["name"], library["deleted"]) == ("/usr/lib/lib one.so", True)
    rollup = document["rollup"]
    assert (rollup["rss"], rollup["pss"], rollup["private_dirty"], rollup["new_in_linux_9"]) == (32, 27, 24, 4)
    assert [rollup[name] for name in ("swap", "pss_anon", "pss_shmem")] == [None, None, None]
    assert "size" not in rollup


def test_flags_that_an_old_kernel_does_not_print_are_null() -> None:
    text = re.sub(rb"VmFlags.*\n", b"", EXAMPLE)
    assert [mapping["vm_flags"] for mapping in parsed(as_json(parse_saved_smaps(text)))["mappings"]] == [None] * 4


def test_a_saved_rollup_has_totals_and_no_mappings(stopped: int) -> None:
    text = Path(f"/proc/{stopped}/smaps_rollup").read_bytes()
    saved, live = parsed(as_json(parse_saved_smaps(text))), parsed(as_json(take_totals(stopped)))
    assert saved["rollup"] == live["rollup"]
    assert "mappings" not in saved
    assert "mappings" not in live


@pytest.mark.parametrize("text", [b"", b"no smaps\n", b"Rss: 4 kB\n"])
def test_another_text_is_reported(text: bytes) -> None:
    with pytest.raises(SmapstopError, match=r"it is empty|^not smaps"):
        parse_saved_smaps(text)


def test_names_that_are_not_utf8_make_valid_json_and_come_back() -> None:
    document = as_json(parse_saved_smaps(EXAMPLE.replace(b"one", b"\xff\x1b[1m\x7f\xc2\x9b")))
    assert document.isascii()
    assert all(char.isprintable() or char == "\n" for char in document)
    assert r"\udcff" in document
    name = parsed(document)["mappings"][1]["name"]
    assert os.fsencode(name) == b"/usr/lib/lib \xff\x1b[1m\x7f\xc2\x9b.so"


def test_groups_sum_their_mappings_largest_first() -> None:
    document = parsed(as_json(parse_saved_smaps(EXAMPLE), None, "file"))
    assert "mappings" not in document
    groups = document["groups"]
    told = [(group["name"], group["kind"], group["members"], group["size"], group["rss"]) for group in groups]
    assert told == [
        ("heap", "heap", 1, 132, 20),
        ("/usr/lib/lib one.so (deleted)", "file", 2, 12, 12),
        ("anonymous", "anonymous", 1, 16, 0),
    ]
    assert groups[1]["swap"] is None


def test_groups_by_kind_of_a_process_sum_to_its_totals(stopped: int) -> None:
    document = parsed(as_json(take_snapshot(stopped), None, "kind"))
    kinds = [group["kind"] for group in document["groups"]]
    assert len(kinds) == len(set(kinds))
    for name in ("rss", "private_dirty", "anonymous", "swap"):
        assert sum(group[name] for group in document["groups"]) == document["rollup"][name]


@pytest.mark.parametrize(
    ("key", "starts"),
    [
        ("rss", ["0x55d0c4a1e000", "0x7f0000000000", "0x7f0000002000", "0x7f0000004000"]),
        ("private_dirty", ["0x55d0c4a1e000", "0x7f0000002000", "0x7f0000000000", "0x7f0000004000"]),
        ("perms", ["0x7f0000000000", "0x55d0c4a1e000", "0x7f0000002000", "0x7f0000004000"]),
        ("name", ["0x55d0c4a1e000", "0x7f0000004000", "0x7f0000002000", "0x7f0000000000"]),
    ],
)
def test_amounts_are_sorted_largest_first_and_texts_from_a_to_z(key: str, starts: list[str]) -> None:
    snapshot = parse_saved_smaps(EXAMPLE)
    document = parsed(as_json(snapshot, parse_sorting(key, snapshot)))
    assert [mapping["start"] for mapping in document["mappings"]] == starts


def test_a_field_that_is_not_there_cannot_be_sorted_by() -> None:
    with pytest.raises(SmapstopError) as raised:
        parse_sorting("swap", parse_saved_smaps(EXAMPLE))
    expected = "name, perms, start, size, rss, pss, private_dirty, new_in_linux_9"
    assert str(raised.value) == f"no field 'swap' to sort by: the fields are {expected}"


def test_csv_has_a_header_and_a_row_per_mapping() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(parse_saved_smaps(EXAMPLE)))))
    assert [row["start"] for row in rows][:2] == ["0x55d0c4a1e000", "0x7f0000000000"]
    assert (rows[0]["vm_flags"], rows[0]["deleted"]) == ("rd wr mr mw me ac", "false")
    assert (rows[1]["name"], rows[1]["deleted"]) == ("/usr/lib/lib one.so", "true")
    assert (rows[1]["pss"], rows[1]["swap"], rows[1]["new_in_linux_9"]) == ("3", "", "0")


def test_a_carriage_return_in_a_name_ends_no_row_of_csv() -> None:
    text = as_csv(parse_saved_smaps(EXAMPLE.replace(b"lib one", b"lib\rone")))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == ["[heap]", "/usr/lib/lib\rone.so", "/usr/lib/lib\rone.so", ""]
    assert "\r\n" not in text


def test_csv_of_groups_and_of_totals() -> None:
    (heap, *_) = csv.DictReader(io.StringIO(as_csv(parse_saved_smaps(EXAMPLE), None, "kind")))
    assert (heap["name"], heap["members"], heap["rss"]) == ("heap", "1", "20")
    (totals,) = csv.DictReader(io.StringIO(as_csv(take_totals(os.getpid()))))
    assert int(totals["pss_anon"]) > 0


def test_the_table_fits_shortens_names_from_the_left_and_ends_with_the_totals() -> None:
    assert as_table(parse_saved_smaps(EXAMPLE), width=60).splitlines() == [
        "Mapping              Perm   Size    Rss    Pss PDirty   Anon",
        "[heap]               rw-p  132 K   20 K   20 K   20 K      –",
        "…ib one.so (deleted) r--p    8 K    8 K    3 K      0      –",
        "…ib one.so (deleted) rw-p    4 K    4 K    4 K    4 K      –",
        "anonymous            rw-p   16 K      0      0      0      –",
        "total                      160 K   32 K   27 K   24 K      –",
    ]


def test_the_table_says_what_rss_does_not_count() -> None:
    text = EXAMPLE.replace(b"NewInLinux_9:          3 kB", b"Private_Hugetlb: 2048 kB", 1)
    assert as_table(parse_saved_smaps(text)).splitlines()[-1] == "and 2 M of hugetlb memory, which is not in Rss"


@pytest.mark.parametrize("width", [20, 40, 64, 80, 100, 118, 240])
def test_the_table_of_a_process_fits_any_terminal(stopped: int, width: int) -> None:
    for grouping in ("none", "kind", "file"):
        lines = as_table(take_snapshot(stopped), Sorting("rss"), grouping, width=width).splitlines()
        assert max(map(len, lines)) <= width


def test_the_table_of_totals_has_the_kernels_labels() -> None:
    rollup = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    labels = [line.split()[0] for line in as_table(take_totals(os.getpid())).splitlines()]
    assert labels == [line.partition(":")[0] for line in rollup]


def test_a_process_that_is_not_there_or_has_no_memory_is_reported() -> None:
    zombie = os.fork()
    if not zombie:
        os._exit(0)
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
    try:
        for sample in (take_snapshot, take_totals):
            with pytest.raises(SmapstopError, match=f"process {zombie} .* has exited"):
                sample(zombie)
    finally:
        os.waitpid(zombie, 0)
    for sample in (take_snapshot, take_totals):
        with pytest.raises(SmapstopError, match=f"no process {zombie}"):
            sample(zombie)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_process_of_somebody_else_is_reported(stopped: int) -> None:
    reader, writer = os.pipe()
    stranger = os.fork()
    if not stranger:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        for sample in (take_snapshot, take_totals):
            try:
                sample(stopped)
            except SmapstopError as error:
                os.write(writer, f"{error}\n".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read().splitlines()
    os.waitpid(stranger, 0)
    expected = f"not permitted to read the memory map of process {stopped}: run as its user or as root, or with "
    assert told == [f"{expected}CAP_PERFMON or CAP_SYS_PTRACE"] * 2


def snapshot(*arguments: str, stdin: bytes = b"") -> bytes:
    command = [sys.executable, "-m", "smapstop", "snapshot", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


def test_from_reads_a_file_and_stdin_and_a_pipe_gets_json(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.write_bytes(EXAMPLE)
    expected = as_json(parse_saved_smaps(EXAMPLE)).encode()
    assert snapshot("--from", str(saved)) == expected
    assert snapshot("--from", "-", stdin=EXAMPLE) == expected


def test_a_name_finds_the_process(tmp_path: Path) -> None:
    program = tmp_path / own_name("snap")
    shutil.copy(shutil.which("cat") or "/bin/cat", program)
    process = subprocess.Popen([program], stdin=subprocess.PIPE)
    try:
        document = json.loads(snapshot("-p", program.name, "--rollup"))
    finally:
        process.communicate()
    assert document["process"]["pid"] == process.pid


def test_rollup_of_a_saved_text_is_its_sums() -> None:
    document = json.loads(snapshot("--from", "-", "--rollup", stdin=EXAMPLE))
    assert document["rollup"]["rss"] == 32
    assert "mappings" not in document


def test_csv_in_a_pipe_has_the_bytes_of_names_as_they_are() -> None:
    assert b"/usr/lib/lib \xff\x1b.so" in snapshot("--from", "-", "--format", "csv", stdin=_evil())


def shown_on(master: int) -> bytes:
    """All that a terminal shows until nobody has it open any more; it comes in parts."""
    shown = b""
    with os.fdopen(master, "rb", buffering=0) as terminal, suppress(OSError):  # EIO: everything is read
        while chunk := terminal.read(4096):
            shown += chunk
    return shown


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_terminal_gets_no_control_characters(form: str, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.write_bytes(_evil())
    master, slave = os.openpty()
    command = [sys.executable, "-m", "smapstop", "snapshot", "--from", str(saved), "--format", form]
    process = subprocess.Popen(command, stdout=slave, start_new_session=True)
    os.close(slave)
    shown = shown_on(master)
    assert process.wait(timeout=60) == 0
    assert b"lib " in shown
    assert all(char.isprintable() or char in "\r\n" for char in shown.decode())


def test_a_terminal_gets_a_table_of_its_width(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.write_bytes(EXAMPLE)
    master, slave = os.openpty()
    command = [sys.executable, "-m", "smapstop", "snapshot", "--from", str(saved)]
    environment = os.environ | {"COLUMNS": "64"}
    subprocess.run(command, stdout=slave, start_new_session=True, env=environment, check=True)
    os.close(slave)
    shown = shown_on(master).decode().replace("\r", "")
    assert shown == as_table(parse_saved_smaps(EXAMPLE), width=64)


def _evil() -> bytes:
    """A saved text with a name that would command a terminal, if it were shown as it is."""
    return EXAMPLE.replace(b"one", b"\xff\x1b")
