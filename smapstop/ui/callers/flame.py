"""Flame graph in cells: each function is as wide as its share of the faults."""

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_tree import CallNode
from smapstop.ui.callers.call_rows import CallPath, child_paths, node_at


@dataclass(frozen=True, slots=True)
class FlameBox:
    """A function in the graph."""

    path: CallPath
    node: CallNode
    x: int
    width: int
    """Cells; at least 1."""
    is_odd: bool
    """Whether it is drawn in the other shade, to stand out from its neighbour."""


Flame = list[list[FlameBox]]
"""Boxes by line, from the top; the first line is the whole, or the path to what is zoomed."""


def lay_out_flame(root: CallNode, zoom: CallPath, width: int) -> Flame:
    """Lay out the graph; what is narrower than a cell is left out.

    Args:
        root: Root of the tree.
        zoom: The node that is as wide as all; the nodes above it are, too.
        width: Cells.
    """
    lines: Flame = []
    for depth in range(len(zoom) + 1):
        node = node_at(root, zoom[:depth])
        if node is None:
            break
        lines.append([FlameBox(zoom[:depth], node, 0, width, is_odd=False)])
    boxes = lines[-1] if lines and width > 0 else []
    while boxes:
        boxes = [box for parent in boxes for box in _boxes_below(parent)]
        if boxes:
            lines.append(boxes)
    return lines


def _boxes_below(parent: FlameBox) -> list[FlameBox]:
    """Boxes of the children of a box."""
    boxes, begin, total = [], 0, max(1, parent.node.faults)
    for at, (path, node) in enumerate(child_paths(parent.node, parent.path)):
        end = begin + node.faults
        x, stop = (parent.x + round(parent.width * edge / total) for edge in (begin, end))
        if stop > x:
            boxes.append(FlameBox(path, node, x, stop - x, is_odd=bool((at + parent.is_odd) % 2)))
        begin = end
    return boxes


def box_at(flame: Flame, x: int, line: int) -> FlameBox | None:
    """The box at a cell of a line; None where there is none."""
    if not 0 <= line < len(flame):
        return None
    return next((box for box in flame[line] if box.x <= x < box.x + box.width), None)


def find_box(flame: Flame, path: CallPath) -> tuple[int, FlameBox] | None:
    """Line and box of a node; None if it has none."""
    found = ((at, box) for at, boxes in enumerate(flame) for box in boxes if box.path == path)
    return next(found, None)


def neighbour_of(flame: Flame, path: CallPath, across: int, down: int) -> FlameBox | None:
    """The box that a step leads to from that of a node; None if there is none in that direction.

    Args:
        flame: The graph.
        path: The node.
        across: 1 to the right, -1 to the left, in the same line.
        down: Number of lines down; negative for up.
    """
    found = find_box(flame, path)
    if found is None:
        return flame[-1][0] if flame else None
    line, box = found
    if across:
        at = flame[line].index(box) + across
        return flame[line][at] if 0 <= at < len(flame[line]) else None
    wanted = max(0, min(len(flame) - 1, line + down))
    while down > 0 and wanted > line:
        inside = [each for each in flame[wanted] if box.x <= each.x < box.x + box.width]
        if inside:
            return max(inside, key=lambda each: each.width)
        wanted -= 1
    return box_at(flame, box.x, wanted) if down < 0 else None
