"""Make the pictures in this directory from real runs: `make screenshots`.

Each show watches real processes, presses real keys, and waits for what shall be seen; `SHOWS` is the list of them.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

# read when Textual is imported: every terminal shall give the same pictures
os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
for _name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TMPDIR"):
    os.environ.pop(_name, None)

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.pilot import Pilot

from smapstop import demo
from smapstop.errors import SmapstopError
from smapstop.live import LiveSource
from smapstop.model.requests import Launch
from smapstop.proc.finding import processes
from smapstop.settings import Pick, Settings
from smapstop.terminal import open_terminal
from smapstop.ui.app import Dashboard

try:
    from PIL import Image, ImageDraw, ImageFont
except ImportError:
    sys.exit(f"make.py: Pillow is missing: python3 -m pip --python {sys.prefix} install pillow")

HERE = Path(__file__).parent
USUAL, LOW, SMALL, WIDE = (118, 40), (118, 24), (80, 24), (240, 70)
DEADLINE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A dashboard that runs, and the directory of what it watches."""

    app: Dashboard
    pilot: Pilot[int]
    directory: Path

    @property
    def lines(self) -> list[list[Segment]]:
        """The screen as it is drawn, line by line."""
        return [list(strip) for strip in self.app.screen._compositor.render_strips()]  # noqa: SLF001 (no public way)

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join("".join(segment.text for segment in line) for line in self.lines)

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise SmapstopError(f"never seen: {what}", f"the screen was:\n{self.text}")
            await asyncio.sleep(0.02)


# what to do before a picture is taken

Step = Callable[[Stage], Awaitable[object]]


def keys(names: str) -> Step:
    """Press keys, by their names in Textual."""
    return lambda stage: stage.pilot.press(*names.split())


def see(pattern: str) -> Step:
    """Wait until the screen shows a pattern."""
    return lambda stage: stage.until(lambda: re.search(pattern, stage.text, re.MULTILINE), pattern)


def ticks(number: int) -> Step:
    """Wait until there are so many ticks."""
    return lambda stage: stage.until(lambda: len(stage.app.timeline) >= number, f"{number} ticks")


def back_to(pattern: str) -> Step:
    """Go back in time until the screen shows a pattern."""

    async def go(stage: Stage) -> None:
        while not re.search(pattern, stage.text):
            await stage.pilot.press("left")

    return go


def size(columns: int, rows: int) -> Step:
    """Make the terminal another size."""
    return lambda stage: stage.pilot.resize_terminal(columns, rows)


def redis(*command: str) -> Step:
    """Send a command to redis."""

    async def send(stage: Stage) -> None:
        await asyncio.to_thread(ask_redis, stage.directory, *command)

    return send


def ask_redis(directory: Path, *command: str) -> str:
    """What redis answers; empty while it does not listen yet."""
    arguments = ["redis-cli", "-s", str(directory / "redis.sock"), *command]
    return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout


# what is watched


@contextmanager
def experiment(_: Path) -> Iterator[Dashboard]:
    """The demo, launched."""
    with demo.prepared() as prepared, closing(LiveSource(open_terminal(20, USUAL[0]))) as source:
        launch = Launch(prepared.command, dict(os.environ))
        yield Dashboard(source, launch, Settings(columns=demo.COLUMNS), intro=prepared.intro)


SERVE = ("--port", "0", "--unixsocket", "redis.sock", "--save", "", "--rdb-key-save-delay", "100000")
"""Redis on a socket only; it takes its time to save, so that it can be watched."""
GROW = "for i = 1, 1500 do redis.call('RPUSH', 'list:' .. math.random(200), string.rep('x', math.random(600))) end"
"""What the client of redis asks for, again and again."""
OTHERS = (
    ("python3", "-m", "http.server", "--bind", "127.0.0.1", "0"),
    ("tail", "-F", "access.log"),
    ("vi", "notes.txt"),
    ("sleep", "1000"),
)
"""What can be picked beside redis."""


@contextmanager
def server(directory: Path) -> Iterator[Dashboard]:
    """Redis with a client that fills it, and some programs beside it to pick from."""
    executable = shutil.which("redis-server")
    if executable is None:
        raise SmapstopError("no redis-server", "install redis; in Debian: apt install redis")
    # a copy, because in Debian the file behind that name is called redis-check-rdb
    own = shutil.copy(executable, directory / "redis-server")
    with ExitStack() as stack:
        pids = {stack.enter_context(running((own, *SERVE), directory))}
        deadline = time.monotonic() + DEADLINE_SECONDS
        while "PONG" not in ask_redis(directory, "PING"):
            if time.monotonic() > deadline:
                raise SmapstopError("redis-server does not answer")
            time.sleep(0.02)
        client = ("redis-cli", "-s", "redis.sock", "-r", "-1", "-i", "0.2", "EVAL", GROW, "0")
        pids |= {stack.enter_context(running(command, directory)) for command in (client, *OTHERS)}
        pick = Pick(lambda: [found for found in processes() if found.pid in pids], check=lambda _: None)
        yield Dashboard(stack.enter_context(closing(LiveSource())), pick, Settings())


@contextmanager
def running(command: Sequence[str], directory: Path) -> Iterator[int]:
    """A program that runs in a directory, until it is ended with all that it started: its pid."""
    process = subprocess.Popen(
        command,
        cwd=directory,
        env={"PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# the pictures


class Picture(NamedTuple):
    """A picture, and what to do for it after the one before."""

    name: str
    steps: tuple[Step, ...]


class Show(NamedTuple):
    """Pictures of one run."""

    watched: Callable[[Path], AbstractContextManager[Dashboard]]
    pictures: tuple[Picture, ...]


TOP = r"^Mapping .*\n"
"""The line before the first row."""
SHOWS = (
    Show(
        experiment,
        (
            Picture("demo", (keys("t"), ticks(27), keys("x enter"), see(TOP + r"F experiment \.data .* copy-on-write, 1 page · (now|1 s)"))),
            Picture("detail", (keys("f12 enter space"), back_to("Private_Clean +4 → 0"))),
            Picture("help", (keys("escape question_mark"), see("First principles"))),
        ),
    ),
    Show(
        server,
        (
            Picture("picker", (size(*LOW), see("sleep"))),
            Picture("redis", (keys("r e d i s - s e r enter"), size(*USUAL), ticks(45))),
            Picture("groups", (size(*LOW), keys("g g"), see("By kind"))),
            Picture("small", (keys("g g"), size(*SMALL))),
            Picture("redis-wide", (size(*WIDE), ticks(60))),
            Picture("fork", (size(*USUAL), redis("BGSAVE"), see(r"copy-on-write after fork(.|\n)*shared by fork"))),
        ),
    ),
)


async def play(show: Show, directory: Path) -> None:
    """Run a show, and take its pictures."""
    with show.watched(directory) as app:
        async with app.run_test(size=USUAL) as pilot:
            stage = Stage(app, pilot, directory)
            for picture in show.pictures:
                for step in picture.steps:
                    await step(stage)
                await pilot.pause()
                app.save_screenshot(f"{picture.name}.svg", str(HERE))
                draw(stage.lines).save(HERE / f"{picture.name}.png", optimize=True)
                print(picture.name)


# the drawing: glyphs that join their neighbours are shapes that fill the cell, so that there are no seams

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, LINE = 12, 24, 20, 2
THEME = TerminalTheme(
    (18, 18, 18),
    (224, 224, 224),
    [(18, 18, 18), (204, 102, 102), (138, 190, 120), (230, 180, 80), (97, 150, 220), (190, 130, 200), (86, 182, 194), (200, 200, 200)],
)
Colour = tuple[int, int, int]
ARMS = {"─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu"}
DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Where the dot of each bit of a braille glyph is."""


@cache
def font(weight: str) -> ImageFont.FreeTypeFont:
    """DejaVu Sans Mono, as fontconfig finds it."""
    query = ["fc-match", "-f", "%{family}\n%{file}", f"DejaVu Sans Mono:{weight}"]
    try:
        family, file = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split("\n")
    except FileNotFoundError:
        raise SmapstopError("no fc-match", "install fontconfig and DejaVu Sans Mono") from None
    if "DejaVu Sans Mono" not in family:
        raise SmapstopError("no font DejaVu Sans Mono", "install it; in Debian: apt install fonts-dejavu-core")
    return ImageFont.truetype(file, FONT_SIZE)


def draw(lines: list[list[Segment]]) -> Image.Image:
    """A screen as a picture."""
    columns = sum(segment.cell_length for segment in lines[0])
    image = Image.new("RGB", (columns * CELL_WIDTH, len(lines) * CELL_HEIGHT))
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        x, y = 0, row * CELL_HEIGHT
        for text, style, _ in line:
            for glyph in text:
                width = cell_len(glyph) * CELL_WIDTH
                draw_cell(pen, (x, y, x + width, y + CELL_HEIGHT), glyph, style or Style())
                x += width
    return image


def draw_cell(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], glyph: str, style: Style) -> None:
    """One glyph on its background."""
    left, top, right, bottom = box
    ink, ground = _colours(style)

    def fill(x0: float, y0: float, x1: float, y1: float, colour: Colour = ink) -> None:
        """Fill a part of the cell, given in parts of its width and height."""
        corner = left + round(x0 * (right - left)), top + round(y0 * (bottom - top))
        pen.rectangle((*corner, left + round(x1 * (right - left)) - 1, top + round(y1 * (bottom - top)) - 1), colour)

    fill(0, 0, 1, 1, ground)
    code = ord(glyph)
    if 0x2581 <= code <= 0x2588:  # ▁ to █
        fill(0, 1 - (code - 0x2580) / 8, 1, 1)
    elif 0x2589 <= code <= 0x258F:  # ▉ to ▏
        fill(0, 0, (0x2590 - code) / 8, 1)
    elif glyph == "▀":
        fill(0, 0, 1, 0.5)
    elif glyph == "▐":
        fill(0.5, 0, 1, 1)
    elif glyph == "┊":
        for at in range(4):
            fill(5 / 12, at / 4, 7 / 12, at / 4 + 1 / 8)
    elif glyph in ARMS:
        x, y = (left + right) // 2 - 1, (top + bottom) // 2 - 1
        for arm in ARMS[glyph]:
            ends = {"l": (left, y, x + 1, y + 1), "r": (x, y, right - 1, y + 1)}
            ends |= {"u": (x, top, x + 1, y + 1), "d": (x, y, x + 1, bottom - 1)}
            pen.rectangle(ends[arm], ink)
    elif 0x2800 <= code <= 0x28FF:
        for bit, (x, y) in enumerate(DOTS):
            if (code - 0x2800) >> bit & 1:
                fill((1 + 3 * x) / 6, (1 + 3 * y) / 12, (3 + 3 * x) / 6, (3 + 3 * y) / 12)
    elif not glyph.isspace():
        pen.text((left, bottom - 6), glyph, ink, font("bold" if style.bold else "book"), anchor="ls")
    if style.underline:
        fill(0, 22 / 24, 1, 23 / 24)
    if style.strike:
        fill(0, 13 / 24, 1, 14 / 24)


def _colours(style: Style) -> tuple[Colour, Colour]:
    """The colour of the text and of its background."""
    ink = tuple(style.color.get_truecolor(THEME)) if style.color else tuple(THEME.foreground_color)
    ground = tuple(style.bgcolor.get_truecolor(THEME, foreground=False)) if style.bgcolor else tuple(THEME.background_color)
    if style.reverse:
        ink, ground = ground, ink
    if style.dim:
        ink = tuple((a + b) // 2 for a, b in zip(ink, ground, strict=True))
    return ink, ground  # type: ignore[return-value]


def main() -> None:
    """Make all pictures."""
    try:
        for show in SHOWS:
            if sys.argv[1:] and show.watched.__name__ not in sys.argv[1:]:
                continue
            with tempfile.TemporaryDirectory(prefix="pictures-", dir="/var/tmp") as directory:
                asyncio.run(play(show, Path(directory)))
    except SmapstopError as error:
        sys.exit(f"make.py: {error}")


if __name__ == "__main__":
    main()
