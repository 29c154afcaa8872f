"""Mangled names of C++ and Rust as their languages have them."""

import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress

MOST_KEPT = 20_000
"""Names that are remembered, and as many as were asked for at once."""
_MANGLED = re.compile(r"_[ZR][\w.$@]+", re.ASCII)
_RUST_HASH = re.compile("17(h[0-9a-f]{16})E")
_COMMAND = ("-P", "-m", "smapstop.proc.elf.demangle_worker")


class Demangler:
    """Demangles names, each once while it is remembered.

    It is done in a process of its own (`demangle`), which takes 30 ms for all of them together. Where the library for
    it is not installed, and when one of the names is made to take for ever, they stay as they are.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def names(self, mangled: Iterable[str]) -> dict[str, str]:
        """What each name is in its language; those that are not mangled, or not understood, as they are."""
        wanted = dict.fromkeys(mangled)
        if len(self._known) > MOST_KEPT:
            self._known = {}
        new = [name for name in wanted if name not in self._known and _MANGLED.fullmatch(name)]
        self._known |= dict(zip(new, new, strict=True)) | _demangled(new)
        return {name: self._known.get(name, name) for name in wanted}


def _demangled(mangled: list[str]) -> dict[str, str]:
    """The names that are understood, by the mangled ones."""
    if not mangled:
        return {}
    versions = [name.partition("@") for name in mangled]  # `std::cout@GLIBCXX_3.4`, copied from a library
    told = b""
    with suppress(OSError):  # no more processes: nothing is lost but comfort
        text = "".join(f"{name}\n" for name, _, _ in versions).encode()
        worker = [sys.executable, *_COMMAND]
        told = subprocess.run(worker, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    plain = told.decode("utf-8", "backslashreplace").split("\n")[:-1]  # the last line may be broken off
    told_of = zip(mangled, plain, versions, strict=False)
    return {name: _without_hash(text, name) + at + version for name, text, (_, at, version) in told_of if text}


def _without_hash(name: str, mangled: str) -> str:
    """The name without the hash of rustc's older scheme, which only some versions of the library leave out."""
    found = _RUST_HASH.search(mangled)
    return name.replace(f"::{found[1]}", "") if found else name
