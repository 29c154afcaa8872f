"""The command line as a user meets it: real processes, real pipes, real terminals."""

import fcntl
import inspect
import os
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import smapstop
from e2e.processes import state_of
from places import own_name
from stepped_program import SteppedProgram, wait_for_exec

from smapstop.cli.commands import VERBS
from smapstop.cli.config.state_file import save_state

HELPS = [[], *([verb] for verb in VERBS)]
EXAMPLE = re.compile(r"  (CC=\w+ )?smapstop ")
RUN_AND_END = [verb for verb in HELPS if verb not in (["record"], ["metrics"], ["faults"])]


def on_terminal(*command: str | Path, **environment: str) -> tuple[int, str]:
    """Run a command on a terminal of 80 columns, and give its exit status and its stderr."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*map(str, command)],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"TERM": "xterm-256color"} | environment,
    )
    os.close(slave)
    _, errors = process.communicate(timeout=60)
    os.close(master)
    return process.returncode, errors.decode()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"never: {inspect.getsource(condition).strip()}"
        time.sleep(0.01)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "import smapstop.cli.main, smapstop.source.live, smapstop.cli.commands.record"],
        ["-m", "smapstop", "--help"],
    ],
)
def test_help_and_the_import_of_the_command_line_load_nothing_heavy(arguments: list[str]) -> None:
    program = [sys.executable, "-X", "importtime", *arguments]
    imported = subprocess.run(program, capture_output=True, text=True, check=True).stderr
    modules = {line.rpartition("|")[2].strip() for line in imported.splitlines()}
    assert "smapstop.cli.main" in modules
    assert modules & {"numpy", "textual", "psutil", "rich", "shtab", "smapstop.proc.columns"} == set()


@pytest.mark.parametrize("verb", HELPS)
def test_help_and_the_prompt_after_it_fit_a_terminal_and_it_has_two_worked_examples(verb: list[str]) -> None:
    lines = smapstop(*verb, "--help").stdout.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert len(lines) < 40
    examples = [line for line in lines[lines.index("examples:") + 1 :] if EXAMPLE.match(line)]
    assert len(examples) == 2


@pytest.mark.parametrize("verb", RUN_AND_END)
def test_the_examples_of_the_help_are_command_lines_that_work(verb: list[str], tmp_path: Path) -> None:
    """As far as the options go: the processes and files that they name are not here."""
    lines = smapstop(*verb, "--help").stdout.splitlines()
    for line in lines[lines.index("examples:") + 1 :]:
        if not EXAMPLE.match(line):
            continue
        words = shlex.split(re.split(r"\||(?<=\S)  | >", line)[0])
        arguments = words[words.index("smapstop") + 1 :]
        run = smapstop(*arguments)
        reported = run.stderr
        assert not run.returncode or re.search(r"a terminal|no process|are named|cannot read", reported), reported


def test_version() -> None:
    run = subprocess.run([sys.executable, "-m", "smapstop", "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"smapstop \d+\.\d+\.\d+\n", run.stdout)


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        ("redis-server", "unexpected 'redis-server': did you mean: smapstop -p redis-server"),
        ("4711 -i 2", "unexpected '4711': did you mean: smapstop -p 4711 -i 2"),
        ("-i 2 redis-server", "unexpected 'redis-server': did you mean: smapstop -i 2 -p redis-server"),
        ("./a.out", "unexpected './a.out': did you mean: smapstop -- ./a.out"),
        ("redis-server -p 6379", "unexpected 'redis-server': did you mean: smapstop -- redis-server -p 6379"),
        ("snapshoot -p 1", "unexpected 'snapshoot': did you mean: smapstop snapshot -p 1"),
        ("-i 2 demo", "unexpected 'demo': did you mean: smapstop demo -i 2"),
        ("help", "unexpected 'help': smapstop --help explains the options, smapstop guide everything else"),
        ("record --duration x", "--duration x: give seconds from 0.01 to 31622400"),
        ("-p 12 13", "unexpected '13': watch one process at a time"),
        ("-p 1 -- ls", "both -p and -- are given: -p watches a running process, -- starts a new one"),
        ("--", "no command after --: smapstop -- ./a.out ARG..."),
        ("--watch", "--watch needs a program to start: smapstop --watch -- ./a.out ARG..."),
        ("--watch src -p 1", "--watch needs a program to start: smapstop --watch -- ./a.out ARG..."),
        ("--filtre x", "unknown option --filtre: see smapstop --help"),
        ("-p", "-p/--pid: expected one argument: see smapstop --help"),
        ("-i 0.049", "--interval 0.049: give seconds from 0.05 to 3600"),
        ("-i 3601", "--interval 3601: give seconds from 0.05 to 3600"),
        ("-i nan", "--interval nan: give seconds from 0.05 to 3600"),
        ("-i soon", "--interval soon: give seconds from 0.05 to 3600"),
        ("--budget 101", "--budget 101: give percent of one CPU from 0.01 to 100"),
        ("--filter kind:hoop", "no kind 'hoop' in the filter: kinds are .*"),
        ("--sort size1", "no column 'size1' to sort by: the columns are moved, name, .*"),
        ("--columns name,rs", "no column 'rs': the columns are name, .*"),
        ("snapshot", "snapshot needs a process or a file: smapstop snapshot -p PID|NAME, or --from FILE"),
        ("snapshot redis", "unexpected 'redis': did you mean: smapstop snapshot -p redis"),
        (f"snapshot {__file__}", f"unexpected '{__file__}': did you mean: smapstop snapshot --from {__file__}"),
        ("snapshot -- ls", "snapshot cannot start a program: start it yourself, then: smapstop snapshot -p PID"),
        ("snapshot -p 1 --rollup --sort rss", "--rollup has nothing to sort: omit --sort"),
        ("snapshot -p 1 --rollup --group-by kind", ".*not allowed with.*: see smapstop snapshot --help"),
        ("snapshot -p 1 --from x", ".*not allowed with.*: see smapstop snapshot --help"),
        ("snapshot --from /no/such", "cannot read '/no/such': No such file or directory: --from reads .*"),
        ("snapshot -p 999999999", "no process 999999999: run smapstop without arguments to pick one from a list"),
        ("diff a", "diff needs two runs: smapstop diff A B"),
        ("diff a b c", "unexpected 'c': diff compares two runs: smapstop diff A B"),
        ("diff - -", "both runs are stdin: save one of them to a file"),
        ("diff a b -- ls", "diff cannot start a program: record two runs first: smapstop record -o FILE -- COMMAND"),
        ("diff a b --mertic rss", "unknown option --mertic: see smapstop diff --help"),
        ("diff a b --by colour", ".*invalid choice: 'colour'.*: see smapstop diff --help"),
        ("diff a b --fail-over 10", "--fail-over 10: give a percentage or an amount: 10%, 512k, 5M, or libfoo.so=5%"),
        ("diff a b --at noon", "--at noon: give start, end, peak, or seconds after the start; A,B for one each"),
        ("diff /no/such b", "cannot read '/no/such': No such file or directory: use a file from smapstop record .*"),
        ("demo now", "unexpected 'now': demo brings its own program: smapstop demo"),
        ("completion", "completion needs a shell: smapstop completion bash, zsh or fish"),
        ("completion tcsh", ".*invalid choice: 'tcsh'.*: see smapstop completion --help"),
        ("completion bash -- ls", "unexpected '--': smapstop completion bash, zsh or fish"),
    ],
)
def test_a_wrong_command_line_is_reported_in_one_line_with_what_to_do(arguments: str, reported: str) -> None:
    run = smapstop(*shlex.split(arguments))
    expected = reported if ".*" in reported else re.escape(reported)
    assert re.fullmatch(f"smapstop: {expected}\n", run.stderr), run.stderr
    assert (run.stdout, run.returncode) == ("", 2)


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ("-p 4711", "use smapstop snapshot -p 4711"),
        ("-- ls", "use smapstop record -o FILE -- ls"),
        ("", "use smapstop snapshot -p PID"),
        ("demo", "run smapstop demo in a terminal"),
    ],
)
def test_without_a_terminal_the_dashboard_says_what_to_use(arguments: str, remedy: str) -> None:
    run = smapstop(*arguments.split())
    expected = "the dashboard needs a terminal, but stdin is not a terminal"
    assert run.stderr == f"smapstop: {expected}: {remedy}\n"
    assert run.returncode == 2


def test_a_dumb_terminal_is_none() -> None:
    status, errors = on_terminal(sys.executable, "-m", "smapstop", TERM="dumb")
    expected = "smapstop: the dashboard needs a terminal, but TERM=dumb has no cursor: use smapstop snapshot -p PID"
    assert (errors, status) == (f"{expected}\n", 2)


def test_a_command_that_is_not_there_or_cannot_be_executed_ends_as_in_a_shell(tmp_path: Path) -> None:
    text = tmp_path / "text file"
    text.write_text("no program\n")
    cases = {
        "zq-no-such-command": (127, "no command 'zq-no-such-command': is it spelled right, and in PATH?"),
        f"{tmp_path}/gone": (127, f"no file '{tmp_path}/gone': is it built, and is the path right?"),
        f"{text}": (126, f"'{text}' is not executable: chmod +x '{text}'"),
        f"{tmp_path}": (126, f"'{tmp_path}' is a directory: name the program in it"),
    }
    for command, (status, reported) in cases.items():
        assert on_terminal(sys.executable, "-m", "smapstop", "--", command) == (status, f"smapstop: {reported}\n")


def test_what_the_system_refuses_is_reported() -> None:
    """Too few files may be open for the sampler."""
    command = f"ulimit -n 7; exec {shlex.quote(sys.executable)} -m smapstop -p {os.getpid()}"
    assert on_terminal("sh", "-c", command) == (2, "smapstop: [Errno 24] Too many open files\n")


def test_a_zombie_is_reported_before_the_dashboard_opens() -> None:
    zombie = os.fork()
    if not zombie:
        os._exit(0)
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
    try:
        status, errors = on_terminal(sys.executable, "-m", "smapstop", "-p", str(zombie))
    finally:
        os.waitpid(zombie, 0)
    assert re.fullmatch(
        rf"smapstop: process {zombie} \(.*\) has exited .*: its parent is process {os.getpid()}\n", errors
    )
    assert status == 2


WIRED = """
import sys, types
reported = open(sys.argv.pop(1), "w", buffering=1)
def show(source, begin, settings, *, walkthrough=None, rebuilds=None):
    listed = begin.processes() if hasattr(begin, "processes") else ()
    print(begin, settings, walkthrough, listed, sep="\\n", file=reported)
    print("terminal" if source.terminal_fd is not None else "none", "textual" in sys.modules, file=reported)
    if rebuilds is not None:
        print("watchfiles" in sys.modules, rebuilds().ag_frame.f_locals, file=reported)
    return 42
sys.modules["smapstop.ui.run"] = types.SimpleNamespace(run_dashboard=show)
from smapstop.cli.main import main
sys.exit(main())
"""
"""smapstop with a dashboard that only writes down its arguments."""


def arguments_of_dashboard(tmp_path: Path, *arguments: str) -> list[str]:
    """The arguments that the dashboard gets for those of the command line, each as a line."""
    reported = tmp_path / "reported"
    assert on_terminal(sys.executable, "-c", WIRED, reported, *arguments) == (42, "")
    return reported.read_text().splitlines()


def test_the_options_reach_the_dashboard(tmp_path: Path) -> None:
    options = "-i 0.25 --budget 2 --sort name --filter kind:heap --columns name,rss"
    begin, settings, walkthrough, _, terminal = arguments_of_dashboard(
        tmp_path, *shlex.split(options), "-p", str(os.getpid())
    )
    pace = "Pace(interval_ns=250000000, budget=0.02)"
    assert begin == f"Attach(pid={os.getpid()}, pace={pace}, callers=True, via='')"
    assert (walkthrough, terminal) == ("None", "none False")
    sorting = "Sorting(key='name', descending=False)"
    table = f"sorting={sorting}, filter='kind:heap', columns=('name', 'rss')"
    assert settings.startswith(f"Settings(pace={pace}, {table}, ")
    for default in ("keys={}", "theme=''", "pane=None", "inspector=None", "is_recording=False"):
        assert f", {default}" in settings
    assert "callers=True" in settings


def test_an_option_comes_before_the_config_file_and_that_before_what_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    save_state({"interval": 3.0, "sort": "pss", "theme": "nord", "pane": 9, "columns": ["name", "swap"]})
    config = tmp_path / "config.toml"
    config.write_text('interval = 2\nbudget = 1\nsort = "rss"\ncolumns = ["name", "rss"]\n[keys]\nmark = "M"\n')
    options = ["--config", str(config), "-i", "1.5", "--columns", "name,pss", "-p", str(os.getpid())]
    _, settings, *_ = arguments_of_dashboard(tmp_path, *options)
    pace, sorting = "Pace(interval_ns=1500000000, budget=0.01)", "Sorting(key='rss', descending=True)"
    table = f"sorting={sorting}, filter='', columns=('name', 'pss')"
    assert settings.startswith(f"Settings(pace={pace}, {table}, ")
    for chosen in ("keys={'mark': ('M',)}", "theme='nord'", "pane=9"):
        assert f", {chosen}, " in settings


def test_a_wrong_config_file_is_one_line_that_says_where(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[keys]\nmark = "F99"\n')
    status, reported = on_terminal(sys.executable, "-m", "smapstop", "--config", config, "-p", str(os.getpid()))
    assert status == 2
    assert reported.startswith(f"smapstop: {config}, line 2: mark: no key 'F99': give a character")
    assert reported.count("\n") == 1


def test_without_arguments_the_dashboard_gets_the_list_of_processes(tmp_path: Path) -> None:
    begin, _, _, processes, terminal = arguments_of_dashboard(tmp_path)
    assert begin.startswith("Pick(")
    assert terminal == "none False"
    assert f"ProcessInfo(pid={os.getpid()}," in processes


def test_the_program_itself_is_watched_or_what_is_named(tmp_path: Path) -> None:
    ls, there = shutil.which("ls"), tmp_path / "there"
    there.mkdir()
    *_, reported = arguments_of_dashboard(tmp_path, "--watch", "--", "ls", "-l")
    assert reported == f"False {{'path': PosixPath({ls!r}), 'must_be_executable': True}}"
    *_, reported = arguments_of_dashboard(tmp_path, "--watch", str(there), "--", "ls")
    assert reported == f"False {{'path': PosixPath({str(there)!r}), 'must_be_executable': False}}"
    *_, reported = arguments_of_dashboard(tmp_path, "--", "ls")
    assert reported == "terminal False"


def test_what_is_not_there_cannot_be_watched() -> None:
    reported = on_terminal(sys.executable, "-m", "smapstop", "--watch", "no/such/file", "--", "ls")
    assert reported == (2, "smapstop: no file 'no/such/file' to watch: is it built, and is the path right?\n")


def test_all_after_the_dashes_is_the_command(tmp_path: Path) -> None:
    begin, *_, terminal = arguments_of_dashboard(tmp_path, "--", "ls", "-i", "--", "-p")
    assert begin.startswith("Launch(command=('ls', '-i', '--', '-p'), environment={")
    assert terminal == "terminal False"


def test_the_program_gets_the_environment_of_the_user(tmp_path: Path) -> None:
    begin, *_ = arguments_of_dashboard(tmp_path, "--", "ls")
    assert "OPENBLAS_NUM_THREADS" not in begin
    assert f"'PATH': {os.environ['PATH']!r}" in begin


def test_the_demo_is_launched_with_what_to_do_and_leaves_nothing(tmp_path: Path) -> None:
    begin, _, walkthrough, _, terminal = arguments_of_dashboard(tmp_path, "demo")
    program = re.match(r"Launch\(command=\('([^']*)'", begin)
    assert program is not None
    assert Path(program[1]).name in ("experiment", Path(sys.executable).name)
    assert not Path(program[1]).exists()
    assert walkthrough.startswith("Walkthrough(file='experiment'")
    assert terminal == "terminal False"


def test_ctrl_c_ends_silently_as_in_a_shell() -> None:
    command = [sys.executable, "-m", "smapstop", "snapshot", "--from", "-"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # whoever runs the tests in the background has them ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    process.stdin.write(b"x")
    process.stdin.flush()
    waiting = process.stdin.fileno()
    wait_for(lambda: fcntl.ioctl(waiting, termios.FIONREAD, b"\0" * 4) == b"\0" * 4)  # it reads: it has begun
    wait_for(lambda: state_of(process.pid) == "S")  # Python sleeps through a signal that comes just before it sleeps
    process.send_signal(signal.SIGINT)
    try:
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
        output, errors = process.communicate()
    assert (output, errors) == (b"", b"")


@pytest.mark.parametrize("arguments", [["--help"], ["snapshot", "-p", str(os.getpid())]])
def test_a_reader_that_goes_away_ends_it_silently(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "smapstop", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.parametrize(("verb", "what"), [("snapshot -p $PPID", b"the snapshot"), ("--help", b"the help")])
def test_a_full_disk_and_a_closed_stdout_are_reported(verb: str, what: bytes) -> None:
    command = f"{shlex.quote(sys.executable)} -m smapstop {verb}"
    cases = {">/dev/full": b"No space left on device", ">&-": b"stdout is closed"}
    for redirection, why in cases.items():
        run = subprocess.run(["sh", "-c", f"{command} {redirection}"], capture_output=True, check=False)
        assert run.stderr == b"smapstop: cannot write " + what + b": " + why + b"\n"
        assert run.returncode == 2


def test_a_name_from_outside_never_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    name = own_name("evil")
    shell = shutil.copy(shutil.which("sh") or "/bin/sh", tmp_path / name)
    command = [name, "-c", "read x #\x1b[31m"]
    evil = [subprocess.Popen(command, executable=shell, stdin=subprocess.PIPE) for _ in range(2)]
    try:
        for process in evil:
            wait_for_exec(process.pid)
        run = smapstop("snapshot", "-p", name)
    finally:
        for process in evil:
            process.communicate()
    listed = ", ".join(rf"{process.pid} {name} -c read x #\x1b[31m" for process in evil)
    reported = f"smapstop: 2 processes are named '{name}' ({listed}): give the pid of one\n"
    assert run.stderr == reported


def test_a_name_that_several_have_means_the_head_of_their_family(
    program: Callable[[str], Path], tmp_path: Path
) -> None:
    named = tmp_path / own_name("family")
    named.write_bytes(program("two_children").read_bytes())
    named.chmod(0o755)
    with SteppedProgram(named) as parent:
        parent.go()
        begin, *_ = arguments_of_dashboard(tmp_path, "-p", named.name)
    assert begin.startswith(f"Attach(pid={parent.pid},")
