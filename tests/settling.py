"""When the app of a test has done all that it had to do: what a Pilot waits for after a key, and when it pauses.

Textual takes an app for idle whose process used no CPU time for 20 ms, and for done after a second. On a busy machine
that is also an app that got no CPU time, or not enough: half of what a key does was to come then.
"""

import asyncio
import math
import time
from typing import Any

SOON_SECONDS = 0.06
"""How long is waited in all for what is due: the screen is drawn up to 2/60 s after what changes it."""
MOST_CPU_SECONDS = 5.0
"""How long is waited for an app that never rests, as it reads a flood."""


async def settle(*_: float) -> None:
    """Wait until the event loop has nothing to do, neither now nor soon; of threads and files it knows nothing."""
    loop, end, left_s = asyncio.get_running_loop(), time.process_time() + MOST_CPU_SECONDS, SOON_SECONDS
    while (seconds := _seconds_until_next(loop)) <= left_s and time.process_time() < end:
        left_s -= seconds  # as planned: that it takes longer on a busy machine is no reason to wait for less
        await asyncio.sleep(seconds)


def _seconds_until_next(loop: Any) -> float:
    """Time until the loop has something to do, 0 if it has now; asyncio itself keeps what it has in these lists."""
    if loop._ready:
        return 0.0
    times: list[float] = [each._when for each in loop._scheduled if not each._cancelled]
    return max(0.0, min(times, default=math.inf) - asyncio.get_running_loop().time())
