"""What the user looks at: which run of the program, at which moment, and how. No Textual here."""

import time
from dataclasses import dataclass, replace

from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.compare.runs import Run, Runs
from smapstop.model.history.activity import Activity
from smapstop.model.protocol import Over, Target
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.ui.stable_order import CalmOrder


@dataclass(frozen=True, slots=True)
class Carried:
    """A mapping of the run before, whose like is wanted in this one."""

    mapping: int
    view: str | None
    """How it was open, as `Views` calls it; None when it was only under the cursor."""


class Looking:
    """What the user looks at; it is told what happens, and what the user wants.

    Args:
        lens: How to begin.
        sorting: The order of the rows at the beginning.
    """

    def __init__(self, lens: ViewState, sorting: Sorting) -> None:
        self.runs = Runs()
        self.run: Run | None = None
        """The run that is looked at; None before the first."""
        self.timeline = Timeline()
        """Its timeline."""
        self.activity = Activity(self.timeline)
        self.lens = lens
        self.order = CalmOrder(sorting)
        self.scene: View | None = None
        """What was seen last of this run."""
        self.carried: Carried | None = None
        self.over: Over | None = None
        """Nothing more comes: the end of a recording."""
        self.silent = 0
        """For how many seconds there was no tick of the newest run, though one was due; 0 while all is well."""
        self.touched = 0.0
        """When the user last pressed a key of ours, or used the mouse, in seconds of `time.monotonic`."""

    @property
    def now(self) -> int:
        """The tick that is shown."""
        return self.scene.snapshot.tick.number if self.scene else 0

    @property
    def anything(self) -> bool:
        """Whether anything of any run was seen."""
        return any(len(run.timeline) for run in self.runs.stored)

    @property
    def newest_run(self) -> bool:
        """Whether it is the newest run that is looked at."""
        return self.run is self.runs.newest

    @property
    def earlier(self) -> PreviousRun | None:
        """The run that this one can be compared with."""
        return self.runs.previous_run(self.run) if self.run else None

    def touch(self) -> None:
        """The user did something: the table does not sort under their hands, nor take the cursor elsewhere."""
        self.touched, self.carried = time.monotonic(), None

    def begin(self, target: Target) -> Run:
        """The next run begins: go there, unless the user looks at the past."""
        live = self.newest_run and self.lens.at is None
        run = self.runs.begin(target)
        if live:
            self.show(run)
        return run

    def show(self, run: Run, at: int | None = None) -> None:
        """Look at a run, live or at a tick, and compare it with the one before."""
        self.run, self.timeline, self.scene = run, run.timeline, None
        self.activity, self.order = Activity(run.timeline), self.order.anew()
        self.lens = self.lens.switch_run(at, earlier=self.earlier is not None)

    def look(self, lens: ViewState) -> None:
        """Look in another way; an earlier run goes no further than to its end."""
        at_end = lens.at is None and not self.newest_run
        self.lens = replace(lens, at=len(self.timeline) - 1) if at_end else lens

    def see(self) -> View | None:
        """Look again; None while there is nothing to see.

        Raises:
            SmapstopError: The fields of this kernel cannot answer the filter.
        """
        if self.run is None or not len(self.timeline):
            return None
        self.activity.update()
        self.scene = derive_view(self.timeline, self.lens, self.earlier)
        return self.scene

    def carried_over(self) -> Carried | None:
        """The mapping of this run that is like the wanted one, once it is there."""
        if self.carried is None or self.scene is None or self.scene.previous_run is None:
            return None
        mapping = self.scene.previous_run.counterpart(self.carried.mapping, self.scene.diff.before)
        if mapping is None:
            return None
        found, self.carried = replace(self.carried, mapping=mapping), None
        return found
