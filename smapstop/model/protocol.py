"""What a reader may ask of a source of ticks, and what a source tells beside ticks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports numpy, which takes longer than starting a sampler
    from smapstop.proc.pages.page_runs import PageRuns

GRACE_SECONDS = 2.0
"""How long a program or the sampler may take to end when it is asked to; then it is asked with more force."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to sample, and what it may cost."""

    interval_ns: int = 1_000_000_000
    """Time between readings."""
    budget: float = 0.05
    """Share of one CPU, and of wall time, that reading may take; past it the interval stretches. 1.0: never."""


@dataclass(frozen=True, slots=True)
class Attach:
    """Watch a running process."""

    pid: int
    pace: Pace = Pace()


@dataclass(frozen=True, slots=True)
class Launch:
    """Start a program on the terminal that the source was given, and watch it from its exec on.

    Once it has ended, it can be launched again: a new target, with ticks that begin anew.
    """

    command: tuple[str, ...]
    environment: dict[str, str]
    pace: Pace = Pace()


@dataclass(frozen=True, slots=True)
class Signal:
    """Send a signal to the launched program's session; never to a process that smapstop only attached to."""

    number: int


@dataclass(frozen=True, slots=True)
class Detach:
    """End, but let the launched program go on: its terminal stays open, and what it prints is thrown away."""


@dataclass(frozen=True, slots=True)
class PagesRequest:
    """Look at the pages of a mapping, once; the answer is `PagesReply`."""

    mapping: int
    """Its id."""


@dataclass(frozen=True, slots=True)
class SymbolsRequest:
    """Tell what lies on pages of a mapping; the answer is `SymbolsReply`."""

    mapping: int
    """Its id."""
    ranges: tuple[tuple[int, int], ...]
    """Addresses of whole pages, from the first up to the one after the last."""


@dataclass(frozen=True, slots=True)
class FramesRequest:
    """Tell of the page frames behind some pages of a mapping; the answer is `FramesReply`."""

    mapping: int
    """Its id."""
    start: int
    """Address of the first page."""
    end: int
    """First address after the last one."""


MappingRequest = PagesRequest | SymbolsRequest | FramesRequest
"""What is asked about one mapping."""
Request = Attach | Launch | Pace | Signal | Detach | MappingRequest


@dataclass(frozen=True, slots=True)
class Target:
    """The process that is watched: found, or launched."""

    pid: int
    command_line: tuple[str, ...]
    executable: str | None
    launched: bool
    stopped_at_exec: bool
    """The first tick shows the very start of its life."""
    started_ns: int
    """When it started, on the wall clock."""
    clock_ticks: int
    """The unit of its CPU times: so many a second."""
    max_map_count: int | None
    """How many mappings a process may have (vm.max_map_count)."""


@dataclass(frozen=True, slots=True, eq=False)
class PagesReply:
    """What the pages of a mapping were at one look."""

    mapping: int
    tick: int
    """The last tick before the look."""
    wall_ns: int
    """When it was."""
    start: int
    """First address of the mapping then."""
    end: int
    """First address after it."""
    runs: "PageRuns | None"
    """The pages; None when they could not be read."""
    missing_reason: str = ""
    """Why they could not, and what to do."""


@dataclass(frozen=True, slots=True)
class SymbolsReply:
    """What lies on pages of a mapping."""

    mapping: int
    ranges: tuple[tuple[int, int], ...]
    """As asked for."""
    names: tuple[tuple[str, ...], ...]
    """For each range the names in address order, the last of which may say how many more there are."""
    missing_reason: str = ""
    """Why there are no symbols, to be said of the file: `is stripped of its symbols`. Empty when it has some."""


@dataclass(frozen=True, slots=True)
class FramesReply:
    """What the page frames behind some pages of a mapping are, as far as the kernel tells."""

    mapping: int
    start: int
    """As asked for."""
    end: int
    """As asked for."""
    pages: int = 0
    """How many have a frame, and all that follows is of these."""
    mapped_once: int = 0
    """Mapped once, by all processes together."""
    highest_map_count: int = 0
    """How often the one is mapped that is mapped most."""
    dirty: int = 0
    referenced: int = 0
    huge: int = 0
    """Part of huge pages, however they are mapped."""
    ksm: int = 0
    missing_reason: str = ""
    """Why nothing is told; empty when it is."""


MappingReply = PagesReply | SymbolsReply | FramesReply
"""What is said to a `MappingRequest`."""


@dataclass(frozen=True, slots=True)
class LaunchFailed:
    """A program could not be launched again; it can be tried once more."""

    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user should know, and that does not end the watching."""

    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class EndOfRecording:
    """Nothing more comes: a recording was told to its end."""

    reason: str
    """Why it ends there; empty when nobody told."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The source cannot go on: what a `SmapstopError` says."""

    what: str
    remedy: str = ""
    status: int = 2
