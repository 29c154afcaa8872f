"""Stacks through code that was written at run time: Python's trampolines, V8's functions, Java's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from leftovers import undone_by
from places import PROGRAMS
from proc.callstack import test_unwind_truth

from smapstop.model.callers.folding import fold_frames
from smapstop.proc.callstack.frames import Frame
from smapstop.text.functions import function_text

PYTHON = """
import ctypes, mmap, sys
memory = mmap.mmap(-1, 64 * 4096)
def remember(pages):
    for page in range(pages):
        memory[page * 4096] = 1
def handle(pages):
    remember(pages)
def main():
    for label in ("ready", "touched"):
        print(label, hex(ctypes.addressof(ctypes.c_char.from_buffer(memory))), flush=True)
        sys.stdin.readline()
        handle(27)
main()
"""
NODE = """
const fs = require('fs'), keep = [];
function remember(bytes) { const buffer = Buffer.allocUnsafeSlow(bytes); buffer.fill(1); keep.push(buffer); }
function handle(bytes) { remember(bytes); }
for (const label of ['ready', 'touched']) {
    fs.writeSync(1, label + ' 0\\n');
    fs.readSync(0, Buffer.alloc(1));
    handle(64 * 4096);
}
"""
EVERYWHERE = 2**52


@contextmanager
def watched(*command: str | Path) -> Iterator[test_unwind_truth.WatchedFaults]:
    """Watch a program that writes the names of its functions to /tmp; they are removed afterwards."""
    with ExitStack() as stack:
        target = stack.enter_context(test_unwind_truth.watched(*command))
        stack.enter_context(undone_by('rm -f "$1"', f"/tmp/perf-{target.program.pid}.map"))
        yield target


def find_python(version: str) -> Path | None:
    """A Python of a version that has trampolines: on the path, or installed beside the one that runs this."""
    probe = "import sysconfig, sys; sys.exit(sysconfig.get_config_var('PY_HAVE_PERF_TRAMPOLINE') != 1)"
    beside = Path(sys.base_prefix).parent.glob(f"{version}*/bin/python{version}")
    for python in (*beside, shutil.which(f"python{version}")):
        if python and not subprocess.run([python, "-c", probe], stderr=subprocess.DEVNULL).returncode:
            return Path(python)
    return None


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_python_is_recognised_by_its_functions(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} with trampolines is not installed")
    script = tmp_path / "leak.py"
    script.write_text(PYTHON)
    monkeypatch.setenv("PYTHONPERFSUPPORT", "1")
    with watched(python, script) as target:
        faults = target.next_step(64)
        assert faults.total() == 27
        for stack in faults:
            frames = fold_frames([Frame(name, "", 0) for name in stack.split(" < ")])
            names = [frame.name for frame in frames if frame.name and frame.name.startswith("py::")]
            assert names == [f"py::{name}:{script}" for name in ("remember", "handle", "main", "<module>")]
            assert stack.endswith("_start")


def require_names_in_tmp() -> None:
    """Skip where names cannot be written to /tmp."""
    if not os.access("/tmp", os.W_OK):
        pytest.skip("nothing may be written to /tmp")


def test_javascript_is_recognised_by_its_functions(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    require_names_in_tmp()
    script = tmp_path / "leak.js"
    script.write_text(NODE)
    options = ("--perf-basic-prof", "--interpreted-frames-native-stack", "--no-logfile-per-isolate")
    with watched(node, *options, f"--logfile={tmp_path}/v8.log", script) as target:
        faults = target.next_step(EVERYWHERE)
        inside = {stack: count for stack, count in faults.items() if "remember" in stack and "memset" in stack}
        assert sum(inside.values()) == 64
        for stack in inside:
            names = [name.split()[0].lstrip("JS:*~^+") for name in stack.split(" < ") if name.startswith("JS:")]
            assert names[:4] == ["_fill", "fill", "remember", "handle"]
            assert not stack.endswith("…")


def test_java_is_recognised_by_its_compiled_functions(tmp_path: Path) -> None:
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None:
        pytest.skip("no JDK is installed")
    require_names_in_tmp()
    options = ("-XX:+PreserveFramePointer", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xbatch")
    apart = ("-XX:CompileCommand=quiet", "-XX:CompileCommand=dontinline,Callers.*")
    with watched(java, *options, *apart, PROGRAMS / "Callers.java", tmp_path / "memory") as target:
        faults = target.next_step(19)
        assert faults.total() == 19
        for stack in faults:
            names = [function_text(Frame(name, "", 0)) for name in stack.split(" < ")]
            at = names.index("Callers.touch")
            assert names[at + 1 : at + 3] == ["Callers.handle", "Interpreter"]
            assert names[-1] != "…"
