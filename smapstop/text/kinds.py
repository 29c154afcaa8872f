"""Letters for the kinds of mappings."""

from collections.abc import Mapping
from types import MappingProxyType

from smapstop.model.kinds import Kind

KINDS: tuple[Kind, ...] = tuple(Kind)
"""Kinds in the order of their codes."""
LETTERS: Mapping[str, str] = MappingProxyType(
    {
        Kind.FILE: "F",
        Kind.ANONYMOUS: "A",
        Kind.HEAP: "H",
        Kind.STACK: "S",
        Kind.SHARED: "M",
        Kind.DEVICE: "D",
        Kind.SPECIAL: "V",
    }
)
"""Letter of each kind, next to its colour; M is shared memory, D a device, V as in vdso."""


def letter_of(kind: Kind) -> str:
    """Letter of a kind, shown next to its colour."""
    return LETTERS[kind.value]
