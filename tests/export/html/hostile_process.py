"""A real process whose mappings, name, and arguments attack whoever shows them in a page."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from stepped_program import DEADLINE_SECONDS, wait_until

from smapstop.errors import SmapstopError
from smapstop.recording.reader import Recording

MARKUP = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
QUOTES = "\" ' ` onmouseover=window.pwned=1 {{7*7}} {% raw %} &lt; <!-- ]]>"
LINE_ENDS = "line\nend\ttab\x1b[31m\r"
RIGHT_TO_LEFT = "שלום عربي \u202edrawkcab\u2066"
LONG = "long-name-" * 24
NOT_UTF8 = "bytes-\udcff\udcfe"
NAMES = (MARKUP, QUOTES, LINE_ENDS, RIGHT_TO_LEFT, LONG, NOT_UTF8)
PROCESS_NAME = '"><b id=pwned>'
"""At most 15 bytes, as prctl takes."""
_PROGRAM = """
import ctypes, mmap, os, sys, time
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
maps = []
for path in sys.argv[2:]:
    with open(path, "r+b") as file:
        maps.append(mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE))
page = mmap.PAGESIZE
for step in range(40):
    for each in maps:
        each[step * page] = 1
    time.sleep(0.04)
print("done", flush=True)
sys.stdin.read()
os._exit(0)
"""
"""At its end nothing is unmapped before it is gone: a reading at that moment would have none of the names."""


def record_hostile_process(folder: Path) -> Path:
    """Record a process that writes to private mappings of files with such names, and return the recording."""
    files = []
    for name in NAMES:
        file = folder / "files" / name  # a slash makes it several parts of a path, which is printed as a whole
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(40 * 4096 * 16))
        files.append(str(file))
    recording = folder / "hostile.smaps"
    command = [sys.executable, "-c", _PROGRAM, PROCESS_NAME, *files]
    options = ["-i", "0.1", "--budget", "100", "--no-callers", "-o", str(recording)]
    record = [sys.executable, "-m", "smapstop", "record", *options, "--"]
    with subprocess.Popen([*record, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as recorder:
        assert recorder.stdin is not None
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == b"done\n"
        known = _readings(recording)
        wait_until(lambda: _readings(recording) > known + 1)
        recorder.stdin.close()
        assert recorder.wait(DEADLINE_SECONDS) == 0
    return recording


def _readings(recording: Path) -> int:
    """How often the mappings were read, as far as it is written."""
    try:
        with closing(Recording(recording)) as opened:
            return sum(tick.has_mappings for tick in opened.ticks())
    except SmapstopError:  # it is not written yet
        return 0
