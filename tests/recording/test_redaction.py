"""A recording without words: none of them is in its bytes, and what it tells is otherwise the same."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from factories import cgroup_memory, mappings_of, tick_of
from list_source import target
from stepped_program import SteppedProgram, wait_until
from tick_equality import tick_values

from smapstop.errors import SmapstopError
from smapstop.model.callers.call_stacks import BEYOND, CallStacks
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import MECHANISMS, Events
from smapstop.model.family.reading import FamilyMember, FamilyReading
from smapstop.model.kinds import kind_of, kinds_of
from smapstop.model.protocol import Pace, Target
from smapstop.model.tick import ExitStatus, OomKill, OomLimit, Tick
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.limits import CgroupMemory, Limits
from smapstop.proc.process import ProcDir
from smapstop.recording.new_file import FILE_SUFFIXES
from smapstop.recording.reader import Recording
from smapstop.recording.redaction import Redaction
from smapstop.recording.writer import Recorder
from smapstop.report.diff.compare import diff_runs
from smapstop.report.diff.inputs import ComparedRun
from smapstop.sampling.sampler import Sampler

Program = Callable[[str], Path]
SECRETS = (b"secret-folder", b"secret-program", b"secret-data", b"secret-argument", b"secret_variable", b"pwn")
"""What the process is called, lies in, maps, and was given; `pwn` is in the names of its memory and threads."""
PLACEHOLDER = b"name_of_a_variable_that_is_replaced"


@pytest.fixture
def secretive(program: Program, tmp_path: Path) -> tuple[Path, Path, str]:
    """A program with its file of data and its argument, all of which have names that nobody shall know."""
    folder = tmp_path / "secret-folder"
    folder.mkdir()
    executable, data = folder / "secret-program", folder / "secret-data"
    executable.write_bytes(
        program("hostile").read_bytes().replace(PLACEHOLDER, b"secret_variable".ljust(len(PLACEHOLDER), b"_"))
    )
    executable.chmod(0o700)
    data.write_bytes(b"x" * 4096)
    return executable, data, "secret-argument"


def record(path: Path, *options: str, command: tuple[Path, Path, str]) -> list[Tick]:
    """Record a program that copies pages on write, by the command line, and read it back."""
    words = [sys.executable, "-m", "smapstop", "record", "-o", str(path), "-i", "0.05", "--budget", "100", *options]
    with SteppedProgram(*command) as stepping, subprocess.Popen([*words, "-p", str(stepping.pid)]) as recorder:
        wait_until(lambda: count(path) > 2)
        stepping.go()
        done_ns = time.time_ns()
        wait_until(lambda: count(path, done_ns) > 1)
        recorder.terminate()
        assert recorder.wait() == 0
    with closing(Recording(path)) as recording:
        return list(recording.ticks())


def count(path: Path, since_ns: int = 0) -> int:
    """How many readings of the mappings are in a recording since then, also those that are only in its log."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            query = "SELECT count(*) FROM ticks WHERE tier = 'smaps' AND wall_ns > ?"
            return int(database.execute(query, [since_ns]).fetchone()[0])
        except sqlite3.Error:
            return 0


def copied_kb(ticks: list[Tick]) -> int:
    """How much was copied on write in all ticks."""
    code = MECHANISMS.index("copy-on-write")
    return sum(int(tick.events.kb[tick.events.what == code].sum()) for tick in ticks)


def bytes_of(path: Path) -> bytes:
    return b"".join(Path(f"{path}{side}").read_bytes() for side in FILE_SUFFIXES if Path(f"{path}{side}").exists())


def test_no_word_is_in_the_bytes_of_a_redacted_recording(
    secretive: tuple[Path, Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "secret-environment")
    plain, redacted = tmp_path / "plain", tmp_path / "redacted"
    ticks = record(plain, command=secretive)
    assert [secret for secret in SECRETS if secret not in bytes_of(plain)] == []
    hidden = record(redacted, "--redact", command=secretive)
    found = [secret for secret in (*SECRETS, b"secret", b"libc", b"/usr") if secret in bytes_of(redacted)]
    assert found == []
    assert b"secret-environment" not in bytes_of(plain)
    assert kinds_of(hidden[0].rows) == kinds_of(ticks[0].rows)
    # two runs: the ticks in which it happens, and the kernel's own writeback, may differ
    assert copied_kb(hidden) == copied_kb(ticks) > 0


def test_reports_differ_only_in_words(program: Program, tmp_path: Path) -> None:
    redaction, path = Redaction(), tmp_path / "run"
    recorder = Recorder(path, redaction=redaction)
    recorder.write_target(target())
    with SteppedProgram(program("fork_file"), tmp_path / "file") as stepping, ProcDir(stepping.pid) as process:
        sampler = Sampler(process, Pace(budget=1.0))
        ticks = [sampler.sample()]
        for _ in range(2):
            stepping.go()
            ticks.append(sampler.sample())
    for tick in ticks:
        recorder.write_ticks(tick)
    recorder.close("--count")
    with closing(Recording(path)) as recording:
        hidden = list(recording.ticks())
        assert recording.stop_reason == "--count"

    same = {"ids", "gone", "events", "lineage", "totals", "number", "wall_ns", "keyframe", "tier"}
    assert [{name: tick_values(tick)[name] for name in same} for tick in ticks] == [
        {name: tick_values(tick)[name] for name in same} for tick in hidden
    ]
    assert [tick.rows.amounts.tolist() for tick in ticks] == [tick.rows.amounts.tolist() for tick in hidden]
    assert alike(ticks[0].rows) == alike(hidden[0].rows)


def alike(rows: Mappings) -> list[int]:
    """For each mapping the first one of the same file."""
    files = [(rows.name_of(row), int(rows.inode[row])) for row in range(len(rows))]
    return [files.index(file) for file in files]


@pytest.mark.parametrize(
    "name",
    [
        *("", "[heap]", "[stack]", "[stack:17]", "[vdso]", "[vvar_vclock]", "/dev/zero (deleted)"),
        *("/anon_hugepage (deleted)", "/drm mm object (deleted)", "anon_inode:[io_uring]", "/[aio] (deleted)"),
    ],
)
def test_what_every_process_may_have_keeps_its_name(name: str) -> None:
    assert Redaction().redact_name(name) == name


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("/home/me/a", "/file-1"),
        ("/home/me/a (deleted)", "/file-1 (deleted)"),
        ("/home/me/lib.so.6/a\nb", "/file-1"),
        ("/usr/lib/libc.so.6", "/library-1"),
        ("/usr/lib/a.cpython-311-x86_64-linux-gnu.so", "/library-1"),
        ("/memfd:mine (deleted)", "/memfd:1 (deleted)"),
        ("/dev/shm/mine", "/dev/shm/1"),
        ("/SYSV0badcafe (deleted)", "/SYSV00000001 (deleted)"),
        ("/run/shm/mine", "/dev/shm/1"),
        ("/dev/hugepages1G/mine", "/dev/hugepages/1"),
        ("/dev/ashmem/mine (deleted)", "/dev/ashmem/1 (deleted)"),
        ("/dev/dri/card0", "/dev/1"),
        ("/dmabuf:mine", "/dmabuf:1"),
        ("/sys/devices/mine/resource0", "/sys/1"),
        ("anon_inode:mine.so", "anon_inode:1"),
        ("socket:[4711]", "socket:[1]"),
        ("[anon:mine]", "[anon:1]"),
        ("[anon:[heap]]", "[anon:1]"),
        ("[anon_shmem:mine]", "[anon_shmem:1]"),
        ("[Not the kernel's]", "[special:1]"),
        ("anything", "/file-1"),
    ],
)
def test_other_names_become_their_kind_and_a_number(name: str, instead: str) -> None:
    assert Redaction().redact_name(name) == instead
    if name != "anything":
        assert kind_of(name) is kind_of(instead)


def test_a_number_stays_and_the_program_is_distinguished_from_other_files() -> None:
    redaction = Redaction()
    redaction.redact_target(target())
    program = target().executable
    assert program is not None
    names = ["/a", "/b", program, "/a", "/c.so", "/b (deleted)"]
    expected = ["/file-1", "/file-2", "/program", "/file-1", "/library-1", "/file-2 (deleted)"]
    assert [redaction.redact_name(name) for name in names] == expected


@pytest.mark.parametrize(
    ("why", "reported"),
    [
        *((why, why) for why in ("--count", "SIGTERM", "the process ended", "the dashboard was left")),
        *((why, why) for why in ("it was saved while it went on", "it was not saved to its end")),
        ("the sampler process died (No such file: '/secret')", ""),
        ("it was '/secret' that saved it", ""),
    ],
)
def test_the_reason_of_the_end_names_nobody(why: str, reported: str) -> None:
    assert Redaction().redact_reason(why) == reported


def test_a_limit_is_kept_without_the_name_of_its_cgroup() -> None:
    ending = ExitStatus(signal=9, oom=OomKill(True, OomLimit(1 << 26, "/docker/secret")))
    redacted = Redaction().redact_tick(tick_of(0, mappings_of(), [], ending=ending)).ending
    assert redacted == ExitStatus(signal=9, oom=OomKill(True, OomLimit(1 << 26, "/redacted")))


def test_the_path_of_the_limiting_control_group_is_redacted() -> None:
    limits = Limits(65530, cgroup=cgroup_memory(path="/user.slice/me"))
    redacted = Redaction().redact_tick(tick_of(0, mappings_of((1, 2, "rw-p", "", 4)), [1], limits=limits)).limits
    assert redacted == Limits(65530, cgroup=cgroup_memory(path="/redacted"))


def test_functions_and_their_files_have_numbers() -> None:
    redaction, stacks = Redaction(), CallStacks()
    frames = [
        Frame("secret_function", "/secret/lib.so", 5, "secret.c:7"),
        Frame(None, "/secret/lib.so", 16),
        Frame("secret_function", "/secret/other", 5),
        Frame("secret_function", "/secret/lib.so", 9, "secret.c:8"),
        Frame("py::secret:x.py", "", 3),
        BEYOND,
    ]
    stack = stacks.intern(frames)
    ids = np.array([stack, 0], np.int32)
    faults = PageFaults(1, 2, 3, 4, 5, ids.astype(np.int64), ids, 9 * ids.astype(np.int64), stacks)

    for _ in range(2):
        redacted = redaction.redact_tick(tick_of(0, mappings_of(), [], faults=faults)).faults
        assert redacted is not None
        assert list(redacted.stacks.frames_of(stack)) == [
            Frame("function-2", "/library-1", 5),
            Frame(None, "/library-1", 16),
            Frame("function-3", "/file-1", 5),
            Frame("function-2", "/library-1", 9),
            Frame("function-1", "", 3),
            BEYOND,
        ]
        assert tick_values(tick_of(0, mappings_of(), [], faults=redacted))["faults"]["rows"][1] == (0, (), 0)


def test_what_may_hold_words_is_known() -> None:
    """Whoever adds something to what is recorded decides here whether it names anybody."""
    recorded = (Target, Tick, Counters, Mappings, Events, ExitStatus, OomKill, OomLimit, Limits, CgroupMemory)
    others = (PageFaults, FamilyReading, FamilyMember)
    hidden = {"command_line", "executable", "name", "counters", "rows", "names", "stacks", "missing", "path", "user"}
    names = {field.name for each in (*recorded, *others) for field in fields(each) if "str" in str(field.type)}
    assert names - hidden == {"fields", "state", "states", "totals", "missing_callers", "cgroup_missing"}
    assert {field.name for field in fields(Tick)} - {
        *("number", "monotonic_ns", "wall_ns", "read_ns", "cpu_ns", "interval_ns", "smaps_interval_ns", "counters"),
        *("tier", "totals", "keyframe", "ids", "rows", "gone", "lineage", "events", "torn", "executed"),
        *("ending", "missing", "stacks", "limits", "faults", "due_ns"),
    } == set()
    assert {field.name for field in fields(FamilyReading)} == {
        *("wall_ns", "monotonic_ns", "cost_ns", "pids", "ppids", "start_times", "states", "read_ns", "amounts"),
        *("new", "missing"),
    }


def test_runs_whose_files_have_other_numbers_are_compared_by_kind_alone() -> None:
    rows = mappings_of((1, 2, "rw-p", "/file-1", 4))
    a, b, named = ComparedRun("a", rows, redaction="1"), ComparedRun("b", rows, redaction="2"), ComparedRun("c", rows)
    for other in (b, named):
        with pytest.raises(SmapstopError, match=r"have numbers, not names.*--by kind"):
            diff_runs(a, other, "name", "rss", unchanged=True)
        assert diff_runs(a, other, "kind", "rss", unchanged=True).rows
    assert diff_runs(a, a, "name", "rss", unchanged=True).rows
