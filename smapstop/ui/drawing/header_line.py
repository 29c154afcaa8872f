"""Lay out the header in a line, and draw it."""

from collections.abc import Sequence
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.text.status import Header

_MIN_NAME = 20
"""Cells that the name may take on any terminal; on a wide one it may take a quarter of the line."""
_GAP = " " * 3
"""Between two facts."""
_OFFER = Style(bold=True, underline=True)


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """Parts of a header that fit a line; see `Header`."""

    name: str
    facts: Sequence[str]
    offers: Sequence[str]
    """The first one is shown."""
    mode: str
    costs: Sequence[str]

    @property
    def left(self) -> str:
        """Text at the left end."""
        return f"{self.name} {_GAP.join([*self.facts, *self.offers[:1]])}"

    @property
    def right(self) -> str:
        """Text at the right end."""
        return f"{_GAP.join([self.mode, *self.costs])} "

    @property
    def cells(self) -> int:
        """Cells of both."""
        return fmt.cell_width(self.left) + fmt.cell_width(self.right)

    def without_least(self) -> "HeaderLine":
        """Leave out the least important part; there must be two facts, or a cost."""
        if len(self.offers) > 1 and not self.costs:
            return replace(self, offers=self.offers[1:])
        if len(self.facts) <= 2 and self.costs:
            return replace(self, costs=self.costs[:-1])
        return replace(self, facts=self.facts[1:] if self.offers else self.facts[:-1])  # how it ended is the last


def fit_header(header: Header, width: int) -> HeaderLine:
    """Fit a header into a line of so many cells: the least important parts are left out."""
    name = f" {fmt.shorten_middle(header.name, max(_MIN_NAME, width // 4))} "
    line = HeaderLine(name, header.process_facts, header.offers, header.mode, header.costs)
    while line.cells + 2 > width and (len(line.facts) > 1 or line.costs):
        line = line.without_least()
    return replace(line, mode=fmt.clip(line.mode, max(1, width - fmt.cell_width(line.left) - 2)))


def spans_of(texts: Sequence[str], at: int) -> list[range]:
    """Cells of each of some texts beside each other, from a cell on."""
    spans = []
    for text in texts:
        spans.append(range(at, at + fmt.cell_width(text)))
        at = spans[-1].stop + len(_GAP)
    return spans


def draw_header_line(line: HeaderLine, width: int, base: Style, mode: Style) -> Strip:
    """Draw a header.

    Args:
        line: Its parts.
        width: Cells of the line.
        base: Style of the line.
        mode: Style of the mode.
    """
    return Strip(
        [
            Segment(line.name, base + Style(bold=True, reverse=True)),
            Segment(" " + _GAP.join(line.facts) + _GAP * bool(line.offers), base),
            Segment("".join(line.offers[:1]), base + _OFFER),
            Segment(" " * max(1, width - line.cells), base),
            Segment(line.mode, mode),
            Segment("".join(f"{_GAP}{cost}" for cost in line.costs) + " ", base),
        ]
    ).adjust_cell_length(width, base)
