"""Alerts of the session: which were raised in which run, and which one is hidden. Independent of Textual."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.runs import Run, Runs
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.history.log_entry import PROCESS_SCOPE, LogEntry
from smapstop.model.marks import Mark
from smapstop.model.view.view_state import UNITS, Units
from smapstop.text.units import UnitFormat, without_shares

if TYPE_CHECKING:  # imported at run time when there is an alert
    from smapstop.model.alerts.expression import Alert
    from smapstop.model.alerts.states import AlertState, AlertWatch

LETTER = "!"
"""Letter of an alert among the marks of the time band."""


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert that was raised."""

    alert: "Alert"
    raised: int
    """As in the state of the alert."""
    number: int
    """Tick at which it was; the last one if that was after the end."""
    wall_ns: int
    """When it was, wall clock, ns."""
    lines: tuple[str, ...]
    """What it says in each of `UNITS`: its expression, the values, and which mapping did it."""
    mapping: int | None
    """The mapping that did it, if known."""

    def line(self, units: Units) -> str:
        """What it says in a unit."""
        return self.lines[UNITS.index(units)]


class AlertBoard:
    """Alerts of all runs.

    Args:
        alerts: What the user asked for.
    """

    def __init__(self, alerts: "Sequence[Alert]" = ()) -> None:
        self._alerts = alerts
        self._watches: dict[int, AlertWatch] = {}
        self._raised: dict[int, list[RaisedAlert]] = {}
        self._hidden: set[RaisedAlert] = set()

    def update(self, runs: Runs, family: FamilyLog | None = None, page_kb: int = 4) -> bool:
        """Check the new ticks of the newest run, and its family; whether an alert was raised."""
        run = runs.newest
        if not self._alerts or run is None:
            return False
        numbers = {each.number for each in runs.stored}
        self._watches = {number: watch for number, watch in self._watches.items() if number in numbers}
        self._raised = {number: raised for number, raised in self._raised.items() if number in numbers}
        watch = self._watch_of(run, family)
        new = [_describe(alert, state, watch, page_kb) for alert, state in watch.update()]
        self._raised.setdefault(run.number, []).extend(new)
        return bool(new)

    def append_reading(self, runs: Runs, family: FamilyLog) -> bool:
        """Note the last reading of the family; whether there is something to examine because of it alone."""
        run = runs.newest
        if not self._alerts or run is None or family.last is None or run.timeline.ending is None:
            return False
        self._watch_of(run, family).append_reading(family.last)
        return True

    def _watch_of(self, run: Run, family: FamilyLog | None) -> "AlertWatch":
        """The watch of a run."""
        from smapstop.model.alerts.states import AlertWatch

        if run.number not in self._watches:
            self._watches[run.number] = AlertWatch(self._alerts, run.timeline, family)
        return self._watches[run.number]

    def current(self, runs: Runs) -> RaisedAlert | None:
        """The alert of the newest run that was raised last, while it is neither cleared nor hidden."""
        run = runs.newest
        if run is None or run.number not in self._raised:
            return None
        states = self._watches[run.number].states
        raised = (each for each in reversed(self._raised[run.number]) if states[each.alert].raised == each.raised)
        return next((each for each in raised if each not in self._hidden), None)

    def hide(self, runs: Runs) -> bool:
        """Hide the alert that is shown until it is raised again; whether there was one."""
        current = self.current(runs)
        if current is not None:
            self._hidden.add(current)
        return current is not None

    def marks(self, run: Run | None) -> tuple[Mark, ...]:
        """The moments at which alerts were raised in a run."""
        return tuple(Mark(LETTER, each.number, each.mapping) for each in self._raised_in(run))

    def entries(self, run: Run | None, units: Units = "auto") -> tuple[LogEntry, ...]:
        """What was raised in a run, for its events, in a unit."""
        return tuple(
            LogEntry("alert", PROCESS_SCOPE - 1 - at, each.mapping, each.number, each.number, note=each.line(units))
            for at, each in enumerate(self._raised_in(run))
        )

    def _raised_in(self, run: Run | None) -> list[RaisedAlert]:
        """What was raised in a run and is not forgotten."""
        if run is None or run.number not in self._raised or self._watches[run.number].timeline is not run.timeline:
            return []
        return [each for each in self._raised[run.number] if each.number >= run.timeline.oldest]


def _describe(alert: "Alert", state: "AlertState", watch: "AlertWatch", page_kb: int) -> RaisedAlert:
    """What an alert says, and the mapping that did it; of a family it is a process, which the text names."""
    from smapstop.model.alerts.cause import cause_of
    from smapstop.text.alerts import alert_line

    assert state.raised is not None, "the alert was raised"
    cause = cause_of(alert, state, watch.timeline) if alert.scope == "process" else None
    formats = [without_shares(UnitFormat(units, page_kb)) for units in UNITS]
    lines = tuple(alert_line(alert, state, watch.ticks, watch.family, unit) for unit in formats)
    number = min(state.raised, len(watch.timeline) - 1)
    wall_ns = watch.ticks.header(state.raised).wall_ns
    return RaisedAlert(alert, state.raised, number, wall_ns, lines, None if cause is None else cause.mapping)
