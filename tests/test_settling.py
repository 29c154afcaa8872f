"""A Pilot waits for all that an app has to do, and not for ever."""

import asyncio

import pytest
from settling import SOON_SECONDS, settle


async def test_all_steps_of_what_is_under_way_are_waited_for() -> None:
    done = []

    async def work() -> None:
        for step in range(1000):
            await asyncio.sleep(SOON_SECONDS / 3 if step in (10, 500) else 0)
            done.append(step)

    task = asyncio.create_task(work())
    await settle()
    assert done == list(range(1000))
    assert task.done()


async def test_what_comes_later_is_not_waited_for() -> None:
    later = asyncio.create_task(asyncio.sleep(1000))
    await settle()
    assert not later.done()
    later.cancel()


async def test_who_never_rests_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("settling.MOST_CPU_SECONDS", 0.05)
    sleeps = [0.001, 0.0]

    async def animate() -> None:
        while sleeps:
            await asyncio.sleep(sleeps[0])

    animation = asyncio.create_task(animate())
    while sleeps:
        await settle()
        assert not animation.done()
        sleeps.pop(0)
    await animation
