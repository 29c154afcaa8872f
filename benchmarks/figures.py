"""Table of measurements, each with its goal."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement: a row of the table."""

    name: str
    what: str
    against: str
    figure: float
    goal: float | None
    """None: no goal, for another tool's figure."""
    detail: str = ""
    unit: str = "×"
    least: bool = False
    """The goal is a minimum, else a maximum."""

    @property
    def is_reached(self) -> bool:
        """Whether the goal is reached."""
        if self.goal is None:
            return True
        return self.figure >= self.goal if self.least else self.figure <= self.goal


def markdown_row(row: Measurement) -> str:
    """Format a measurement as a line of a Markdown table."""
    goal = "" if row.goal is None else f"{'≥' if row.least else '≤'} {row.goal:g} {row.unit}"
    reached = "" if row.goal is None else "yes" if row.is_reached else "no"
    cells = (row.name, row.what, row.against, f"{row.figure:.2f} {row.unit}", goal, reached, row.detail)
    return f"| {' | '.join(cells)} |"


MARKDOWN_HEAD = "| | what | against | figure | goal | reached | |\n|---|---|---|---|---|---|---|"
