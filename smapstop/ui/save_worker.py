"""Saving what was seen, while keys are heard."""

import asyncio
from collections.abc import Iterator

from textual.app import App

from smapstop.errors import SmapstopError

SAVE_GROUP = "saving"
"""What workers that save are called."""


async def save_in_steps(app: App[int], steps: Iterator[str]) -> None:
    """Save, step by step, and tell what the last step says was done; or what was in the way."""
    told = ""
    try:
        for told in steps:  # noqa: B007  (the last one counts)
            await asyncio.sleep(0)
    except SmapstopError as error:
        app.notify(str(error), severity="error", markup=False)
    else:
        app.notify(told, timeout=10, markup=False)
