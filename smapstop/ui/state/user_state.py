"""Settings that the user changes in the dashboard, saved for the next start."""

from collections.abc import Mapping
from dataclasses import replace

from smapstop.lazy_dataclass import dataclass
from smapstop.model.protocol import Pace
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view_state import Units
from smapstop.text.table_columns import SORTABLE

INTERVAL_STEPS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Intervals that the keys step through, seconds."""


def step_interval(pace: Pace, steps: int) -> Pace:
    """The pace one of `INTERVAL_STEPS` shorter for positive steps, longer for negative ones; the same at the ends."""
    interval = pace.interval_ns / 1e9
    choices = (
        [step for step in INTERVAL_STEPS if step < interval]
        if steps > 0
        else [step for step in INTERVAL_STEPS[::-1] if step > interval]
    )
    return replace(pace, interval_ns=round(choices[-1] * 1e9)) if choices else pace


@dataclass(frozen=True, slots=True)
class UserState:
    """Settings of the dashboard at one time."""

    columns: tuple[str, ...]
    widths: Mapping[str, int]
    """Widths that the user gave columns, cells, by column."""
    units: Units
    sorting: Sorting
    theme: str
    interval: float
    """Seconds."""
    pane: int | None
    """Height of the panes, lines; None for a share of the screen."""
    inspector: int | None
    """The inspector's share of the width, or of the height below the table, percent; None for the default."""
    budget: float
    """Percent of one CPU."""
    commands: tuple[str, ...]
    """Commands typed so far, the oldest first."""
    filters: tuple[str, ...] = ()
    """Filters typed so far, the oldest first."""

    def changes(self, since: "UserState") -> dict[str, object]:
        """Settings that changed since another state, by their names in the config file."""
        changed: dict[str, object] = {
            name: getattr(self, name)
            for name in (
                *("columns", "widths", "units", "theme", "interval", "pane", "inspector"),
                *("budget", "commands", "filters"),
            )
            if getattr(self, name) != getattr(since, name)
        }
        if self.sorting != since.sorting:
            key = self.sorting.key
            default = SORTABLE[key].descending if key in SORTABLE else Sorting().descending
            changed |= {"sort": key, "reverse": self.sorting.descending != default}
        return changed
