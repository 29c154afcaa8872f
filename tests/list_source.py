"""A source that is a list: what it tells is written in the test."""

from collections.abc import Callable
from typing import Any

from smapstop.model.protocol import Attach, Launch, Request, Target
from smapstop.model.tick import Tick
from smapstop.source.base import SourceMessage


class ListSource:
    """Delivers news when the test says so, and remembers what it was asked for."""

    terminal_fd: int | None = None

    def __init__(self, *ticks: Tick) -> None:
        self.requests: list[Request] = []
        self.closed = False
        self._initial_ticks = ticks
        self._deliver: Callable[[SourceMessage], object] = print

    def start(self, deliver: Callable[[SourceMessage], object]) -> None:
        self._deliver = deliver

    def request(self, request: Request) -> None:
        self.requests.append(request)
        if isinstance(request, Attach | Launch):
            self.deliver(target())
            self.deliver(*self._initial_ticks)

    def deliver(self, *news: SourceMessage) -> None:
        """Deliver this now."""
        for item in news:
            self._deliver(item)

    def close(self) -> None:
        self.closed = True

    def detach(self) -> None:
        self.closed = True


def target(**other: Any) -> Target:
    """The target of a list source."""
    usual: dict[str, Any] = {
        "pid": 4711,
        "command_line": ("program",),
        "executable": "/bin/program",
        "launched": False,
        "stopped_at_exec": False,
        "started_ns": 1_699_999_000 * 1_000_000_000,
        "clock_ticks": 100,
        "max_map_count": 65530,
    }
    return Target(**(usual | other))
