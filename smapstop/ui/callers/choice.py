"""How the user wants to see callers."""

from dataclasses import replace

from smapstop.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CallersChoice:
    """How the user wants to see callers; it stays while the subject changes."""

    is_flame: bool = False
    tree_is_turned: bool = False
    """From the start of the program inwards, instead of from who faulted outwards."""
    flame_is_turned: bool = False
    """From who faulted outwards, instead of from the start of the program inwards."""
    is_folded: bool = True
    """Without the frames that are skipped."""

    @property
    def callers_first(self) -> bool:
        """Whether what is below a function was called by it, and did not call it."""
        return not self.flame_is_turned if self.is_flame else self.tree_is_turned

    def turn(self) -> "CallersChoice":
        """Turn what is seen."""
        if self.is_flame:
            return replace(self, flame_is_turned=not self.flame_is_turned)
        return replace(self, tree_is_turned=not self.tree_is_turned)
