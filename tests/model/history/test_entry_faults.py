"""Whose doing the entries of the event log are: by the faults in their mappings and ticks."""

import numpy as np
from factories import faults_of, timeline_of
from model.history.test_event_log import Happened, tick

from smapstop.model.grouping import GroupScope
from smapstop.model.history.culprits import culprit_of_entry
from smapstop.model.history.event_log import EventLog
from smapstop.model.history.group_history import GroupHistory
from smapstop.model.tick import Tick
from smapstop.text.culprit import culprit_text
from smapstop.text.events import entry_verdicts, what_text


def doers(*ticks: Tick) -> dict[str, str]:
    """What is said of each mechanism, after a quiet tick."""
    entries = EventLog(timeline_of(tick(0), *ticks)).at(len(ticks))
    return {entry.what: culprit_text(culprit_of_entry(entry)) for entry in entries}


def test_what_repeats_is_of_who_did_most_of_it_in_all_ticks() -> None:
    first = tick(1, (0, "first-touch", 40), faults=faults_of((0, "f < main", 10)))
    quiet = tick(2, faults=faults_of((0, "g < main", 100)))  # they brought no page
    again = tick(3, (0, "first-touch", 40), faults=faults_of((0, "f < main", 4), (0, "g < main", 6)))
    assert doers(first, quiet, again) == {"first-touch": " mostly by f"}
    assert doers(first, tick(2, (0, "first-touch", 40))) == {"first-touch": ""}  # not watched any more
    assert doers(first, tick(2, (0, "first-touch", 40), faults=faults_of((1, "f", 10)))) == {"first-touch": ""}


def test_of_mixed_events_somebody_is_named_only_if_all_were_his() -> None:
    both: tuple[Happened, ...] = (0, "first-touch", 40), (0, "copy-on-write-after-fork", 40)
    his = tick(1, *both, (0, "discard", 4), faults=faults_of((0, "f < main", 20)))
    assert doers(his) == {"first-touch": " by f", "copy-on-write-after-fork": " by f", "discard": ""}
    assert set(doers(tick(1, *both, faults=faults_of((0, "f", 15), (0, "g", 5)))).values()) == {""}


def test_the_log_says_by_whom_and_can_be_searched_for_it() -> None:
    timeline = timeline_of(tick(0), tick(1, (0, "first-touch", 40), faults=faults_of((0, "f < main", 10))))
    (entry,) = EventLog(timeline).at(1)
    assert what_text(entry, timeline) == "first touch, 10 pages by f"
    (entry,) = EventLog(timeline, mapping=0).at(1)
    assert what_text(entry, timeline) == "first touch, 10 pages by f"


def test_a_group_is_of_who_did_it_in_all_its_mappings() -> None:
    def verdicts(*rows: tuple[int, str, int]) -> list[str]:
        happened: tuple[Happened, ...] = (1, "file-read", 40), (2, "file-read", 80), (2, "copy-on-write", 8)
        timeline = timeline_of(tick(0), tick(1, *happened, faults=faults_of(*rows)))
        (entries,) = GroupHistory(timeline, GroupScope("none")).entries(np.array([-1]), [1])
        return entry_verdicts(entries, timeline)

    assert verdicts((1, "f < main", 10), (2, "f < main", 4)) == ["2 p CoW", "30 p file pages by f"]
    assert verdicts((1, "f < main", 10), (2, "g < main", 4)) == ["2 p CoW by g", "30 p file pages"]
    assert verdicts((0, "f < main", 100)) == ["2 p CoW", "30 p file pages"]
