"""A pytest plugin: nothing waits for ever, neither a test nor what sets it up and tears it down.

pytest's faulthandler_timeout is not enough: a test that fails switches it off, and its tear-down could wait for ever.
"""

import asyncio
import inspect
import signal
from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from typing import Any

import pytest

AWAIT_PART = 0.75
"""How long a test may await, of faulthandler_timeout: asyncio ends it in order, and it closes what it opened."""
PHASE_PART = 0.85
"""How long each of set-up, test and tear-down may take: then it fails, before the whole worker is ended."""

_Phase = Generator[None, object, object]
_Test = Callable[..., Coroutine[Any, Any, None]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Limit how long a test awaits."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = _with_deadline(item.obj, AWAIT_PART * _worker_seconds(config))


def _worker_seconds(config: pytest.Config) -> float:
    """After how long pytest ends all tests of the process."""
    return float(config.getini("faulthandler_timeout"))


def _with_deadline(test: _Test, seconds: float) -> _Test:
    """A test that fails where it awaits what does not come."""

    @wraps(test)
    async def run(*arguments: Any, **named: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(*arguments, **named)

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> _Phase:
    """Limit the fixtures."""
    return (yield from _limit(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> _Phase:
    """Limit the test."""
    return (yield from _limit(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> _Phase:
    """Limit the end of what the test opened."""
    return (yield from _limit(item))


def _limit(item: pytest.Item) -> _Phase:
    """Fail at the line where the main thread waits; again after a while, if that was caught."""
    seconds = PHASE_PART * _worker_seconds(item.config)

    def fail(*_: object) -> None:
        __tracebackhide__ = True
        pytest.fail(f"not done in {seconds:.0f} s")

    previous = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds / 10)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
