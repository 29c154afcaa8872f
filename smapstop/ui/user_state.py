"""What the user can change in the dashboard and finds again the next time."""

from dataclasses import dataclass, replace

from smapstop.model.protocol import Pace
from smapstop.model.view.sort import Sorting
from smapstop.text.columns import SORTABLE

INTERVAL_STEPS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""The intervals that keys lead to, seconds."""


def step_interval(pace: Pace, steps: int) -> Pace:
    """The pace so many steps more often, or less; from an interval that is no step to the nearest that is."""
    now = pace.interval_ns / 1e9
    other = (
        [step for step in INTERVAL_STEPS if step < now]
        if steps > 0
        else [step for step in INTERVAL_STEPS[::-1] if step > now]
    )
    return replace(pace, interval_ns=round(other[-1] * 1e9)) if other else pace


@dataclass(frozen=True, slots=True)
class UserState:
    """How the user has it at a moment."""

    columns: tuple[str, ...]
    sorting: Sorting
    theme: str
    interval: float
    """Seconds."""
    pane: int | None
    """Lines; None for a part of the screen."""

    def changes(self, since: "UserState") -> dict[str, object]:
        """What is other than it was, by the names that the config file has for it."""
        found: dict[str, object] = {
            name: getattr(self, name)
            for name in ("columns", "theme", "interval", "pane")
            if getattr(self, name) != getattr(since, name)
        }
        if self.sorting != since.sorting:
            key = self.sorting.key
            usual = SORTABLE[key].descending if key in SORTABLE else Sorting().descending
            found |= {"sort": key, "reverse": self.sorting.descending != usual}
        return found
