"""Call tree of page faults: from the start of the program inwards, or from the code that touched memory outwards."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_stacks import BEYOND, CallStacks
from smapstop.model.callers.folding import fold_frames
from smapstop.model.callers.page_faults import PageFaults
from smapstop.proc.callstack.frames import Frame

CountedStack = tuple[tuple[Frame, ...], int]
"""Frames, innermost first, and their faults."""


@dataclass(frozen=True, slots=True)
class CallNode:
    """A function in a call tree."""

    frame: Frame | None
    """One of its frames, with the line only if all have the same; None for the root, which has all faults."""
    faults: int
    """Faults of the stacks through it, by this path."""
    own: int
    """Those of them whose stacks end here."""
    children: tuple["CallNode", ...]
    """What it called, or who called it; the largest first."""

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "CallNode"]]:
        """This node and those below it, each with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def counted_stacks(faults: PageFaults, *, folded: bool = True) -> list[CountedStack]:
    """Stacks of faults in all mappings, the largest first; equal ones are merged.

    Args:
        faults: The faults.
        folded: Leave out the frames that are skipped, see `fold_frames`.
    """
    by_stack: Counter[int] = Counter()
    for stack, count in zip(faults.stack.tolist(), faults.faults.tolist(), strict=True):
        by_stack[stack] += count
    counts: Counter[tuple[Frame, ...]] = Counter()
    for stack, count in by_stack.items():
        counts[_fold(faults.stacks, stack) if folded else faults.stacks.frames_of(stack) or (BEYOND,)] += count
    return counts.most_common()


@lru_cache(1 << 14)
def _fold(stacks: CallStacks, stack: int) -> tuple[Frame, ...]:
    """Fold the frames of a stack; cached, since the same stacks recur."""
    return fold_frames(stacks.frames_of(stack) or (BEYOND,))


def call_tree(stacks: Iterable[CountedStack], *, callers_first: bool = True) -> CallNode:
    """Build the call tree of stacks.

    Args:
        stacks: The stacks.
        callers_first: Whether functions are below those that called them; else their callers are below them.
    """
    paths = [(frames[::-1] if callers_first else frames, count) for frames, count in stacks]
    return _build(None, paths, 0)


def _build(frame: Frame | None, paths: Sequence[CountedStack], depth: int) -> CallNode:
    """Build the node of the paths that have the same functions down to a depth."""
    groups: defaultdict[tuple[str | None, str, int], list[CountedStack]] = defaultdict(list)
    own = 0
    for path in paths:
        if len(path[0]) == depth:
            own += path[1]
        else:
            groups[path[0][depth].identity].append(path)
    children = (_build(_common_frame(group, depth), group, depth + 1) for group in groups.values())
    ordered = tuple(sorted(children, key=lambda child: -child.faults))
    return CallNode(frame, own + sum(child.faults for child in ordered), own, ordered)


def _common_frame(paths: Sequence[CountedStack], depth: int) -> Frame:
    """A frame for all paths at a depth."""
    frames = {path[0][depth] for path in paths}
    first = paths[0][0][depth]
    return first if len({frame.source for frame in frames}) == 1 else first._replace(source=None)
