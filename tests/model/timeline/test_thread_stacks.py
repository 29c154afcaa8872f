"""Whose stack was where, at any tick."""

import pytest
from factories import mappings_of, tick_of

from smapstop.model.tick import ThreadStack
from smapstop.model.timeline import thread_stacks
from smapstop.model.timeline.thread_stacks import StackLog


def log_of(*reported: tuple[ThreadStack, ...]) -> StackLog:
    """A log of ticks that tell of stacks."""
    log = StackLog()
    for number, each in enumerate(reported):
        log.append(tick_of(number, mappings_of(), [], stacks=each))
    return log


IO, NET, NOBODYS = ThreadStack(1, 7, "io"), ThreadStack(1, 8, "net"), ThreadStack(1, 0, "")
OTHER = ThreadStack(2, 9, "other")


def test_a_stack_has_been_there_since_before_it_was_found() -> None:
    log = log_of((), (IO,), ())
    assert [log.at(number) for number in range(4)] == [{1: IO}] * 4


def test_a_stack_that_another_thread_gets_was_the_first_ones_until_then() -> None:
    log = log_of((IO, OTHER), (), (NET,), (), (NOBODYS,), ())
    assert [log.at(number).get(1) for number in range(6)] == [IO, IO, NET, NET, None, None]
    assert {log.at(number)[2] for number in range(6)} == {OTHER}


def test_only_so_many_news_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_stacks, "MAX_ENTRIES", 4)
    log = log_of(*[(ThreadStack(1, 100 + number, "x"),) for number in range(9)])
    assert log.at(8)[1].tid == 108
    assert log.at(7)[1].tid == 107
    assert 102 < log.at(0)[1].tid < 107
