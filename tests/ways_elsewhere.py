"""Ways to a shell elsewhere, as far as this machine has them: the fixture `way` makes the commands."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SHELLS = ("sh", "dash", "bash", "zsh", "busybox sh", "toybox sh")
"""Shells here; those that are not installed are skipped."""
PLACES = ("chroot", "namespace", "ssh")
"""Ways to another root, another pid namespace, and another machine."""
IS_ROOT = os.geteuid() == 0


def make_way(name: str, directory: Path) -> str:
    """The command that gives a shell of this name; what it needs is put into the directory."""
    if name == "chroot":
        return _chroot(directory / "root")
    if name == "namespace":
        _require(IS_ROOT, "only root can make a pid namespace")
        return "unshare --mount --pid --fork --mount-proc sh"
    if name == "ssh":
        return _ssh(directory)
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


def _ssh(root: Path) -> str:
    """A server that lets us in: ssh starts it, and talks to it through pipes. Without a port, it meets no other."""
    server = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
    _require(IS_ROOT and server is not None and shutil.which("ssh") is not None, "no sshd that we may start")
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", root / name], check=True)
    of_server = {
        "HostKey": root / "host",
        "AuthorizedKeysFile": root / "user.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "PermitRootLogin": "yes",
    }
    of_client = {
        "ProxyCommand": f"{server} -i -f {root}/sshd_config",
        "IdentityFile": root / "user",
        "BatchMode": "yes",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
    }
    for file, options in (("sshd_config", of_server), ("ssh_config", of_client)):
        (root / file).write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    return f"ssh -F {root}/ssh_config here"
