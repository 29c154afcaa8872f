"""Demangle C++ and Rust symbol names."""

import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress

MAX_CACHED_NAMES = 20_000
"""Size above which the cache is cleared before the next request; one request may exceed it."""
_MANGLED = re.compile(r"_[ZR][\w.$@]+", re.ASCII)
_RUST_HASH = re.compile("17(h[0-9a-f]{16})E")
_COMMAND = ("-P", "-m", "smapstop.proc.elf.demangle_worker")


class Demangler:
    """Cached demangler.

    Demangling runs in a separate process (`demangle_worker`), which takes 30 ms per batch. Names stay mangled if the
    library is not installed, or if a name crafted to take too long ends the worker.
    """

    def __init__(self) -> None:
        self._cache: dict[str, str] = {}

    def demangle(self, mangled: Iterable[str]) -> dict[str, str]:
        """Map each name to its demangled form; unmangled and unrecognised names map to themselves."""
        names = dict.fromkeys(mangled)
        if len(self._cache) > MAX_CACHED_NAMES:
            self._cache = {}
        new = [name for name in names if name not in self._cache and _MANGLED.fullmatch(name)]
        self._cache |= dict(zip(new, new, strict=True)) | _demangle(new)
        return {name: self._cache.get(name, name) for name in names}


def _demangle(mangled: list[str]) -> dict[str, str]:
    """Demangle names in a worker process; unrecognised ones are omitted."""
    if not mangled:
        return {}
    versions = [name.partition("@") for name in mangled]  # `std::cout@GLIBCXX_3.4`, a copy relocation
    output = b""
    with suppress(OSError):  # cannot fork: the names just stay mangled
        text = "".join(f"{name}\n" for name, _, _ in versions).encode()
        worker = [sys.executable, *_COMMAND]
        output = subprocess.run(worker, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    plain = output.decode("utf-8", "backslashreplace").split("\n")[:-1]  # the last line may be incomplete
    demangled = zip(mangled, plain, versions, strict=False)
    return {name: _strip_rust_hash(text, name) + at + version for name, text, (_, at, version) in demangled if text}


def _strip_rust_hash(name: str, mangled: str) -> str:
    """Remove the hash of rustc's legacy mangling, which only some versions of the library omit."""
    match = _RUST_HASH.search(mangled)
    return name.replace(f"::{match[1]}", "") if match else name
