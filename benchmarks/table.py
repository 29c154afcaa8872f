"""The table of figures: each with the goal beside it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    name: str
    what: str
    against: str
    figure: float
    goal: float
    detail: str = ""
    unit: str = "×"
    least: bool = False
    """The goal is the least that is good, else the most."""

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.figure >= self.goal if self.least else self.figure <= self.goal


def line(row: Row) -> str:
    """A row as a line of a markdown table."""
    sign = "≥" if row.least else "≤"
    figure, goal = f"{row.figure:.2f} {row.unit}", f"{sign} {row.goal:g} {row.unit}"
    reached = "yes" if row.reached else "no"
    return f"| {row.name} | {row.what} | {row.against} | {figure} | {goal} | {reached} | {row.detail} |"


HEAD = "| | what | against | figure | goal | reached | |\n|---|---|---|---|---|---|---|"
