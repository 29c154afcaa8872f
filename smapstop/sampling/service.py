"""Service loop of the sampler process: requests in, ticks of one target out."""

import os
import select
import time
from contextlib import suppress
from functools import partial
from typing import cast

from smapstop.errors import SmapstopError
from smapstop.model.protocol import (
    Attach,
    Detach,
    Failure,
    FramesRequest,
    Launch,
    LaunchFailed,
    Pace,
    PagesRequest,
    Request,
    SharersRequest,
    Signal,
    SymbolsRequest,
    Target,
)
from smapstop.model.tick import ExitStatus
from smapstop.proc.exit_status import read_wait_status, split_wait_status
from smapstop.proc.process import ProcDir, max_map_count
from smapstop.pseudo_terminal import ProgramTerminal
from smapstop.sampling.launch import Program, launch, release, terminal_environment
from smapstop.sampling.oom_watch import OomWatch
from smapstop.sampling.sampler import Sampler
from smapstop.sampling.wire import Decoder, Encoder, WireMessage, read_exactly, read_frame, write_all


class WatchedProcess:
    """The watched target: its proc directory, its pidfd, and the program if we launched it."""

    def __init__(self, process: ProcDir, program: Program | None, pace: Pace) -> None:
        self.process = process
        self.program = program
        self.pidfd = os.pidfd_open(process.pid)
        self.sampler = Sampler(process, pace)
        self.oom_watch = OomWatch(process.pid, self.sampler.cgroup)

    def target(self) -> Target:
        """Description of the target for the reader."""
        return Target(
            pid=self.process.pid,
            command_line=self.process.command_line(),
            executable=self.process.executable(),
            launched=self.program is not None,
            stopped_at_exec=self.program is not None and self.program.stopped_at_exec,
            started_ns=self.process.started_ns(),
            clock_ticks=os.sysconf("SC_CLK_TCK"),
            max_map_count=max_map_count(),
        )

    def collect_exit_status(self) -> ExitStatus:
        """Return the exit status of the target, and whether the OOM killer ended it; reap it if it is our child."""
        return self.oom_watch.explain(self._collect_wait_status)

    def _collect_wait_status(self) -> ExitStatus:
        """Return the exit status of the target, and reap it if it is our child.

        That of another process is read from /proc, or from its pidfd once its parent has reaped it;
        the result is empty if the kernel does not provide that.
        """
        if self.program is not None:
            _, status = os.waitpid(self.program.pid, 0)
            return ExitStatus(*split_wait_status(status))
        try:
            counters = self.process.counters()
        except OSError:
            reaped = read_wait_status(self.pidfd)
            return ExitStatus() if reaped is None else ExitStatus(*split_wait_status(reaped))
        if counters.exit_code is None:
            return ExitStatus(zombie=True)
        return ExitStatus(*split_wait_status(counters.exit_code), zombie=True)

    def close(self) -> None:
        """Close the files."""
        self.sampler.cgroup.close()
        os.close(self.pidfd)
        self.process.close()


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
        self._launches = 0

    def run(self) -> None:
        """Serve until the reader is gone or detaches."""
        while True:
            watched = self._watched
            timeout = None
            if watched is not None:
                timeout = max(0.0, (watched.sampler.pacer.due_ns - time.monotonic_ns()) / 1e9)
            waiting = [self._requests_fd, *([watched.pidfd] if watched else [])]
            ready, _, _ = select.select(waiting, [], [], timeout)
            if self._requests_fd in ready:
                request = self._next_request()
                if request is None:
                    return
                if isinstance(request, Detach):
                    self._detach()
                    return
                self._handle(request)
            elif watched is not None and watched.pidfd in ready:
                self._finish_watching(watched)
            elif watched is not None:
                self._send_sample(watched)

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
                case Attach(pid, pace):
                    self._start_watching(WatchedProcess(ProcDir(pid), None, pace))
                case Launch() if not self._watched:
                    self._start_watching(self._launch_program(request))
                case Pace() if self._watched:
                    self._watched.sampler.pacer.pace = request
                case PagesRequest() | SymbolsRequest() | FramesRequest() | SharersRequest() if self._watched:
                    self._send(self._watched.sampler.answer(request))
                case Signal(number) if self._watched and self._watched.program:
                    signal_session(self._watched.program.pid, number)
                case _:
                    pass  # the target ended before the request arrived, or is still running (Launch)
        except SmapstopError as error:
            self._send(self._failure_message(error.what, error.remedy, error.status))
        except OSError as error:
            self._send(self._failure_message(f"cannot watch the process: {error.strerror}", "has it exited?"))

    def _failure_message(self, what: str, remedy: str = "", status: int = 2) -> Failure | LaunchFailed:
        """Message of a failure; after a first launch it is not final: the program can be launched again."""
        return LaunchFailed(what, remedy) if self._launches > 1 else Failure(what, remedy, status)

    def _launch_program(self, request: Launch) -> WatchedProcess:
        """Launch a program on the pty, or on the given fds, which are then only the program's."""
        environment = request.environment
        self._launches += 1
        if self._terminal is None:
            program = launch(request.command, terminal_fd=None, stdio=self._stdio, env=environment)
            for fd in set(self._stdio) - {0, 1, 2}:
                os.close(fd)  # only the program holds them, so that readers of its output get end of file
        else:
            with self._terminal.open_slave() as slave:
                program = launch(request.command, terminal_fd=slave, env=terminal_environment(environment))
        return WatchedProcess(ProcDir(program.pid), program, request.pace)

    def _start_watching(self, watched: WatchedProcess) -> None:
        """Send the target and its first tick; a launched program is released after that."""
        self._watched = watched
        self._send(watched.target())
        self._send_sample(watched)
        if watched.program is not None:
            release(watched.program)

    def _send_sample(self, watched: WatchedProcess) -> None:
        """Sample and send a tick; or finish when the target has ended."""
        counts = watched.oom_watch.read()
        try:
            tick = watched.sampler.sample()
        except (FileNotFoundError, ProcessLookupError):
            if watched.pidfd in select.select([watched.pidfd], [], [], 0.5)[0]:
                self._finish_watching(watched)
            return
        watched.oom_watch.keep(counts)
        self._send(tick)

    def _finish_watching(self, watched: WatchedProcess) -> None:
        """Send the last tick and close the target."""
        tick = watched.sampler.final_tick(watched.collect_exit_status())
        self._send(tick or self._failure_message(f"process {watched.process.pid} ended before it could be read"))
        watched.close()
        self._watched = None

    def _detach(self) -> None:
        """Fork a child that keeps the program's pty open and discards its output until the program ends."""
        if self._terminal is None or self._watched is None or os.fork():
            return
        os.setsid()
        for fd in (0, 1, 2):
            os.close(fd)
        with suppress(OSError):  # EIO: the last process on the pty is gone
            while select.select([self._terminal.master], [], []):
                with suppress(BlockingIOError):  # the reader, which is exiting, read it first
                    os.read(self._terminal.master, 65536)
        os._exit(0)


def signal_session(pid: int, number: int) -> None:
    """Signal the process group of a launched program, which leads its own session, or the process if it has none."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        os.kill(pid, number)
