"""What every test may ask for."""

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from examples import register_profiles
from leftovers import pytest_configure  # noqa: F401 - a hook
from places import PROGRAMS
from settling import settle
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.notifications import Notification
from truth.machine import swap_space
from ways_elsewhere import make_way

pytest_plugins = ("slow", "time_limit")

for _name in ("COLUMNS", "LINES"):  # readline, which pytest imports, sets them: also for new terminals
    os.environ.pop(_name, None)
    os.unsetenv(_name)
os.environ["TZ"] = "UTC"  # the ticks of `factories` begin at 22:13:20
time.tzset()
os.environ["PATH"] += ":/usr/sbin:/sbin"  # mkswap, chroot: not every shell of root finds them
register_profiles()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect garbage seldom, and leave thousands of tests out of it: else a fourth of what a Pilot test takes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _shared_style_sheets() -> Iterator[None]:
    """The style sheets of all apps are parsed once: for each app, that is a seventh of what its Pilot test takes."""
    known: dict[object, list[RuleSet]] = {}
    parse = Stylesheet._parse_rules

    def parse_once(self: Stylesheet, *arguments: Any, **named: Any) -> list[RuleSet]:
        key = (arguments, *named.items(), *self._variables.items())
        if key not in known:
            known[key] = parse(self, *arguments, **named)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def _settled_apps() -> Iterator[None]:
    """A Pilot waits until its app has done all that it has to do, however busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("textual.app", "textual.pilot"):
            patch.setattr(f"{module}.wait_for_idle", settle)
        yield


@pytest.fixture(autouse=True, scope="session")
def _isolated_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither reads what the user has set nor remembers anything for them; the colours are those of any terminal."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        patch.setenv("TERM", "xterm-256color")
        patch.setenv("COLORTERM", "truecolor")
        patch.delenv("NO_COLOR", raising=False)
        yield


PATIENCE = (
    ("smapstop.proc.shared_memory.sharers", "MAX_SECONDS"),  # what was not found until then is not there
    ("smapstop.ui.app", "PATIENCE_SECONDS"),  # a tick is missed then
    ("smapstop.ui.program_control", "GRACE_SECONDS"),  # a program that has not ended until then gets another signal
    ("smapstop.ui.widgets.findable_list", "_PAUSE_SECONDS"),  # letters that are typed belong together until then
    ("smapstop.ui.keys.key_app", "_PATIENCE_SECONDS"),  # a key waits so long for the one before it
    ("smapstop.ui.widgets.main_views", "_PROMPT_SECONDS"),  # an inspector that draws slower follows the cursor later
)


@pytest.fixture(autouse=True)
def _long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not a slow dashboard or user."""
    for module, name in PATIENCE:
        if module in sys.modules:
            monkeypatch.setattr(sys.modules[module], name, 600.0)
    monkeypatch.setattr(Notification, "time_left", 600.0)  # what the dashboard says is read later than after 2 s


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compiles tests/programs/NAME.c with options, if any, once a session, and gives the executable."""
    directory = tmp_path_factory.mktemp("programs")

    @cache
    def compile_program(name: str, *more: str) -> Path:
        executable = directory / "".join((name, *more))
        options = ("-O0", "-Wall", "-Werror", "-pthread", *more)
        subprocess.run(["cc", *options, "-o", executable, PROGRAMS / f"{name}.c"], check=True)
        with executable.open("rb") as file:
            os.fsync(file)  # else the kernel writes it back half a minute later: an event in whatever test runs then
        return executable

    return compile_program


@pytest.fixture
def way(tmp_path: Path) -> Callable[[str], str]:
    """Makes a way to a shell elsewhere, by its name: the command to give; see `ways_elsewhere`."""
    return partial(make_way, directory=tmp_path)


@pytest.fixture
def memory_directory() -> Iterator[Path]:
    """A directory on a tmpfs, whose files are memory."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        yield Path(directory)


@pytest.fixture
def swap() -> Iterator[None]:
    """Room to swap."""
    with swap_space(16) as made:
        if not made:
            pytest.skip("no swap file can be made here")
        yield
