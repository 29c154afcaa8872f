"""Ways to a shell elsewhere, as far as this machine has them: the fixture `way` makes the commands."""

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from stepped_program import DEADLINE_SECONDS

SHELLS = ("sh", "dash", "bash", "zsh", "busybox sh", "toybox sh")
"""Shells here; those that are not installed are skipped."""
PLACES = ("chroot", "namespace", "ssh")
"""Ways to another root, another pid namespace, and another machine."""
IS_ROOT = os.geteuid() == 0


def make_way(name: str, directory: Path, stack: ExitStack) -> str:
    """The command that gives a shell of this name; what it needs lives as long as the stack."""
    if name == "chroot":
        return _chroot(directory / "root")
    if name == "namespace":
        _require(IS_ROOT, "only root can make a pid namespace")
        return "unshare --mount --pid --fork --mount-proc sh"
    if name == "ssh":
        return stack.enter_context(_sshd(directory))
    _require(shutil.which(name.split()[0]) is not None, f"no {name} here")
    if name.startswith(("toybox", "busybox")):
        listed = subprocess.run([name.split()[0]], capture_output=True, text=True, check=False).stdout
        _require(" sh" in listed or "\tsh" in listed, f"this {name} is none")
    return name


def hide_rollup(directory: Path) -> str:
    """A way to a shell whose cat finds no smaps_rollup, as before Linux 4.14."""
    cat, fail = directory / "cat", 'echo "cat: $1: No such file or directory" >&2; exit 1'
    cat.write_text(f'#!/bin/sh\ncase "$1" in */smaps_rollup|smaps_rollup) {fail};; esac\nexec /bin/cat "$@"\n')
    cat.chmod(0o755)
    return f"env PATH={directory}:{os.environ['PATH']} sh"


def _require(holds: bool, why: str) -> None:
    if not holds:
        pytest.skip(why)


def _chroot(root: Path) -> str:
    """A root with nothing but busybox as sh and cat, the libraries that it needs, and a /proc."""
    busybox = shutil.which("busybox")
    _require(IS_ROOT and busybox is not None, "only root can change its root, and it takes busybox")
    assert busybox is not None
    (root / "proc").mkdir(parents=True)
    needed = subprocess.run(["ldd", busybox], capture_output=True, text=True, check=False).stdout  # none if static
    for library in map(Path, re.findall(r"(/\S+) \(", needed)):
        place = root / library.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)
    (root / "bin").mkdir()
    for applet in ("sh", "cat"):
        shutil.copy(busybox, root / "bin" / applet)
    mounted = f"mount -t proc proc {root}/proc && exec chroot {root} /bin/sh"
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
