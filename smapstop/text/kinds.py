"""Letters of kinds."""

from collections.abc import Mapping
from types import MappingProxyType

from smapstop.model.kinds import Kind

KINDS: tuple[Kind, ...] = tuple(Kind)
"""The kinds in the order of their codes."""
LETTERS: Mapping[str, str] = MappingProxyType(
    {
        Kind.FILE: "F",
        Kind.ANONYMOUS: "A",
        Kind.HEAP: "H",
        Kind.STACK: "S",
        Kind.SHARED: "M",
        Kind.SPECIAL: "V",
    }
)
"""The letter that repeats what the colour of a kind says; M is memory that is shared, V as in vdso."""


def letter_of(kind: Kind) -> str:
    """The letter that repeats what the colour of a kind says."""
    return LETTERS[kind.value]
