"""The question that started it all, from the command line to the answer on the screen."""

import mmap
import re
import shlex
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.processes import write_back
from e2e.terminals import SMAPSTOP, Terminal, Terminals

from smapstop import demo

Amounts = dict[str, int]
FIELDS = ("Rss", "Private_Clean", "Private_Dirty", "Anonymous")
OPTIONS = "-i 0.2 --columns name,rss,private_clean,private_dirty,anonymous,happened"
PAGE_KB = 4

pytestmark = pytest.mark.skipif(mmap.PAGESIZE != 1024 * PAGE_KB, reason="the array of the question is a page of 4 kB")


@pytest.fixture
def seed(program: Callable[[str], Path]) -> Iterator[Path]:
    """The program, on a disk: /tmp may be memory, where pages are dirty for ever. Its file is as if just linked."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        executable = Path(folder) / "seed"
        executable.write_bytes(program("seed").read_bytes())
        executable.chmod(0o755)
        yield executable


def in_smaps(pid: int) -> Amounts:
    """The fields of the program's .data as the kernel prints them, kB."""
    text = Path(f"/proc/{pid}/smaps").read_text()
    (record,) = re.findall(r"^\S+ rw-p .*/seed\n((?:[A-Z].*\n)*)", text, re.MULTILINE)
    return {field: int(re.findall(rf"^{field}: +(\d+) kB", record, re.MULTILINE)[0]) for field in FIELDS}


def on_screen(screen: str) -> tuple[Amounts, str]:
    """The same fields in the row of the table, and what it says that happened."""
    row = re.search(r"seed \.data +(\S+ ?K?) +(\S+ ?K?) +(\S+ ?K?) +(\S+ ?K?) +(.*?) · ", screen)
    if row is None:
        return {}, ""
    *amounts, happened = row.groups()
    return {field: int(amount.split()[0]) for field, amount in zip(FIELDS, amounts, strict=True)}, happened


def in_detail(screen: str) -> dict[str, tuple[int, int]]:
    """What the detail says of the fields: before and after. Those that are 0 are folded away."""
    rows = re.findall(r"^[ ›]+(\w+) +(\d+) (?:→| ) (\d+) ", screen, re.MULTILINE)
    return dict.fromkeys(FIELDS, (0, 0)) | {field: (int(before), int(after)) for field, before, after in rows}


def show_data(terminal: Terminal) -> None:
    """Have only the row of the program's .data in the table."""
    terminal.press("/")
    terminal.wait_for("kind:heap +perm:w")
    terminal.type("seed .data")
    terminal.wait_for(r"seed \.data ✕ +1 of \d+ mappings")
    terminal.press("Enter")


def test_writing_the_array_is_one_page_copied_on_write(terminal: Terminals, seed: Path) -> None:
    write_back(seed)
    window = terminal(f"{SMAPSTOP} {OPTIONS} -- {shlex.quote(str(seed))}")
    window.wait_for(r"^│type a letter")
    pid = window.program_pid()
    before = in_smaps(pid)
    assert before["Private_Clean"] == PAGE_KB
    show_data(window)
    window.wait_for_screen(lambda screen: on_screen(screen)[0] == before, f".data is {before}")
    window.press("m", "m")
    window.wait_for(r"Δ mark \d\d:\d\d:\d\d")

    window.press("i")
    window.wait_for("F12 leaves the program")
    window.type("x")
    window.press("Enter")
    window.wait_for(r"^│written")
    after = in_smaps(pid)
    moved = {field: after[field] - before[field] for field in FIELDS}
    expected = {"Rss": 0, "Private_Clean": -PAGE_KB, "Private_Dirty": PAGE_KB, "Anonymous": PAGE_KB}
    assert expected == moved

    window.wait_for_screen(lambda screen: on_screen(screen)[0] == after, f".data is {after}")
    # what is on the page, and who wrote to it, may be known a little later
    window.wait_for_screen(
        lambda screen: re.fullmatch(r"1 p CoW: page1( by \w+)?", on_screen(screen)[1]), "what happened to .data"
    )

    window.press("F12")
    window.wait_for("press i to type into it")
    window.press("Enter")
    window.wait_for("1 page .* written")
    window.press("2", "z")
    both = {field: (before[field], after[field]) for field in FIELDS}
    window.wait_for_screen(lambda screen: in_detail(screen).items() >= both.items(), f"the detail says {both}")
    window.press("q", "q", "q", "e")  # the first two close the inspector
    assert window.status() == 128 + signal.SIGHUP


def test_the_page_of_the_array_turns_from_file_to_copied(terminal: Terminals, seed: Path) -> None:
    write_back(seed)
    window = terminal(f"{SMAPSTOP} {OPTIONS} -- {shlex.quote(str(seed))}", rows=50)
    window.wait_for(r"^│type a letter")
    before = in_smaps(window.program_pid())
    show_data(window)
    window.wait_for_screen(lambda screen: on_screen(screen)[0] == before, f".data is {before}")
    window.press("v")
    window.wait_for(r"seed \.data .*3 Pages")
    for shown in (r" C +C +F  ", r"copied-on-write +2 ", r" file +1 "):
        window.wait_for(shown)
    window.wait_for(r"\.data +page1")
    window.press("m", "m")  # compared with the last reading, the news would be gone when the pages are read once more
    window.wait_for(r"Δ mark \d\d:\d\d:\d\d")

    window.press("i")
    window.wait_for("F12 leaves the program")
    window.type("x")
    window.press("Enter")
    news = ("1 page: copied-on-write; it was file", "1 page changed since", " C +C +F→C ", "contains: page1 *$")
    window.wait_for_screen(
        lambda screen: all(re.search(each, screen, re.MULTILINE) for each in news), " and ".join(news)
    )
    window.wait_for(r"copied-on-write +3 ")
    window.press("F12", "c")
    window.wait_for(r"^[› ][0-9a-f ]+ file offset 0x\w+ +● page1")
    window.press("q", "q", "e")
    assert window.status() == 128 + signal.SIGHUP


def writer() -> str:
    """Who writes to the page, as the dashboard says it where page faults may be seen."""
    paranoid = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    lines = (Path(demo.__file__).parent / "experiment.c").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "page1[i] = letter" in text)
    return f" by fill, experiment.c:{line}" if paranoid <= 2 else ""


def test_the_demo_leads_to_the_page_however_soon_the_keys_come(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} demo")
    window.wait_for("Type i, a letter, Enter")
    window.press("i")
    window.wait_for("F12 leaves the program")
    window.type("x")
    window.press("Enter")
    window.wait_for(r"A page was copied: see why above. ctrl\+\] or F12, then v: the page itself")
    # the cursor is on the row already; on a busy machine the program was not read since it wrote to other pages, too
    window.wait_for(f"1 page copy-on-write: page1{re.escape(writer())}|[2-9] pages copy-on-write: page1")
    window.wait_for("pages? .* written")
    window.press("F12", "v")
    window.wait_for("A is the copy|C is the copy")
    window.wait_for(r"page1")
    window.press("q", "q", "e")
    assert window.status() == 128 + signal.SIGHUP
