"""What the memory of real processes is for: no label contradicts their files, their threads or the sizes."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from elftools.elf.elffile import ELFFile
from leftovers import terminating
from stepped_program import SteppedProgram, wait_until

from smapstop.model.labels import Label
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.proc.threads import list_other_threads, read_stack_pointer, read_stack_pointers
from smapstop.report.label_reader import read_labels

LIBC = os.confstr("CS_GNU_LIBC_VERSION") or ""
GLIBC = pytest.mark.skipif("glibc" not in LIBC, reason="another libc has other arenas")
NOBODY = 65534


@GLIBC
def test_threads_arenas_and_zeroed_data_of_a_real_program(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("threads")) as target, ProcDir(target.pid) as process:
        wait_until(lambda: len(read_stack_pointers(process)) == 2)
        mappings = parse_smaps(process.read_maps())
        labels = read_labels(process, mappings)
        tids = sorted(int(tid) for tid in os.listdir(f"/proc/{target.pid}/task") if int(tid) != target.pid)
        assert Label(f"stack of worker one {tids[0]}", guess=False) in labels
        assert Label(f"stack of worker two {tids[1]}", guess=False) in labels
        assert labels.count(Label("malloc arena", guess=False)) == 2
        row = int(mappings.start.searchsorted(target.address, "right")) - 1
        bss = row if mappings.name_of(row) == "" else row + 1  # it may begin on the last page of .data
        assert labels[bss] == Label("threads .bss", guess=False)


@GLIBC
def test_a_stack_pointer_alone_makes_no_stack(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("odd_stacks")) as target, ProcDir(target.pid) as process:
        wait_until(lambda: len(read_stack_pointers(process)) == 6)
        mappings = parse_smaps(process.read_smaps())
        labels, found = read_labels(process, mappings), {}
        for _ in range(4):
            row = int(mappings.start.searchsorted(target.address, "right")) - 1
            found[target.words[0]] = re.sub(r" odd_stacks \d+", " TID", str(labels[row] or ""))
            if len(found) < 4:
                target.go()
        assert found == {
            "together": "stacks of 2 threads",
            "large": "",
            "lone": "stack of TID?",
            "arena": "malloc arena",
        }


# real programs

Started = Callable[[Path], subprocess.Popen[bytes]]


def start(*command: str | Path, user: int | None = None, directory: Path | None = None) -> subprocess.Popen[bytes]:
    """A program that waits for its standard input, and ends when it is terminated."""
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=silent, stderr=silent, user=user, cwd=directory)


def start_python(_: Path) -> subprocess.Popen[bytes]:
    code = (
        "import ctypes, decimal, json, sqlite3, ssl, sys, threading\n"
        "for _ in range(3): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "kept = [{'id': n, 'name': str(n)} for n in range(20_000)]\n"
        "sys.stdin.read()"
    )
    return start(sys.executable, "-c", code)


def start_nginx(directory: Path) -> subprocess.Popen[bytes]:
    (directory / "conf").write_text(f"error_log {directory}/log; pid {directory}/pid; daemon off; events {{}}\n")
    return start("nginx", "-p", directory, "-c", "conf")


def start_postgres(directory: Path) -> subprocess.Popen[bytes]:
    user = NOBODY if os.geteuid() == 0 else None  # it refuses to run as root
    data = directory / "data"
    options = ("-N", "-A", "trust", "--no-instructions", "-D", str(data))
    subprocess.run(["initdb", *options], check=True, stdout=subprocess.DEVNULL, user=user)
    return start("postgres", "--single", "-D", data, "template1", user=user)


def start_redis(directory: Path) -> subprocess.Popen[bytes]:
    return start("redis-server", "--port", "0", "--unixsocket", "socket", "--save", "", directory=directory)


PROGRAMS: dict[str, tuple[Started, int]] = {
    "python3": (start_python, 4),
    "java": (lambda _: start("java", "-m", "java.rmi/sun.rmi.registry.RegistryImpl", "0"), 10),
    "node": (lambda _: start("node", "-e", "process.stdin.resume()"), 5),
    "gofmt": (lambda _: start("gofmt"), 2),
    "postgres": (start_postgres, 1),
    "nginx": (start_nginx, 1),
    "redis-server": (start_redis, 4),
}
"""How to start them, and their fewest threads; gofmt is of Go."""


@contextmanager
def stopped(started: subprocess.Popen[bytes], threads: int) -> Iterator[ProcDir]:
    """A program that has so many threads, waits for something, and then stands still."""
    try:
        # not killed: Postgres removes its shared memory
        with terminating(started.pid), ProcDir(started.pid) as process:
            wait_until(lambda: (process.counters().threads or 0) >= threads and process.counters().state == "S")
            started.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, started.pid, os.WSTOPPED)  # all its threads: until then, they begin others
            others = list_other_threads(process)
            wait_until(lambda: all(read_stack_pointer(process, tid) for tid in (*others, started.pid)))
            yield process
    finally:
        started.communicate()


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_label_contradicts_the_files_the_threads_or_the_sizes(name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    begin, threads = PROGRAMS[name]
    with TemporaryDirectory() as directory, stopped(begin(open_to_all(directory)), threads) as process:
        mappings = parse_smaps(process.read_smaps())
        labels = read_labels(process, mappings)
        pointers = [read_stack_pointer(process, tid) for tid in (*list_other_threads(process), process.pid)]
        inside = Counter(row_of(mappings, pointer.address) for pointer in pointers if pointer)
        wrong = [
            f"{mappings.start[row]:x} {label}"
            for row, label in enumerate(labels)
            if label and not mappings.name[row] and not is_true(mappings, row, label, inside[row])
        ]
        assert wrong == []
        missed = [
            row for row, count in inside.items() if count == 1 and is_guarded(mappings, row) and not labels[row]
        ]
        assert missed == []


def open_to_all(directory: str) -> Path:
    """A directory where another user may write, too."""
    path = Path(directory)
    path.chmod(0o777)
    return path


def row_of(mappings: Mappings, address: int) -> int:
    return int(mappings.start.searchsorted(address, "right")) - 1


def is_guarded(mappings: Mappings, row: int) -> bool:
    before = row - 1
    adjacent = mappings.end[before] == mappings.start[row] and mappings.perms_of(before) == "---p"
    return bool(adjacent and mappings.end[before] - mappings.start[before] <= 64 << 10 and not mappings.name[row])


def bss_kb(mappings: Mappings, row: int) -> int:
    """Zeroed data of the file before a mapping that is mapped without it, kB; as pyelftools tells it."""
    with open(mappings.name_of(row - 1), "rb") as file:
        kb = 0
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            end, stop = (segment["p_vaddr"] + segment[size] + 4095 & ~4095 for size in ("p_filesz", "p_memsz"))
            kb = max(kb, (stop - end) // 1024)
        return kb


def is_true(mappings: Mappings, row: int, label: Label, stack_pointers: int) -> bool:
    """Whether the files and the threads of a process bear a label out."""
    size_kb = int(mappings.end[row] - mappings.start[row]) // 1024
    flags = mappings.string_at(mappings.flags, row).split()
    if label.text.endswith(".bss"):
        return not label.guess and 0 < size_kb <= bss_kb(mappings, row)
    if label.text.startswith("stack of"):
        return stack_pointers == 1 and label.guess != is_guarded(mappings, row) and "ac" in flags
    if label.text.startswith("stacks of"):
        return not label.guess and label.text == f"stacks of {stack_pointers} threads"
    if label.text == "guard of a stack":
        return is_guarded(mappings, row + 1)
    if label.text in ("malloc arena", "malloc reserve"):
        return "nr" in flags and size_kb <= 64 << 10
    if label.text == "malloc block":
        return "ac" in flags and size_kb > 128
    if label.text == "Python heap":
        return not label.guess and any("python" in mappings.name_of(row) for row in range(len(mappings)))
    if label.text == "JIT code":
        return label.guess and "x" in mappings.perms_of(row)
    if label.text in ("jemalloc", "mimalloc"):
        return label.guess and "nr" in flags
    if label.text == "V8 heap":
        return label.guess and {"dc", "nr"} <= set(flags)
    if label.text == "JVM heap":
        return not label.guess and "JVM" not in mappings.name_of(row)
    return label == Label("Go heap", guess=False) and int(mappings.start[row]) >> 32 in (0xC0, 0x40)
