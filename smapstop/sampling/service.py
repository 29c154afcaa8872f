"""Serve one reader: requests come in, ticks of the one target go out."""

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
    Signal,
    SymbolsRequest,
    Target,
)
from smapstop.model.tick import ExitStatus
from smapstop.proc.exit_status import read_wait_status, split_wait_status
from smapstop.proc.process import ProcDir, max_map_count
from smapstop.pseudo_terminal import ProgramTerminal
from smapstop.sampling.launch import Program, launch, release, terminal_environment
from smapstop.sampling.sampler import Sampler
from smapstop.sampling.wire import Decoder, Encoder, WireMessage, read_exactly, read_frame, write_all


class WatchedProcess:
    """One target being watched: its files, its pidfd, and the program when we launched it."""

    def __init__(self, process: ProcDir, program: Program | None, pace: Pace) -> None:
        self.process = process
        self.program = program
        self.pidfd = os.pidfd_open(process.pid)
        self.sampler = Sampler(process, pace)

    def target(self) -> Target:
        """What a reader is told of the target."""
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

    def ending(self) -> ExitStatus:
        """How the target ended: as its parent knows it, or as the kernel tells a bystander."""
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
        """Give the files back."""
        os.close(self.pidfd)
        self.process.close()


class Service:
    """Serves one reader: does what it asks, and sends it the ticks of the one target."""

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
        """Serve until the reader is gone, or asks to be left alone."""
        while True:
            watch = self._watched
            timeout = None
            if watch is not None:
                timeout = max(0.0, (watch.sampler.pacer.due_ns - time.monotonic_ns()) / 1e9)
            waiting = [self._requests_fd, *([watch.pidfd] if watch else [])]
            ready, _, _ = select.select(waiting, [], [], timeout)
            if self._requests_fd in ready:
                request = self._next_request()
                if request is None:
                    return
                if isinstance(request, Detach):
                    self._detach()
                    return
                self._handle(request)
            elif watch is not None and watch.pidfd in ready:
                self._finish_watching(watch)
            elif watch is not None:
                self._send_sample(watch)

    def _next_request(self) -> Request | None:
        """The next request; None when the reader is gone."""
        frame = read_frame(partial(read_exactly, self._requests_fd))
        return cast("Request", self._decoder.decode(*frame)) if frame else None

    def _send(self, message: WireMessage) -> None:
        write_all(self._ticks_fd, self._encoder.encode(message))

    def _handle(self, request: Request) -> None:
        """Do what the reader asks; what goes wrong is told to it."""
        try:
            match request:
                case Attach(pid, pace):
                    self._start_watching(WatchedProcess(ProcDir(pid), None, pace))
                case Launch() if not self._watched:
                    self._start_watching(self._launch_program(request))
                case Pace() if self._watched:
                    self._watched.sampler.pacer.pace = request
                case PagesRequest() | SymbolsRequest() | FramesRequest() if self._watched:
                    self._send(self._watched.sampler.answer(request))
                case Signal(number) if self._watched and self._watched.program:
                    signal_session(self._watched.program.pid, number)
                case _:
                    pass  # the target ended before the request arrived, or goes on
        except SmapstopError as error:
            self._send(self._failure_message(error.what, error.remedy, error.status))
        except OSError as error:
            self._send(self._failure_message(f"cannot watch the process: {error.strerror}", "has it ended?"))

    def _failure_message(self, what: str, remedy: str = "", status: int = 2) -> Failure | LaunchFailed:
        """Why there is nothing to watch; a program that was launched before can be tried again."""
        return LaunchFailed(what, remedy) if self._launches > 1 else Failure(what, remedy, status)

    def _launch_program(self, request: Launch) -> WatchedProcess:
        """A program started on our terminal, which is then the program's alone."""
        environment = request.environment
        self._launches += 1
        if self._terminal is None:
            program = launch(request.command, terminal_fd=None, stdio=self._stdio, env=environment)
            for fd in set(self._stdio) - {0, 1, 2}:
                os.close(fd)  # the program's alone: who reads its output shall see when it ends
        else:
            with self._terminal.open_slave() as slave:
                program = launch(request.command, terminal_fd=slave, env=terminal_environment(environment))
        return WatchedProcess(ProcDir(program.pid), program, request.pace)

    def _start_watching(self, watch: WatchedProcess) -> None:
        """Send the first tick; a launched program runs only after it."""
        self._watched = watch
        self._send(watch.target())
        self._send_sample(watch)
        if watch.program is not None:
            release(watch.program)

    def _send_sample(self, watch: WatchedProcess) -> None:
        """Send a tick, or the news that the target has ended."""
        try:
            tick = watch.sampler.sample()
        except (FileNotFoundError, ProcessLookupError):
            if watch.pidfd in select.select([watch.pidfd], [], [], 0.5)[0]:
                self._finish_watching(watch)
            return
        self._send(tick)

    def _finish_watching(self, watch: WatchedProcess) -> None:
        """Send the last tick, and forget the target."""
        tick = watch.sampler.final_tick(watch.ending())
        self._send(tick or self._failure_message(f"process {watch.process.pid} ended before it could be read"))
        watch.close()
        self._watched = None

    def _detach(self) -> None:
        """Keep the launched program's terminal open until the program ends, and throw away what it prints."""
        if self._terminal is None or self._watched is None or os.fork():
            return
        os.setsid()
        for fd in (0, 1, 2):
            os.close(fd)
        with suppress(OSError):  # EIO: the last one who had the terminal is gone
            while select.select([self._terminal.master], [], []):
                with suppress(BlockingIOError):  # the reader, which is about to leave, was faster
                    os.read(self._terminal.master, 65536)
        os._exit(0)


def signal_session(pid: int, number: int) -> None:
    """Signal the process group of a launched program, which leads its own session."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        os.kill(pid, number)
