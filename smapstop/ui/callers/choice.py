"""Presentation of callers, as the user chose it."""

from dataclasses import replace

from smapstop.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CallersChoice:
    """Presentation of callers, as the user chose it; the same for every mapping."""

    is_flame: bool = False
    tree_is_turned: bool = False
    """From the start of the program inwards, instead of from who faulted outwards."""
    flame_is_turned: bool = False
    """From who faulted outwards, instead of from the start of the program inwards."""
    is_folded: bool = True
    """Without the frames that are skipped."""

    @property
    def callers_first(self) -> bool:
        """Whether a function's callers are above it, and not below."""
        return not self.flame_is_turned if self.is_flame else self.tree_is_turned

    def turn(self) -> "CallersChoice":
        """Turn the tree around."""
        if self.is_flame:
            return replace(self, flame_is_turned=not self.flame_is_turned)
        return replace(self, tree_is_turned=not self.tree_is_turned)
