"""The table of figures: each with the goal beside it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure."""

    name: str
    what: str
    against: str
    figure: float
    goal: float | None
    """None for a peer's figure."""
    detail: str = ""
    unit: str = "×"
    least: bool = False
    """The goal is the least that is good, else the most."""

    @property
    def is_reached(self) -> bool:
        """Whether the goal is reached."""
        if self.goal is None:
            return True
        return self.figure >= self.goal if self.least else self.figure <= self.goal


def markdown_row(row: Measurement) -> str:
    """A row as a line of a markdown table."""
    goal = "" if row.goal is None else f"{'≥' if row.least else '≤'} {row.goal:g} {row.unit}"
    reached = "" if row.goal is None else "yes" if row.is_reached else "no"
    cells = (row.name, row.what, row.against, f"{row.figure:.2f} {row.unit}", goal, reached, row.detail)
    return f"| {' | '.join(cells)} |"


MARKDOWN_HEAD = "| | what | against | figure | goal | reached | |\n|---|---|---|---|---|---|---|"
