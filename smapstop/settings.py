"""Settings of the dashboard and what it starts with, from the command line and the config file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.runs import Run
from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import Attach, Launch, Pace
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view_state import Units
from smapstop.proc.process_info import ProcessInfo

if TYPE_CHECKING:  # imported at run time when there is an alert
    from smapstop.model.alerts.expression import Alert


@dataclass(frozen=True, slots=True)
class Settings:
    """Initial settings of the dashboard; the user can change them at run time."""

    pace: Pace = field(default_factory=Pace)
    sorting: Sorting = field(default_factory=Sorting)
    filter: str = ""
    """Filter expression, see `parse_filter`; empty matches every row."""
    columns: tuple[str, ...] = ()
    """Column keys, in order; empty for the default columns."""
    widths: Mapping[str, int] = field(default_factory=dict)
    """Widths that the user gave columns, cells, by key."""
    units: Units = "auto"
    """Unit of amounts."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key bindings that replace the defaults, in Textual's spelling, by action name."""
    theme: str = ""
    """Name of a Textual theme; empty for the default."""
    pane: int | None = None
    """Height of the panes below the table, lines; `None` for a fraction of the screen."""
    inspector: int | None = None
    """Share of the inspector beside or below the table, percent; `None` for the default."""
    filters: tuple[str, ...] = ()
    """Filters of earlier sessions, the oldest first."""
    is_recording: bool = False
    """Whether all that is watched is recorded to a file anyway."""
    remember: Callable[[Mapping[str, object]], None] = field(default=lambda _: None, repr=False)
    """Store the settings the user changed, by config key, for the next session. May raise a `SmapstopError`."""
    write_snapshot: Callable[[int, str], str] = field(default=lambda *_: "", repr=False)
    """Read a process by its pid once, and save that to a file; returns a message. May raise a `SmapstopError`."""
    commands: tuple[str, ...] = ()
    """Commands typed before, the oldest first."""
    save: Callable[[Run, str, Sequence[FamilyReading]], Iterator[str]] = field(
        default=lambda *_: iter(()), repr=False
    )
    """Save a run, and the family during it, to a file, empty for a new one, step by step; yields a progress message
    after each step."""
    shows_family: bool = field(default=False, repr=False)
    """Whether to begin with the family of the process."""
    via: str = ""
    """The command that gives a shell where the process is; empty for here."""
    alerts: "tuple[Alert, ...]" = ()
    """What the user wants to be warned of."""
    callers: bool = False
    """Whether to find out which code makes page faults."""

    @property
    def records_family(self) -> bool:
        """Whether the family is recorded: that it is watched from the beginning to the end."""
        return self.shows_family and self.is_recording

    @property
    def needs_family(self) -> bool:
        """Whether the family is read from the beginning to the end: it is recorded, or an alert is about it."""
        return self.records_family or any(alert.scope != "process" for alert in self.alerts)


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """The copy-on-write experiment, through which the dashboard walks the user."""

    file: str
    """Name of the file whose page is copied, without directories."""
    symbol: str = ""
    """Symbol on the page; empty for none."""
    note: str = ""
    """Appended to the line that says what to type."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Replay a recording."""

    name: str
    """File name of the recording."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Let the user pick the process to watch."""

    processes: Callable[[], Sequence[ProcessInfo]]
    """List the processes to pick from."""
    check: Callable[[ProcessInfo], object]
    """Raise `SmapstopError` if the picked process cannot be watched."""


StartRequest = Attach | Launch | Pick | Replay
"""What the dashboard starts with: a process, a program to launch, the process list, or a recording."""
