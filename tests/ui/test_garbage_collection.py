"""Garbage collection is put off while the dashboard starts, and never for longer."""

import gc
import time
from collections.abc import Iterator

import pytest

from smapstop.cli.main import main
from smapstop.ui.garbage_collection import resume_collection
from smapstop.ui.keys.key_app import KeyApp


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    yield
    gc.enable()


def test_collection_is_resumed_without_what_was_there() -> None:
    frozen = gc.get_freeze_count()
    resume_collection()
    assert gc.get_freeze_count() == frozen, "it was not put off"
    gc.disable()
    resume_collection()
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen


@pytest.mark.usefixtures("capsys")
def test_a_dashboard_that_does_not_start_leaves_it_on() -> None:
    assert main(["-p", "no such program"]) != 0
    assert gc.isenabled()


async def test_an_app_resumes_it_by_itself() -> None:
    gc.disable()
    async with KeyApp(ansi_color=None).run_test() as pilot:
        deadline = time.monotonic() + 30
        while not gc.isenabled():
            assert time.monotonic() < deadline, "never resumed"
            await pilot.pause(0.05)
