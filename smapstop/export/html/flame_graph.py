"""The flame graph: which functions made the page faults, and who called them."""

from collections.abc import Iterator

from smapstop.export.html.recorded_run import RecordedRun
from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_tree import CallNode, call_tree, counted_stacks
from smapstop.text import format as fmt
from smapstop.text.caller_scope import caller_scope
from smapstop.text.functions import CodeKind, code_kind, function_text, whole_text

MAX_FRAMES = 1_500
_LEAST_SHARE = 0.001
"""Share of all faults that a function needs to be drawn."""
MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class FlameFrame:
    """A function, by the path of its callers."""

    depth: int
    left: float
    """Percent of the width of the graph."""
    width: float
    """Percent of the width of the graph."""
    name: str
    title: str
    """All that is known of it, with its faults."""
    code: CodeKind | None
    """Whose code it is; None for the whole."""
    is_odd: bool
    """Whether it has the other shade, to stand out from its neighbour."""


@dataclass(frozen=True, slots=True)
class FlameGraph:
    """Functions from the top, where the whole is; notes on what is not seen."""

    title: str
    frames: tuple[FlameFrame, ...]
    notes: tuple[str, ...]

    @property
    def depth(self) -> int:
        """Number of levels."""
        return 1 + max((frame.depth for frame in self.frames), default=-1)


def flame_graph(run: RecordedRun) -> FlameGraph:
    """Build the flame graph of a run; without frames if no callers were recorded."""
    scope = caller_scope(run.timeline, run.view, None, run.target.missing_callers)
    if scope.faults is None or not scope.known_count:
        return FlameGraph("", (), scope.notes)
    root = call_tree(counted_stacks(scope.faults))
    every = sorted(_frames(root, root.faults), key=lambda frame: -frame.width)
    drawn, left_out = every[:MAX_FRAMES], len(every) - MAX_FRAMES
    notes = list(scope.notes)
    if left_out > 0:
        notes.append(f"{left_out:,} functions with few faults are not drawn")
    return FlameGraph(scope.title, tuple(sorted(drawn, key=lambda frame: (frame.depth, frame.left))), tuple(notes))


def _frames(root: CallNode, total: int) -> Iterator[FlameFrame]:
    """Frames of a tree, but those that are too small or too deep."""
    pending: list[tuple[CallNode, int, float, bool]] = [(root, 0, 0.0, False)]
    while pending:
        node, depth, left, is_odd = pending.pop()
        yield _frame(node, depth, left, total, is_odd=is_odd)
        at = left
        for number, child in enumerate(node.children):
            if child.faults >= _LEAST_SHARE * total and depth < MAX_DEPTH:
                pending.append((child, depth + 1, at, bool((number + is_odd) % 2)))
            at += 100 * child.faults / total


def _frame(node: CallNode, depth: int, left: float, total: int, *, is_odd: bool) -> FlameFrame:
    """One frame."""
    share = node.faults / total
    faults = f"{node.faults:,} page fault{'s' * (node.faults != 1)}, {fmt.percent(share)}"
    name = "all" if node.frame is None else function_text(node.frame)
    title = faults if node.frame is None else f"{whole_text(node.frame)}: {faults}"
    code = None if node.frame is None else code_kind(node.frame)
    return FlameFrame(depth, round(left, 4), round(100 * share, 4), name, title, code, is_odd)
