"""Save a session in steps, so that keys are handled meanwhile."""

import asyncio
from collections.abc import Iterator

from textual.app import App

from smapstop.errors import SmapstopError

SAVE_GROUP = "saving"
"""Group of the workers that save."""


async def save_in_steps(app: App[object], steps: Iterator[str]) -> str:
    """Run the steps of saving, and show the message of the last one, or the error.

    Returns:
        The message; empty after an error.
    """
    message = ""
    try:
        for message in steps:  # noqa: B007  (the last one counts)
            await asyncio.sleep(0)
    except SmapstopError as error:
        app.notify(str(error), severity="error", markup=False)
        return ""
    app.notify(message, timeout=10, markup=False)
    return message
