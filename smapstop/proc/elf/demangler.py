"""Mangled names of C++ and Rust as their languages have them."""

import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress

MAX_CACHED_NAMES = 20_000
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
        self._cache: dict[str, str] = {}

    def demangle(self, mangled: Iterable[str]) -> dict[str, str]:
        """What each name is in its language; those that are not mangled, or not understood, as they are."""
        wanted = dict.fromkeys(mangled)
        if len(self._cache) > MAX_CACHED_NAMES:
            self._cache = {}
        new = [name for name in wanted if name not in self._cache and _MANGLED.fullmatch(name)]
        self._cache |= dict(zip(new, new, strict=True)) | _demangle(new)
        return {name: self._cache.get(name, name) for name in wanted}


def _demangle(mangled: list[str]) -> dict[str, str]:
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
    return {name: _strip_rust_hash(text, name) + at + version for name, text, (_, at, version) in told_of if text}


def _strip_rust_hash(name: str, mangled: str) -> str:
    """The name without the hash of rustc's older scheme, which only some versions of the library leave out."""
    found = _RUST_HASH.search(mangled)
    return name.replace(f"::{found[1]}", "") if found else name
