"""What the user asked for on the command line of the dashboard."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from smapstop.model.compare.runs import Run
from smapstop.model.protocol import Attach, Launch, Pace
from smapstop.model.view.sort import Sorting
from smapstop.proc.process_info import ProcessInfo


@dataclass(frozen=True, slots=True)
class Settings:
    """How the dashboard begins; everything can be changed in it later."""

    pace: Pace = field(default_factory=Pace)
    sorting: Sorting = field(default_factory=Sorting)
    filter: str = ""
    """See `parse_filter`; empty lets every row through."""
    columns: tuple[str, ...] = ()
    """Keys of columns, in order; empty for the usual ones."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other keys than the usual ones, in Textual's spelling, by the names of what they do."""
    theme: str = ""
    """One of Textual's; empty for the usual one."""
    pane: int | None = None
    """The height of the panes below the table, lines; None for a part of the screen."""
    remember: Callable[[Mapping[str, object]], None] = field(default=lambda _: None, repr=False)
    """Keeps what the user changed, by the names that the config file has for it, for the next time."""
    save: Callable[[Run], Iterator[str]] = field(default=lambda _: iter(()), repr=False)
    """Writes what is known of a run into a file, step by step; each says what was done until then."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Look at a recording."""

    name: str
    """What its file is called."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Let the user pick whom to watch."""

    processes: Callable[[], Sequence[ProcessInfo]]
    """Lists them."""
    check: Callable[[ProcessInfo], object]
    """Raises `SmapstopError` when one that was picked cannot be watched."""


StartRequest = Attach | Launch | Pick | Replay
"""Whom to watch, or what to look at."""
