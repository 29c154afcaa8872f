"""What the user looks at: which run of the program, at which moment, and how. No Textual here."""

import time
from dataclasses import dataclass, replace

from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.compare.runs import Run, Runs
from smapstop.model.history.activity import Activity
from smapstop.model.protocol import EndOfRecording, Target
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.ui.stable_order import StableOrder


@dataclass(frozen=True, slots=True)
class CarriedSelection:
    """A mapping of the run before, whose like is wanted in this one."""

    mapping: int
    tab: str | None
    """How it was open, as `Views` calls it; None when it was only under the cursor."""


class Session:
    """What the user looks at; it is told what happens, and what the user wants.

    Args:
        lens: How to begin.
        sorting: The order of the rows at the beginning.
    """

    def __init__(self, view_state: ViewState, sorting: Sorting) -> None:
        self.runs = Runs()
        self.run: Run | None = None
        """The run that is looked at; None before the first."""
        self.timeline = Timeline()
        """Its timeline."""
        self.activity = Activity(self.timeline)
        self.view_state = view_state
        self.order = StableOrder(sorting)
        self.view: View | None = None
        """What was seen last of this run."""
        self.carried_selection: CarriedSelection | None = None
        self.end_of_recording: EndOfRecording | None = None
        """Nothing more comes: the end of a recording."""
        self.overdue_seconds = 0
        """For how many seconds there was no tick of the newest run, though one was due; 0 while all is well."""
        self.last_input_time = 0.0
        """When the user last pressed a key of ours, or used the mouse, in seconds of `time.monotonic`."""

    @property
    def shown_number(self) -> int:
        """The tick that is shown."""
        return self.view.snapshot.tick.number if self.view else 0

    @property
    def has_ticks(self) -> bool:
        """Whether anything of any run was seen."""
        return any(len(run.timeline) for run in self.runs.stored)

    @property
    def is_newest_run(self) -> bool:
        """Whether it is the newest run that is looked at."""
        return self.run is self.runs.newest

    @property
    def previous_run(self) -> PreviousRun | None:
        """The run that this one can be compared with."""
        return self.runs.previous_run(self.run) if self.run else None

    def note_input(self) -> None:
        """The user did something: the table does not sort under their hands, nor take the cursor elsewhere."""
        self.last_input_time, self.carried_selection = time.monotonic(), None

    def begin_run(self, target: Target) -> Run:
        """The next run begins: go there, unless the user looks at the past."""
        live = self.is_newest_run and self.view_state.at is None
        run = self.runs.begin(target)
        if live:
            self.show_run(run)
        return run

    def show_run(self, run: Run, at: int | None = None) -> None:
        """Look at a run, live or at a tick, and compare it with the one before."""
        self.run, self.timeline, self.view = run, run.timeline, None
        self.activity, self.order = Activity(run.timeline), self.order.reset_copy()
        self.view_state = self.view_state.switch_run(at, earlier=self.previous_run is not None)

    def set_view_state(self, view_state: ViewState) -> None:
        """Look in another way; an earlier run goes no further than to its end."""
        at_end = view_state.at is None and not self.is_newest_run
        self.view_state = replace(view_state, at=len(self.timeline) - 1) if at_end else view_state

    def refresh(self) -> View | None:
        """Look again; None while there is nothing to see.

        Raises:
            SmapstopError: The fields of this kernel cannot answer the filter.
        """
        if self.run is None or not len(self.timeline):
            return None
        self.activity.update()
        self.view = derive_view(self.timeline, self.view_state, self.previous_run)
        return self.view

    def take_carried_selection(self) -> CarriedSelection | None:
        """The mapping of this run that is like the wanted one, once it is there."""
        if self.carried_selection is None or self.view is None or self.view.previous_run is None:
            return None
        mapping = self.view.previous_run.counterpart(self.carried_selection.mapping, self.view.diff.before)
        if mapping is None:
            return None
        found, self.carried_selection = replace(self.carried_selection, mapping=mapping), None
        return found
