"""Service loop of the sampler process: requests in, ticks of one target out."""

import os
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import cast

from smapstop.errors import SmapstopError
from smapstop.model.protocol import (
    Attach,
    AttachNext,
    Detach,
    Failure,
    FollowFamily,
    FramesRequest,
    Launch,
    LaunchFailed,
    MemberRequest,
    Notice,
    Pace,
    PagesRequest,
    Request,
    SampleMembers,
    SharersRequest,
    Signal,
    StopWaiting,
    SymbolsRequest,
    ThreadsRequest,
)
from smapstop.proc.process import ProcDir
from smapstop.proc.remote.shell import ConnectionLostError
from smapstop.proc.successor import SuccessorSearch, boot_time_s
from smapstop.pseudo_terminal import ProgramTerminal
from smapstop.sampling.family_reader import FamilyReader
from smapstop.sampling.family_watch import TARGET_SHARE, FamilyWatch
from smapstop.sampling.launch import launch, release, terminal_environment
from smapstop.sampling.ready_fds import ready_fds
from smapstop.sampling.remote_link import RemoteLink
from smapstop.sampling.watched_process import WatchedProcess
from smapstop.sampling.wire import Decoder, Encoder, WireMessage, read_exactly, read_frame, write_all

_SEARCH_NS = 250_000_000
"""Interval at which the next process is searched for."""
_NEEDED_BY_CHANGES = ("elftools.elf.elffile", "numpy.ma")
"""Modules that the first changes need, for names of variables and for np.unique: 35 ms of CPU together, of which the
first tick needs nothing. Imported at the tick with these changes, they would cost the budget of seven at 0.1 s."""


class Service:
    """Serve one reader: carry out its requests and send it the ticks of one target."""

    def __init__(self, requests_fd: int, ticks_fd: int, program_fds: tuple[int, ...]) -> None:
        self._requests_fd = requests_fd
        self._decoder = Decoder()
        self._encoder = Encoder()
        self._ticks_fd = ticks_fd
        self._terminal = ProgramTerminal(*program_fds) if len(program_fds) == 2 else None
        self._stdio = program_fds if len(program_fds) == 3 else (0, 1, 2)
        self._watched: WatchedProcess | None = None
        self._family: FamilyWatch | None = None
        self._pace = Pace()
        self._callers = False
        self._link: RemoteLink | None = None
        """Connection to where the target is; None for here."""
        self._search: SuccessorSearch | None = None
        """Search for the next process like the one that ended last."""
        self._awaited: AttachNext | None = None
        """Request for that process; None unless it is awaited."""
        self._search_due_ns = 0
        self._starts = 0

    def run(self) -> None:
        """Serve until the reader is gone or detaches."""
        while True:
            ready = ready_fds(self._waiting(), self._seconds_until_due())
            if self._requests_fd in ready:
                request = self._next_request()
                if request is None:
                    return
                if isinstance(request, Detach):
                    self._detach()
                    return
                self._handle(request)
            else:
                self._do_what_is_due(ready)

    def _waiting(self) -> list[int]:
        """Fds to wait for: requests, the ends of processes, and samples of page faults."""
        watches = (self._watched, self._family)
        return [self._requests_fd, *(fd for watch in watches if watch is not None for fd in watch.fds)]

    def _seconds_until_due(self) -> float | None:
        """Time until the next tick or reading is due; None while nothing is watched."""
        due_ns = [self._due_ns(self._watched)] if self._watched else []
        due_ns += [self._family.due_ns] if self._family and not self._is_lost else []
        due_ns += [self._search_due_ns] if self._awaited else []
        return max(0.0, (min(due_ns) - time.monotonic_ns()) / 1e9) if due_ns else None

    def _do_what_is_due(self, ready: set[int]) -> None:
        """Send what is due: the end of the target, its next tick, or a reading of its family."""
        watched = self._watched
        if watched is not None and watched.pidfd in ready:
            self._finish_watching(watched)
        elif watched is not None and time.monotonic_ns() >= self._due_ns(watched):
            if self._link is not None and self._is_lost:
                self._reconnect(watched, self._link)
            else:
                self._send_sample(watched)
        elif watched is not None and watched.faults_fd in ready:
            watched.sampler.drain_faults()
        elif self._awaited is not None and time.monotonic_ns() >= self._search_due_ns:
            self._attach_next(self._awaited)
        elif self._family is not None and not self._is_lost:
            self._step_family(self._family)

    @property
    def _is_lost(self) -> bool:
        """Whether the connection to where the target is is broken."""
        return self._link is not None and self._link.due_ns is not None

    def _step_family(self, family: FamilyWatch) -> None:
        """Send what the family has to say."""
        try:
            for message in family.step():
                self._send(message)
        except ConnectionLostError as error:
            self._lose(error)

    def _next_request(self) -> Request | None:
        """Read the next request; None when the reader is gone."""
        frame = read_frame(partial(read_exactly, self._requests_fd))
        return cast("Request", self._decoder.decode(*frame)) if frame else None

    def _send(self, message: WireMessage) -> None:
        write_all(self._ticks_fd, self._encoder.encode(message))

    def _handle(self, request: Request) -> None:
        """Carry out a request; errors are sent to the reader."""
        try:
            match request:
                case Attach():
                    self._starts += 1
                    self._start_watching(self._attach(request))
                case AttachNext() if self._link is not None:
                    self._send(LaunchFailed("the next process is not waited for elsewhere", "start smapstop again"))
                case AttachNext() if not self._watched:
                    self._awaited, self._search_due_ns = request, 0
                case StopWaiting():
                    self._awaited = None
                case Launch() if not self._watched:
                    self._start_watching(self._launch_program(request))
                case Pace():
                    self._set_pace(request)
                case FollowFamily(on):
                    self._follow_family(on=on)
                case SampleMembers(pids) if self._family:
                    for message in self._family.sample_members(pids):
                        self._send(message)
                case MemberRequest() if self._family:
                    reply = self._family.answer(request)
                    if reply is not None:
                        self._send(reply)
                case PagesRequest() | SymbolsRequest() | FramesRequest() | SharersRequest() | ThreadsRequest() if (
                    self._watched
                ):
                    self._send(self._watched.sampler.answer(request))
                case Signal(number) if self._watched and self._watched.program:
                    signal_session(self._watched.program.pid, number)
                case _:
                    pass  # the target ended before the request arrived, or is still running (Launch)
        except ConnectionLostError as error:
            self._lose(error)
        except SmapstopError as error:
            self._send(self._failure_message(error.what, error.remedy, error.status))
        except OSError as error:
            self._send(self._failure_message(f"cannot watch the process: {error.strerror}", "has it exited?"))

    def _set_pace(self, pace: Pace) -> None:
        """Set the interval and the budget, which the target shares with its family if that is followed."""
        self._pace = pace
        if self._watched is not None:
            budget = pace.budget * (TARGET_SHARE if self._family else 1)
            self._watched.sampler.pacer.pace = replace(pace, budget=budget)
        if self._family is not None:
            self._family.set_pace(pace)

    def _follow_family(self, *, on: bool) -> None:
        """Begin or stop to read the family of the target; no change if it is read already."""
        if on and self._watched is not None and self._family is None:
            if self._link is not None:
                self._family = self._link.watch_family(self._pace)
            else:
                reader = FamilyReader(self._watched.process.pid)
                self._family = FamilyWatch(reader, self._pace, callers=self._callers)
        elif not on and self._family is not None:
            self._family.close()
            self._family = None
        self._set_pace(self._pace)

    def _failure_message(self, what: str, remedy: str = "", status: int = 2) -> Failure | LaunchFailed:
        """Message of a failure; after a first start it is not final: a process can be launched or awaited again."""
        return LaunchFailed(what, remedy) if self._starts > 1 else Failure(what, remedy, status)

    def _launch_program(self, request: Launch) -> WatchedProcess:
        """Launch a program on the pty, or on the given fds, which are then only the program's."""
        environment = request.environment
        self._starts += 1
        if self._terminal is None:
            program = launch(request.command, terminal_fd=None, stdio=self._stdio, env=environment)
            for fd in set(self._stdio) - {0, 1, 2}:
                os.close(fd)  # only the program holds them, so that readers of its output get end of file
        else:
            with self._terminal.open_slave() as slave:
                program = launch(request.command, terminal_fd=slave, env=terminal_environment(environment))
        return WatchedProcess(ProcDir(program.pid), program, request.pace, callers=request.callers)

    def _attach(self, request: Attach) -> WatchedProcess:
        """Open a process that runs, here or elsewhere."""
        if not request.via:
            return WatchedProcess(ProcDir(request.pid), None, request.pace, callers=request.callers)
        self._link = RemoteLink(request.via, request.pid)
        return WatchedProcess(self._link.process, None, request.pace, callers=request.callers, via=request.via)

    def _due_ns(self, watched: WatchedProcess) -> int:
        """When the next tick is due, or the next try to connect."""
        retry_ns = self._link.due_ns if self._link is not None else None
        return watched.sampler.pacer.due_ns if retry_ns is None else retry_ns

    def _lose(self, error: ConnectionLostError) -> None:
        """Say that the connection is broken; it is made again later."""
        if self._link is None or self._watched is None or not self._watched.sampler.has_ticks:
            self._send(self._failure_message(f"the connection is lost: {error}"))
        elif self._link.due_ns is None:
            self._link.lose()
            self._send(
                Notice(f"the connection is lost: {error}", "smapstop tries again; what happens meanwhile is not seen")
            )

    def _reconnect(self, watched: WatchedProcess, link: RemoteLink) -> None:
        """Try to connect again; the process may have ended meanwhile."""
        match link.reconnect():
            case True:
                if self._family is not None:
                    self._family.return_through(link.process.machine)
                self._send(Notice("connected again"))
                self._send_sample(watched)
            case False:
                self._finish_watching(watched)

    def _attach_next(self, request: AttachNext) -> None:
        """Watch the next process, if it is there."""
        self._search_due_ns = time.monotonic_ns() + _SEARCH_NS
        process = self._search.find() if self._search else None
        if process is None:
            return
        self._awaited, self._starts = None, self._starts + 1
        try:
            os.close(process.open("smaps"))  # before the target is sent: another may not be read
            self._start_watching(WatchedProcess(process, None, request.pace, callers=self._callers))
        except OSError as error:
            process.close()
            self._send(LaunchFailed(f"cannot watch process {process.pid}: {error.strerror}"))

    def _start_watching(self, watched: WatchedProcess) -> None:
        """Send the target and its first tick, get ready for changes, and only then let a launched program run."""
        self._watched, self._pace = watched, watched.sampler.pacer.pace
        self._callers = watched.callers
        if self._family is not None:  # of the run before
            self._follow_family(on=False)
            self._follow_family(on=True)
        self._send(watched.target())
        self._send_sample(watched)
        for module in _NEEDED_BY_CHANGES:
            import_module(module)
        if watched.program is not None:
            release(watched.program)

    def _send_sample(self, watched: WatchedProcess) -> None:
        """Sample and send a tick; or finish when the target has ended."""
        try:
            tick = watched.sample()
        except ConnectionLostError as error:
            self._lose(error)
            return
        if tick is not None:
            self._send(tick)
        elif watched.has_ended():
            self._finish_watching(watched)

    def _finish_watching(self, watched: WatchedProcess) -> None:
        """Send the last tick and close the target."""
        pid, is_local = watched.process.pid, watched.process.is_local
        self._send(watched.finish() or self._failure_message(f"process {pid} ended before it could be read"))
        if is_local:
            self._search = SuccessorSearch(watched.identity, pid, boot_time_s())
        self._watched = None

    def _detach(self) -> None:
        """Fork a child that keeps the program's pty open and discards its output until the program ends."""
        if self._terminal is None or self._watched is None:
            return
        self._watched.sampler.close()
        if os.fork():
            return
        os.setsid()
        for fd in (0, 1, 2):
            os.close(fd)
        with suppress(OSError):  # EIO: the last process on the pty is gone
            while ready_fds([self._terminal.master], None):
                with suppress(BlockingIOError):  # the reader, which is exiting, read it first
                    os.read(self._terminal.master, 65536)
        os._exit(0)


def signal_session(pid: int, number: int) -> None:
    """Signal the process group of a launched program, which leads its own session, or the process if it has none."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        os.kill(pid, number)
