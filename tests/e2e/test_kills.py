"""A kill of each part of smapstop while it records a family with callers; `make kills` does it at random moments."""

from collections.abc import Callable
from pathlib import Path

import pytest
from kills.cases import VICTIMS, Kill, Victim, run_kill


@pytest.mark.parametrize("launched", [False, True], ids=["attached", "launched"])
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_kill_leaves_nothing_that_runs_no_harm_and_a_recording_without_its_last_tick_at_most(
    program: Callable[..., Path], tmp_path: Path, victim: Victim, launched: bool
) -> None:
    outcome = run_kill(Kill(victim, launched, 3, 0), program("heartbeat"), tmp_path)
    assert outcome.wrong == ()
    assert outcome.ticks >= 3


def test_a_kill_while_smapstop_begins_leaves_nothing_that_runs(program: Callable[..., Path], tmp_path: Path) -> None:
    for number, seconds in enumerate((0.05, 0.15, 0.25)):
        (folder := tmp_path / str(number)).mkdir()
        assert run_kill(Kill("recorder", True, 0, seconds), program("heartbeat"), folder).wrong == ()
