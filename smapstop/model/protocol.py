"""Messages between readers and sources of ticks: requests, replies and notices."""

from typing import TYPE_CHECKING

from smapstop.lazy_dataclass import dataclass
from smapstop.model.marks import Mark, Unmark
from smapstop.model.remote_host import RemoteHost

if TYPE_CHECKING:  # they import numpy, which takes longer than starting a sampler
    from smapstop.model.tick import Tick
    from smapstop.proc.pages.page_runs import PageRuns

GRACE_SECONDS = 2.0
"""Time for a program or the sampler to end when asked to, before a stronger signal is used."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Interval and CPU budget of sampling."""

    interval_ns: int = 1_000_000_000
    """Time between readings."""
    budget: float = 0.05
    """Share of one CPU, and of wall time, that reading may take; beyond it the interval grows. 1.0: no limit."""


@dataclass(frozen=True, slots=True)
class Attach:
    """Watch a running process."""

    pid: int
    pace: Pace = Pace()
    callers: bool = False
    """Also see which code makes its page faults, as far as that is permitted."""
    via: str = ""
    """The command that gives a shell where the process is; empty for here."""


@dataclass(frozen=True, slots=True)
class AttachNext:
    """Wait for the next process like the one that was watched and has ended, and watch that, as a new target."""

    pace: Pace = Pace()


@dataclass(frozen=True, slots=True)
class StopWaiting:
    """No longer wait for the next process."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Start a program on the source's terminal, and watch it from its exec on.

    After it has ended it can be launched again, as a new target whose ticks count from 0.
    """

    command: tuple[str, ...]
    environment: dict[str, str]
    pace: Pace = Pace()
    callers: bool = False
    """As in `Attach`."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Send a signal to the session of the launched program; never to a process that smapstop only attached to."""

    number: int


@dataclass(frozen=True, slots=True)
class Detach:
    """End the source but leave the launched program running: its terminal stays open, its output is discarded."""


@dataclass(frozen=True, slots=True)
class PagesRequest:
    """Read the pages of a mapping once; the reply is `PagesReply`."""

    mapping: int
    """Id of the mapping."""


@dataclass(frozen=True, slots=True)
class SymbolsRequest:
    """Find the symbols on pages of a mapping; the reply is `SymbolsReply`."""

    mapping: int
    """Id of the mapping."""
    ranges: tuple[tuple[int, int], ...]
    """Page-aligned address ranges: start, and first address after the end."""


@dataclass(frozen=True, slots=True)
class FramesRequest:
    """Read the state of the page frames behind pages of a mapping; the reply is `FramesReply`."""

    mapping: int
    """Id of the mapping."""
    start: int
    """Address of the first page."""
    end: int
    """First address after the last page."""


@dataclass(frozen=True, slots=True)
class SharersRequest:
    """Find the other processes that map the shared-memory object of a mapping; the reply is `SharersReply`."""

    mapping: int
    """Id of the mapping."""


@dataclass(frozen=True, slots=True)
class ThreadsRequest:
    """Read the threads of the target; the reply is `ThreadsReply`."""


@dataclass(frozen=True, slots=True)
class FollowFamily:
    """Read the family of the target, too, or no longer; each reading is a `FamilyReading`."""

    on: bool = True


@dataclass(frozen=True, slots=True)
class SampleMembers:
    """Sample these members of the family, too, and no others; what they have to say comes in a `MemberMessage`."""

    pids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MemberRequest:
    """A request about a member that is sampled; the reply comes in a `MemberMessage`."""

    pid: int
    request: "MappingRequest | ThreadsRequest"


MappingRequest = PagesRequest | SymbolsRequest | FramesRequest | SharersRequest
"""Requests about one mapping."""
FamilyRequest = FollowFamily | SampleMembers | MemberRequest
"""Requests about the family of the target."""


TargetRequest = Attach | AttachNext | StopWaiting | Launch | Pace | Signal | Detach
"""Requests about what is watched, and how."""
Request = TargetRequest | ThreadsRequest | MappingRequest | FamilyRequest | Mark | Unmark


@dataclass(frozen=True, slots=True)
class Target:
    """Process being watched: attached to, or launched."""

    pid: int
    """Process id; 0 if unknown, as in a recording of saved texts."""
    command_line: tuple[str, ...]
    executable: str | None
    launched: bool
    stopped_at_exec: bool
    """Launched and stopped at exec: the first tick is from before its first instruction."""
    started_ns: int | None
    """Start time, wall clock, ns; None if unknown."""
    clock_ticks: int
    """Clock ticks per second (SC_CLK_TCK), the unit of its CPU times."""
    max_map_count: int | None
    """Limit of mappings per process (vm.max_map_count)."""
    remote_host: RemoteHost | None = None
    """Where it is; None for here."""
    missing_callers: str = "not asked for"
    """Why the callers of its page faults are not seen, or not all of them, and what to do; empty if they are."""
    user: str | None = None
    """Name of the user that it runs as, or the number where that has no name; None if unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class PagesReply:
    """Pages of a mapping, from one reading of pagemap."""

    mapping: int
    tick: int
    """Last tick before the reading."""
    wall_ns: int
    """Time of the reading, wall clock, ns."""
    start: int
    """First address of the mapping at that time."""
    end: int
    """First address after the mapping."""
    runs: "PageRuns | None"
    """The pages; None when they could not be read."""
    missing_reason: str = ""
    """Why they could not be read, and what to do."""


@dataclass(frozen=True, slots=True)
class SymbolsReply:
    """Symbols on pages of a mapping."""

    mapping: int
    ranges: tuple[tuple[int, int], ...]
    """As in the request."""
    names: tuple[tuple[str, ...], ...]
    """For each range the names in address order; the last may be the number of further ones."""
    missing_reason: str = ""
    """Why there are no symbols, as a predicate of the file: `is stripped of its symbols`; empty when there are."""


@dataclass(frozen=True, slots=True)
class FramesReply:
    """State of the page frames behind pages of a mapping, from kpageflags and kpagecount."""

    mapping: int
    start: int
    """As in the request."""
    end: int
    """As in the request."""
    pages: int = 0
    """Pages that have a frame; the counts below are of these."""
    mapped_once: int = 0
    """Frames with a map count of 1, over all processes."""
    highest_map_count: int = 0
    """Map count of the most mapped frame."""
    dirty: int = 0
    referenced: int = 0
    huge: int = 0
    """Frames of huge pages, whether mapped as such or not."""
    ksm: int = 0
    missing_reason: str = ""
    """Why there are no counts; empty when there are."""


@dataclass(frozen=True, slots=True)
class SharersReply:
    """Other processes that map the shared-memory object of a mapping, as far as they may be seen."""

    mapping: int
    processes: tuple[tuple[int, str], ...] = ()
    """Their ids and names."""
    unread: int = 0
    """Number of processes that may map it, too: they may not be read, or there was no time to."""
    attached: int | None = None
    """Attachments of a System V segment, in all processes; None for other objects."""
    missing_reason: str = ""
    """Why nothing is known; empty when it is."""


MappingReply = PagesReply | SymbolsReply | FramesReply | SharersReply
"""Replies to a `MappingRequest`."""


@dataclass(frozen=True, slots=True)
class ThreadsReply:
    """Threads of the target, as columns."""

    monotonic_ns: int = 0
    """Time of the reading, monotonic clock, ns."""
    tids: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    states: str = ""
    """A letter for each, as of a process."""
    cpu_ticks: tuple[int, ...] = ()
    """CPU time used so far, clock ticks."""
    stacks: tuple[int, ...] = ()
    """Id of the mapping that the stack is in; -1 where it is not known."""
    total: int = 0
    """Number of all threads; those beyond a limit are left out."""
    missing_reason: str = ""
    """Why the threads could not be read; empty when they could."""


@dataclass(frozen=True, slots=True, eq=False)
class MemberMessage:
    """A message about a member of the family: its target first, then its ticks; and replies."""

    pid: int
    content: "Target | Tick | MappingReply | ThreadsReply"


@dataclass(frozen=True, slots=True)
class LaunchFailed:
    """Launching the program again failed, or attaching to the next process; it may be retried."""

    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Message for the user that does not end the session."""

    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class EndOfRecording:
    """End of a recording: no more ticks follow."""

    reason: str
    """Why the recording was stopped; empty when unknown."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The source failed and has ended; fields as in `SmapstopError`."""

    what: str
    remedy: str = ""
    status: int = 2
