"""Ways to a shell elsewhere, as far as this machine has them."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from stepped_program import DEADLINE_SECONDS

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Make a way to a shell, by its name: the command to give."""
    with ExitStack() as stack:

        def make(name: str) -> str:
            if name == "chroot":
                return _chroot(tmp_path)
            if name == "namespace":
                _require(IS_ROOT, "only root can make a pid namespace")
                return "unshare --mount --pid --fork --mount-proc sh"
            if name == "ssh":
                return stack.enter_context(_sshd(tmp_path))
            _require(shutil.which(name.split()[0]) is not None, f"no {name} here")
            if name.startswith(("toybox", "busybox")):
                listed = subprocess.run([name.split()[0]], capture_output=True, text=True, check=False).stdout
                _require(" sh" in listed or "\tsh" in listed, f"this {name} is none")
            return name

        yield make


def _require(holds: bool, why: str) -> None:
    if not holds:
        pytest.skip(why)


def _chroot(root: Path) -> str:
    """A root with nothing but a static busybox, and a /proc."""
    busybox = shutil.which("busybox")
    _require(IS_ROOT and busybox is not None, "only root can change its root, and it takes busybox")
    assert busybox is not None
    if subprocess.run(["ldd", busybox], capture_output=True, check=False).returncode == 0:
        pytest.skip("this busybox is not static")
    (root / "proc").mkdir()
    shutil.copy(busybox, root / "busybox")
    mounted = f"mount -t proc proc {root}/proc && exec chroot {root} /busybox sh"
    return f"unshare --mount sh -c '{mounted}'"


class _sshd:  # noqa: N801 - used like a function
    """A server on loopback that lets us in; entering gives the command."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __enter__(self) -> str:
        program = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
        _require(IS_ROOT and program is not None and shutil.which("ssh") is not None, "no sshd that we may start")
        Path("/run/sshd").mkdir(exist_ok=True)
        for name in ("host", "user"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._root / name)]
            subprocess.run(words, check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = {
            "ListenAddress": f"127.0.0.1:{port}",
            "HostKey": self._root / "host",
            "AuthorizedKeysFile": self._root / "user.pub",
            "PidFile": "none",
            "StrictModes": "no",
            "PermitRootLogin": "yes",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        assert program is not None
        self._server = subprocess.Popen(
            [program, "-D", "-f", "/dev/null", *words], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert self._server.poll() is None, "sshd ended"
            assert time.monotonic() < deadline, "sshd does not listen"
        return (
            f"ssh -F none -p {port} -i {self._root}/user -o BatchMode=yes -o StrictHostKeyChecking=no "
            f"-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR 127.0.0.1"
        )

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait()


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Make a command of a Python script, which plays a strange shell."""

    def make(text: str) -> str:
        path = tmp_path / "strange.py"
        path.write_text(text)
        return f"{sys.executable} {path}"

    return make
