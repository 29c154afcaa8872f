"""What the user set on the command line for the dashboard."""

from dataclasses import dataclass, field

from smapstop.model.arrange import Sorting
from smapstop.model.requests import Pace


@dataclass(frozen=True, slots=True)
class Settings:
    """How the dashboard begins; everything can be changed in it later."""

    pace: Pace = field(default_factory=Pace)
    sorting: Sorting = field(default_factory=Sorting)
    filter: str = ""
    """See `filter_of`; empty lets every row through."""
    columns: tuple[str, ...] = ()
    """Keys of columns, in order; empty for the usual ones."""
