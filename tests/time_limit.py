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

AWAIT_SECONDS = 90.0
"""How long a test may await: asyncio ends it in order, and it closes what it opened."""
PHASE_SECONDS = 100.0
"""How long each of set-up, test and tear-down may take: before faulthandler_timeout, which ends the whole worker."""

_Phase = Generator[None, object, object]
_Test = Callable[..., Coroutine[Any, Any, None]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limit how long a test awaits."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = _with_deadline(item.obj)


def _with_deadline(test: _Test) -> _Test:
    """A test that fails where it awaits what does not come."""

    @wraps(test)
    async def run(*arguments: Any, **named: Any) -> None:
        async with asyncio.timeout(AWAIT_SECONDS):
            await test(*arguments, **named)

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> _Phase:
    """Limit the fixtures."""
    return (yield from _limit())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> _Phase:
    """Limit the test."""
    return (yield from _limit())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> _Phase:
    """Limit the end of what the test opened."""
    return (yield from _limit())


def _limit() -> _Phase:
    """Fail at the line where the main thread waits; again after a while, if that was caught."""

    def fail(*_: object) -> None:
        __tracebackhide__ = True
        pytest.fail(f"not done in {PHASE_SECONDS:g} s")

    previous = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, PHASE_SECONDS, PHASE_SECONDS / 10)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
