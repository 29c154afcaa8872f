"""Take the screenshots in this directory from real runs: `make screenshots`, or one run: `make.py redis_saving`.

Each run watches real processes, presses keys, and waits for the expected screen; `RUNS` is the table of runs.
"""

# ruff: noqa: E402
import asyncio
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# set before importing Textual, which reads them, so that screenshots do not depend on the terminal
os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
for _name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TMPDIR"):
    os.environ.pop(_name, None)

from rich.cells import cell_len
from rich.color import blend_rgb
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment, SegmentLines
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.pilot import Pilot

from smapstop.demo.build import COLUMNS, prepare_experiment
from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach, Launch
from smapstop.proc.process_list import list_processes
from smapstop.pseudo_terminal import open_terminal
from smapstop.recording.reader import Recording
from smapstop.settings import Pick, Replay, Settings, Walkthrough
from smapstop.source.live import LiveSource
from smapstop.source.replay import ReplaySource
from smapstop.ui.app import Dashboard

try:
    from PIL import Image, ImageDraw, ImageFont
except ImportError:
    sys.exit(f"make.py: Pillow is missing: python3 -m pip --python {os.path.relpath(sys.prefix)} install pillow")

HERE = Path(__file__).parent
USUAL_SIZE, LOW_SIZE, SMALL_SIZE = (118, 40), (118, 24), (80, 24)
LARGE_SIZE, WIDE_SIZE = (200, 60), (240, 70)
DEADLINE_SECONDS = 20.0
"""Timeout for the expected screen."""
ATTEMPTS = 4
"""Attempts per run: real processes may do something else at the moment of a screenshot."""


class UnseenError(SmapstopError):
    """The expected screen did not appear."""


@dataclass(frozen=True, slots=True)
class DashboardRun:
    """A running dashboard, and the working directory of the processes that it watches."""

    app: Dashboard
    pilot: Pilot[int]
    directory: Path

    @property
    def lines(self) -> list[list[Segment]]:
        """The rendered screen, by line."""
        return [list(strip) for strip in self.app.screen._compositor.render_strips()]  # noqa: SLF001 (no public API)

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join("".join(segment.text for segment in line) for line in self.lines)

    async def wait_until(self, holds: Callable[[], object], what: str, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise UnseenError(f"did not appear: {what}", f"the screen was:\n{self.text}")
            await asyncio.sleep(0.02)


# actions before a screenshot

Action = Callable[[DashboardRun], Awaitable[object]]


def press(names: str) -> Action:
    """Press keys, by their names in Textual."""
    return lambda run: run.pilot.press(*names.split())


def type_text(text: str) -> Action:
    """Type a text."""
    return lambda run: run.pilot.press(*text)


def wait_for(pattern: str) -> Action:
    """Wait until the screen shows a pattern."""
    return lambda run: run.wait_until(lambda: re.search(pattern, run.text, re.MULTILINE), pattern)


def wait_for_ticks(number: int) -> Action:
    """Wait until the timeline has this many ticks."""
    seconds = DEADLINE_SECONDS + 2 * number
    return lambda run: run.wait_until(lambda: len(run.app.timeline) >= number, f"{number} ticks", seconds)


def press_until(name: str, pattern: str) -> Action:
    """Press a key until the screen shows a pattern."""

    async def go(run: DashboardRun) -> None:
        for _ in range(20):
            if re.search(pattern, run.text, re.MULTILINE):
                return
            await run.pilot.press(name)
        raise UnseenError(f"did not appear: {pattern}", f"the screen was:\n{run.text}")

    return go


def resize(columns: int, rows: int) -> Action:
    """Resize the terminal."""
    return lambda run: run.pilot.resize_terminal(columns, rows)


def send_redis(*command: str) -> Action:
    """Send a command to redis."""

    async def send(run: DashboardRun) -> None:
        await asyncio.to_thread(query_redis, run.directory, *command)

    return send


def query_redis(directory: Path, *command: str) -> str:
    """Send a command and return redis' answer; empty while it does not listen yet."""
    arguments = ["redis-cli", "-s", str(directory / "redis.sock"), *command]
    return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout


# scenarios


@contextmanager
def experiment(_: Path) -> Iterator[Dashboard]:
    """The demo, launched."""
    with prepare_experiment() as program, closing(LiveSource(open_terminal(20, USUAL_SIZE[0]))) as source:
        launch = Launch(program.command, dict(os.environ), callers=True)
        walkthrough = Walkthrough(program.file, program.symbol, program.note)
        yield Dashboard(source, launch, Settings(columns=COLUMNS), walkthrough=walkthrough)


def experiment_again(directory: Path) -> AbstractContextManager[Dashboard]:
    """The demo, launched again, from its start."""
    return experiment(directory)


LEAK_SCRIPT = """
import collections, time
kept = collections.deque()
for request in range(10_000):
    kept.extend(bytes([request % 256]) * 900 for _ in range(100))
    if request == 200:
        kept.append(b"reply" * 6_400_000)
    time.sleep(0.1)
"""
"""Keeps what every request leaves behind, 0.9 MB a second, and once a reply of 32 MB."""


@contextmanager
def leaking(directory: Path) -> Iterator[Dashboard]:
    """A Python program that leaks, attached."""
    with run_program(("python3", "-c", LEAK_SCRIPT), directory) as pid, closing(LiveSource()) as source:
        yield Dashboard(source, Attach(pid, callers=True), Settings())


SERVER_SCRIPT = """
import itertools, os, time
cache = [str(number) * 8 for number in range(200_000)]
table = bytearray(b"x" * 16_000_000)

def serve(worker, server):
    for request in itertools.count():
        if worker == 1:
            table[request * 40_960 % len(table)] += 1
        else:
            found = cache[request * 60 % len(cache) :][:60]
        time.sleep(0.02)
        if os.getppid() != server:
            os._exit(0)

server = os.getpid()
for worker in range(3):
    if os.fork() == 0:
        serve(worker, server)
time.sleep(10_000)
"""
"""A server with three workers: one writes to the table of its parent, two only read its cache."""


@contextmanager
def serving(directory: Path) -> Iterator[Dashboard]:
    """A forking server in Python, its family shown."""
    script = directory / "server.py"
    script.write_text(SERVER_SCRIPT)
    with run_program(("python3", script.name), directory) as pid, closing(LiveSource()) as source:
        yield Dashboard(source, Attach(pid, callers=True), Settings(shows_family=True))


REDIS_COMMAND = (
    "redis-server",
    "--port",
    "0",
    "--unixsocket",
    "redis.sock",
    "--save",
    "",
    "--rdb-key-save-delay",
    "100000",
)
"""Redis on a Unix socket only; it saves slowly, so that saving can be watched."""
REDIS_FILL_SCRIPT = (
    "for i = 1, 1500 do redis.call('RPUSH', 'list:' .. math.random(200), string.rep('x', math.random(600))) end"
)
"""Script that the redis client runs repeatedly."""
OTHER_PROGRAMS = (
    ("python3", "-m", "http.server", "--bind", "127.0.0.1", "0"),
    ("tail", "-F", "access.log"),
    ("sleep", "1000"),
)
"""Other processes in the picker."""


@contextmanager
def redis_picked(directory: Path) -> Iterator[Dashboard]:
    """The picker with redis, while it is filled, and a few other programs; nothing else is listed."""
    with ExitStack() as stack:
        pids = {stack.enter_context(run_redis(directory))}
        pids |= {stack.enter_context(run_program(command, directory)) for command in OTHER_PROGRAMS}
        pick = Pick(lambda: [found for found in list_processes() if found.pid in pids], check=lambda _: None)
        yield Dashboard(stack.enter_context(closing(LiveSource())), pick, Settings(callers=True))


@contextmanager
def redis_saving(directory: Path) -> Iterator[Dashboard]:
    """Redis attached while it is filled, with the columns that a fork changes."""
    columns = ("name", "perms", "rss", "delta", "pss", "shared_dirty", "private_dirty", "happened")
    with run_redis(directory) as pid, closing(LiveSource()) as source:
        yield Dashboard(source, Attach(pid, callers=True), Settings(columns=columns))


@contextmanager
def redis_replayed(directory: Path) -> Iterator[Dashboard]:
    """Replay of redis, recorded while it is filled and saves."""
    file = directory / "redis.smaps"
    with run_redis(directory) as pid:
        record = (sys.executable, "-m", "smapstop", "record", "-o", str(file), "-i", "0.25", "-p", str(pid))
        with subprocess.Popen([*record, "--duration", "20"]) as recorder:
            time.sleep(8)
            query_redis(directory, "BGSAVE")
            recorder.wait()
    yield Dashboard(ReplaySource(Recording(file)), Replay(file.name), Settings())


@contextmanager
def run_redis(directory: Path) -> Iterator[int]:
    """Run redis with a client that fills it; yields its pid."""
    executable = shutil.which(REDIS_COMMAND[0])
    if executable is None:
        raise SmapstopError("redis-server was not found", "install redis; on Debian: apt install redis")
    # copied, because on Debian the name is a link to redis-check-rdb; synced, so that its pages are clean
    with open(shutil.copy(executable, directory / REDIS_COMMAND[0]), "rb") as copied:
        os.fsync(copied)
    with run_program(REDIS_COMMAND, directory) as pid:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while "PONG" not in query_redis(directory, "PING"):
            if time.monotonic() > deadline:
                raise SmapstopError("redis-server does not answer")
            time.sleep(0.02)
        with run_program(
            ("redis-cli", "-s", "redis.sock", "-r", "-1", "-i", "0.2", "EVAL", REDIS_FILL_SCRIPT, "0"), directory
        ):
            yield pid


@contextmanager
def run_program(command: Sequence[str], directory: Path) -> Iterator[int]:
    """Run a program in a directory and terminate it at the end; yields its pid."""
    process = subprocess.Popen(
        command,
        cwd=directory,
        env={"PATH": f"{directory}:/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()  # SIGTERM, on which redis ends its saving child
        process.wait()


# the screenshots

WRITTEN = wait_for(r"^F experiment \.data .* 1 p CoW: page1( by fill)? · now(.|\n)*Private_Clean +4 K → 0")
FILLED = wait_for(r"redis-server +[2-9]\d(\.\d)? M(.|\n)*python3")
FORKED = r"\d p shared by fork.* · now"
LEAKS = wait_for(r"^H \[heap\] .* first touch.* · now(.|\n)*Grows since ")
SHRINK_PROGRAM = press(" ".join(["shift+down"] * 7))
Scenario = Callable[[Path], AbstractContextManager[Dashboard]]
RUNS: dict[Scenario, dict[str, tuple[Action, ...]]] = {
    leaking: {
        "leak": (wait_for_ticks(45), LEAKS),
        "leak-large": (resize(*LARGE_SIZE), wait_for_ticks(47), LEAKS),
        "small": (resize(*SMALL_SIZE), wait_for_ticks(49), LEAKS),
        "groups": (resize(*LOW_SIZE), press("o o o o"), wait_for(r"By purpose(.|\n)* first touch .*now")),
    },
    serving: {
        "family": (
            *(
                wait_for_ticks(12),
                wait_for(r"CoW after fork.* · (now|\d s)(.|\n)*^A .* p\? · "),
                press("down down tab"),
            ),
            press_until("down", r"^A ([A-Za-z ]+ \w+) .* p\? · (.|\n)*─ \1 in "),
            wait_for("own .*shared|shared .*own"),
        ),
        "family-large": (resize(*LARGE_SIZE), wait_for_ticks(30), wait_for("own .*shared|shared .*own")),
    },
    experiment: {
        "demo": (wait_for_ticks(1), SHRINK_PROGRAM, press("i"), wait_for_ticks(27), press("x enter"), WRITTEN),
        "detail": (press("f12 enter 2 z space"), press_until("comma", "Private_Clean +4 → 0")),
        "help": (press("escape escape escape question_mark"), wait_for("Keys: table")),
    },
    experiment_again: {
        "pages": (
            *(wait_for_ticks(6), SHRINK_PROGRAM, press("slash"), type_text("experiment perm:w"), press("enter v")),
            *(wait_for(r" C +C +F "), press("i x enter"), wait_for(r" C +C +F→C "), press("f12")),
            wait_for(r" C +C +F→C (.|\n)*contains: page1(.|\n)*page frame: "),
        ),
    },
    redis_picked: {
        "picker": (resize(*LOW_SIZE), FILLED, press("ctrl+home"), wait_for(r"› *\d+ \S+ +redis-server")),
        "redis": (press("enter"), resize(*USUAL_SIZE), wait_for_ticks(45)),
        "redis-wide": (resize(*WIDE_SIZE), wait_for_ticks(60)),
        "columns": (
            *(resize(*LOW_SIZE), press("c"), wait_for(r"✓ Mapping "), press(" ".join(["down"] * 12))),
            wait_for(r"(Proportional set size(.|\n)*){2}"),
        ),
        "light": (
            *(press("escape colon"), type_text("theme solarized-light"), wait_for(r"theme solarized-light")),
            *(press("enter"), resize(*USUAL_SIZE), wait_for_ticks(70), wait_for(r"^A .* first touch .*now")),
        ),
    },
    redis_saving: {
        "fork": (wait_for_ticks(20), send_redis("BGSAVE"), wait_for(r"copy-on-write after fork\? · now *$")),
    },
    redis_replayed: {
        "replay": (wait_for("end of recording"), press("e"), press_until("left_square_bracket", FORKED)),
    },
}
"""Scenarios and their screenshots: the actions before each, after the previous one."""


async def run_scenario(scenario: Scenario, directory: Path) -> None:
    """Run a scenario and take its screenshots."""
    with scenario(directory) as app:
        async with app.run_test(size=USUAL_SIZE) as pilot:
            run = DashboardRun(app, pilot, directory)
            for name, steps in RUNS[scenario].items():
                for step in steps:
                    await step(run)
                await pilot.pause()
                lines = run.lines
                (HERE / f"{name}.svg").write_text(svg(lines, name))
                draw(lines).save(HERE / f"{name}.png", optimize=True)
                print(name)
            app.source.close()  # no messages while the app shuts down
            await pilot.pause()


# drawing: glyphs that join their neighbours are drawn as shapes that fill the cell, to avoid seams

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, BASELINE = 12, 24, 20, 18
BACKGROUND, FOREGROUND = (18, 18, 18), (224, 224, 224)
THEME = TerminalTheme(BACKGROUND, FOREGROUND, [BACKGROUND, *[(170, 170, 170)] * 6, FOREGROUND])
"""Dark terminal; the watched programs print without colours."""
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
"""Left, top, and the ends on the right and bottom (exclusive), pixels."""
ACROSS, DOWN = (0, 11, 12, 13), (5, 0, 7, 24)
LEFT, RIGHT, UP = (0, 11, 6, 13), (6, 11, 12, 13), (5, 0, 7, 12)
SHAPES: dict[str, tuple[Box, ...]] = {
    "▀": ((0, 0, 12, 12),),
    "▐": ((6, 0, 12, 24),),
    "┊": tuple((5, y, 7, y + 3) for y in (1, 7, 13, 19)),
    "─": (ACROSS,),
    "│": (DOWN,),
    "┤": (DOWN, LEFT),
    "└": (UP, (5, 11, 12, 13)),
    "╭": (RIGHT, (5, 12, 7, 24)),
    "╮": (LEFT, (5, 12, 7, 24)),
    "╰": (RIGHT, UP),
    "╯": (LEFT, UP),
}
SHAPES |= {chr(0x2580 + n): ((0, 24 - 3 * n, 12, 24),) for n in range(1, 9)}  # ▁ to █
SHAPES |= {chr(0x2590 - n): ((0, 0, round(1.5 * n), 24),) for n in range(1, 8)}  # ▏ to ▉


@cache
def font(weight: str) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans Mono, found by fontconfig."""
    query = ["fc-match", "-f", "%{family}\n%{file}", f"DejaVu Sans Mono:{weight}"]
    try:
        family, file = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split("\n")
    except FileNotFoundError:
        raise SmapstopError("fc-match was not found", "install fontconfig and DejaVu Sans Mono") from None
    if "DejaVu Sans Mono" not in family:
        raise SmapstopError("the font DejaVu Sans Mono was not found", "on Debian: apt install fonts-dejavu-core")
    return ImageFont.truetype(file, FONT_SIZE)


def svg(lines: list[list[Segment]], name: str) -> str:
    """Export a screen as SVG by rich, like Textual's own screenshots but in the colours of `THEME`."""
    console = Console(width=width_of(lines), file=io.StringIO(), record=True, color_system="truecolor")
    console.print(SegmentLines(lines, new_lines=True), end="")
    exported = console.export_svg(title="smapstop", theme=THEME, unique_id=name)
    # remove web fonts, which an image in a page may not load anyway
    return re.sub(r"@font-face \{.*?\n    \}\s*", "", exported, flags=re.DOTALL)


def width_of(lines: list[list[Segment]]) -> int:
    """Width of a screen, columns."""
    return sum(segment.cell_length for segment in lines[0])


def draw(lines: list[list[Segment]]) -> Image.Image:
    """Draw a screen as an image."""
    image = Image.new("RGB", (width_of(lines) * CELL_WIDTH, len(lines) * CELL_HEIGHT))
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        x, y = 0, row * CELL_HEIGHT
        for text, style, _ in line:
            for glyph in text:
                width = cell_len(glyph) * CELL_WIDTH
                draw_cell(pen, x, y, width, glyph, style or Style())
                x += width
    return image


def draw_cell(pen: ImageDraw.ImageDraw, x: int, y: int, width: int, glyph: str, style: Style) -> None:
    """Draw a glyph on its background."""
    ink, ground = colours(style)
    pen.rectangle((x, y, x + width - 1, y + CELL_HEIGHT - 1), ground)
    for left, top, right, bottom in SHAPES.get(glyph, ()):
        pen.rectangle((x + left, y + top, x + right - 1, y + bottom - 1), ink)
    if glyph not in SHAPES and not glyph.isspace():
        pen.text((x, y + BASELINE), glyph, ink, font("bold" if style.bold else "book"), anchor="ls")
    for line, drawn in ((BASELINE + 3, style.underline), (BASELINE - 6, style.strike)):
        if drawn:
            pen.rectangle((x, y + line, x + width - 1, y + line), ink)


def colours(style: Style) -> tuple[Colour, Colour]:
    """Colours of the text and of its background."""
    ink: Colour = style.color.get_truecolor(THEME) if style.color else FOREGROUND
    ground: Colour = style.bgcolor.get_truecolor(THEME, foreground=False) if style.bgcolor else BACKGROUND
    if style.reverse:
        ink, ground = ground, ink
    return (blend_rgb(ColorTriplet(*ink), ColorTriplet(*ground)) if style.dim else ink), ground


def retry_scenario(scenario: Scenario) -> None:
    """Run a scenario again until its screenshots succeed."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with tempfile.TemporaryDirectory(prefix="pictures-", dir="/var/tmp") as directory:
                asyncio.run(run_scenario(scenario, Path(directory)))
        except UnseenError as error:
            if attempt == ATTEMPTS:
                raise
            print(f"retrying: {error.what}")
        else:
            return


def take_report_picture() -> None:
    """Take the picture of an HTML report about the program that leaks, in a browser."""
    browser = shutil.which("chromium")
    if browser is None:
        raise SmapstopError("there is no chromium", "apt-get install chromium")
    smapstop = (sys.executable, "-m", "smapstop")
    with tempfile.TemporaryDirectory(prefix="pictures-", dir="/var/tmp") as name:
        directory = Path(name)
        script, recording, page = (directory / f"leak.{suffix}" for suffix in ("py", "smaps", "html"))
        script.write_text(LEAK_SCRIPT)
        command = (
            "bash",
            "-c",
            f'exec -a python "$0" {script.name}',
            sys.executable,
        )  # without the path of this one
        with run_program(command, directory) as pid:
            subprocess.run((*smapstop, "record", "-o", recording, "-p", str(pid), "--duration", "45"), check=True)
        subprocess.run((*smapstop, "report", recording, "-o", page), check=True)
        options = ("--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1180,1260")
        picture = f"--screenshot={HERE / 'report.png'}"
        subprocess.run((browser, *options, picture, page.as_uri()), check=True, stderr=subprocess.DEVNULL)
    with Image.open(HERE / "report.png") as image:
        small = image.convert("P", palette=Image.Palette.ADAPTIVE)
    small.save(HERE / "report.png", optimize=True)
    print("report")


def main(names: Sequence[str]) -> None:
    """Take the screenshots of the runs with these names; of all runs, and the report's, without names."""
    try:
        for weight in ("book", "bold"):
            font(weight)
        for scenario in RUNS:
            if not names or scenario.__name__ in names:
                retry_scenario(scenario)
        if not names or "report" in names:
            take_report_picture()
    except SmapstopError as error:
        sys.exit(f"make.py: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
