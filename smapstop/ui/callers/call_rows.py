"""Lines of a call tree: which of its nodes are in view, as the user unfolded them."""

from collections.abc import Iterator, Mapping
from typing import Literal

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_tree import CallNode
from smapstop.proc.callstack.frames import Frame

CallPath = tuple[tuple[str | None, str, int], ...]
"""Functions from the root to a node, which name it however the tree changes; empty for the root."""
Fold = Literal["open", "closed", "leaf"]
"""Whether what is below a node is in view."""
MAX_ROWS = 2_000
_HOT = 0.5
"""A node with this share of all faults is open until the user closes it."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A line of the tree."""

    path: CallPath
    node: CallNode
    indent: int
    """Number of nodes above it that branch: an only child is not indented."""
    fold: Fold


def step_of(frame: Frame) -> tuple[str | None, str, int]:
    """The part of a path that stands for a function."""
    return frame.name, frame.file, frame.offset if frame.name is None else 0


def child_paths(node: CallNode, path: CallPath) -> list[tuple[CallPath, CallNode]]:
    """Children of a node, with their paths."""
    return [((*path, step_of(child.frame)), child) for child in node.children if child.frame is not None]


def node_at(root: CallNode, path: CallPath) -> CallNode | None:
    """The node at a path; None if it is no longer in the tree."""
    node = root
    for step in path:
        found = next((child for child in node.children if child.frame and step_of(child.frame) == step), None)
        if found is None:
            return None
        node = found
    return node


def rows_of(root: CallNode, toggled: Mapping[CallPath, bool]) -> list[CallRow]:
    """The lines in view, from the top: nodes with most of the faults are open, down to where these part.

    Args:
        root: Root of the tree, which is not shown itself.
        toggled: Whether the user opened or closed a node, by path.
    """
    least = _HOT * root.faults
    rows: list[CallRow] = []
    pending: list[Iterator[tuple[CallPath, CallNode, int]]] = [_below(root, (), 0)]
    while pending and len(rows) < MAX_ROWS:
        found = next(pending[-1], None)
        if found is None:
            pending.pop()
            continue
        path, node, indent = found
        is_open = bool(node.children) and toggled.get(path, node.faults >= least and _parts(node))
        rows.append(CallRow(path, node, indent, "leaf" if not node.children else "open" if is_open else "closed"))
        if is_open:
            pending.append(_below(node, path, indent))
    return rows


def _parts(node: CallNode) -> bool:
    """Whether the faults of a node part, here or below it."""
    while len(node.children) == 1 and not node.own:
        node = node.children[0]
    return bool(node.children)


def _below(node: CallNode, path: CallPath, indent: int) -> Iterator[tuple[CallPath, CallNode, int]]:
    """Children of a node with their indents; an only child that has all faults is not indented."""
    children = child_paths(node, path)
    is_only = not path or (len(children) == 1 and not node.own)
    return ((at, child, indent if is_only else indent + 1) for at, child in children)


def hottest_chain(node: CallNode) -> list[Frame]:
    """Frames below a node, each the one with most faults."""
    frames = []
    while node.children:
        node = node.children[0]
        if node.frame is not None:
            frames.append(node.frame)
    return frames
