"""Fuzz targets: what smapstop does with any bytes that are not its own. `make fuzz` runs them; no test does.

Each module is a target: `seeds()` are inputs to begin with, and `check(data)` raises when smapstop is wrong about
one. What was found is kept in tests/data/fuzz/TARGET, and checked by tests/test_fuzz.py with the
seeds.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple

from places import DATA

TARGETS = (
    *("smaps", "texts", "series", "snapshots", "terminals", "elf", "recordings", "reports", "alerts", "filters"),
    *("commands", "frames", "perf_records", "eh_frames", "line_programs", "debug_info", "perf_maps", "kernel_files"),
    "remote",
)
FINDINGS = DATA / "fuzz"


class FuzzTarget(NamedTuple):
    """What is fuzzed."""

    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    close: Callable[[], object] = int
    """Ends what lives from input to input."""

    def findings(self) -> dict[str, bytes]:
        """What was found earlier, by the name of its file."""
        return {path.name: path.read_bytes() for path in sorted((FINDINGS / self.name).glob("*"))}


def load_target(name: str) -> FuzzTarget:
    """The target of a name; it is imported now."""
    module = import_module(f"fuzz.{name}")
    return FuzzTarget(name, module.check, module.seeds, getattr(module, "close", int))
