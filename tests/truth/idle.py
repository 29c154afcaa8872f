"""`make truth-idle`: what is reported of idle servers, event by event, checked against their pages.

Each is stopped for the milliseconds of a sample (SIGSTOP), so that its page table and its smaps are of one moment.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from leftovers import leaving_nothing
from stepped_program import wait_until

from smapstop.proc.process import ProcDir
from truth.witness import Witness, reported

INTERVAL_SECONDS = 0.2
SETTLE_SECONDS = 10.0
"""What a server does at its start is not idleness."""
STILL = (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
JAVA = """
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
public class Server {
    public static void main(String[] arguments) throws Exception {
        HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0).start();
    }
}
"""
NODE = "require('http').createServer((request, answer) => answer.end('hello')).listen(0, '127.0.0.1')"
PYTHON = "import http.server as h; h.HTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler).serve_forever()"


@dataclass
class Watched:
    """A process that is watched, and what was reported of it."""

    name: str
    witness: Witness
    ticks: int = 0
    said: Counter[str] = field(default_factory=Counter)
    lies: list[str] = field(default_factory=list)

    def look(self, seconds: float) -> None:
        """Sample the stopped process once, and print what is reported."""
        account = self.witness.tick()
        self.ticks += 1
        for name, event in account.events:
            self.said[event.what if event.sure else f"{event.what}?"] += 1
            print(f"{seconds:8.1f} {self.name:<22} {reported(event):<44} {name}")
        for lie in account.lies:
            self.lies.append(lie)
            print(f"{seconds:8.1f} {self.name:<22} NOT TRUE: {lie}", flush=True)


@contextmanager
def stopped(server: psutil.Process) -> Iterator[None]:
    """A server and all its children stand still meanwhile; those that it starts at this moment, too."""
    still: set[psutil.Process] = set()
    try:
        while more := {server, *server.children(recursive=True)} - still:
            still |= more
            for process in more:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()
                    wait_until(lambda process=process: process.status() in STILL)  # type: ignore[misc]
        yield
    finally:
        for process in still:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def servers(directory: Path) -> dict[str, list[str]]:
    """Commands of the servers that are installed."""
    java = directory / "Server.java"
    java.write_text(JAVA)
    commands = {
        "redis": ["redis-server", "--port", "0", "--unixsocket", str(directory / "redis"), "--dir", str(directory)],
        "postgres": ["postgres", "-D", str(directory / "postgres"), "-k", str(directory), "-c", "listen_addresses="],
        "java": ["java", "-Xmx64m", str(java)],
        "node": ["node", "-e", NODE],
        "python": [sys.executable, "-c", PYTHON],
    }
    return {name: command for name, command in commands.items() if shutil.which(command[0])}


@contextmanager
def running(name: str, command: list[str], directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server, until the end of the `with` statement; Postgres refuses to be root."""
    user = "postgres" if name == "postgres" else None
    if user:
        subprocess.run(["initdb", "-D", directory / name], user=user, check=True, capture_output=True)
    with (directory / f"{name}.log").open("w") as log:
        server = subprocess.Popen(command, user=user, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=directory)
    try:
        yield server
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m truth.idle", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    with leaving_nothing(), ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        directory.chmod(0o777)
        started = {
            name: stack.enter_context(running(name, command, directory))
            for name, command in servers(directory).items()
        }
        time.sleep(SETTLE_SECONDS)
        families = {
            psutil.Process(server.pid): list(_family(stack, name, server)) for name, server in started.items()
        }
        _watch(families, options.minutes)
    return _report([process for family in families.values() for process in family])


def _family(stack: ExitStack, name: str, server: subprocess.Popen[bytes]) -> Iterator[Watched]:
    """A server and its children."""
    of = psutil.Process(server.pid)
    for process in (of, *of.children(recursive=True)):
        label = name if process == of else f"{name} {process.cmdline()[0].removeprefix('postgres: ').strip()}"
        opened = stack.enter_context(ProcDir(process.pid))
        yield Watched(label, Witness(opened))


def _watch(families: dict[psutil.Process, list[Watched]], minutes: float) -> None:
    """Look at each, again and again."""
    began = time.monotonic()
    due = began
    while (now := time.monotonic()) < began + 60 * minutes:
        for server, family in families.items():
            with stopped(server):
                for process in family:
                    process.look(now - began)
        due = max(due + INTERVAL_SECONDS, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


def _report(watched: list[Watched]) -> int:
    """Print everything that was reported; 1 if any of it is not true."""
    print()
    for process in watched:
        said = ", ".join(f"{what} ×{count}" for what, count in process.said.most_common()) or "nothing"
        print(f"{process.name:<22} {process.ticks:,} ticks: {said}; {len(process.lies)} not true")
    return int(any(process.lies for process in watched))


if __name__ == "__main__":
    sys.exit(main())
