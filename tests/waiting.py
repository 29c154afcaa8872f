"""Waiting in the test of an app for what comes when the machine has time for it; never for ever."""

import time
from collections.abc import Callable
from typing import Any

from stepped_program import DEADLINE_SECONDS
from textual.pilot import Pilot


async def pause_until(pilot: Pilot[Any], holds: Callable[[], object], what: str | Callable[[], object]) -> None:
    """Let the app run until a condition holds, and all else is done that is under way by then.

    Args:
        pilot: Of the app.
        holds: The condition.
        what: What is waited for, or what gives it when it never came.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never: {what() if callable(what) else what}"
        await pilot.pause(0.01)
    await pilot.pause()
