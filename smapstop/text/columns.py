"""The columns of the mapping table: one row here each. The sort menu, the header and `--columns` read this table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from smapstop.errors import SmapstopError
from smapstop.model.view.sort import Sorting
from smapstop.proc.fields import FIELD_BY_NAME

CellFormat = Literal["name", "text", "amount", "change", "rate", "history", "happened", "address"]
"""How the values of a column are written."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the mapping table."""

    key: str
    """What users call it, in `--columns` and `--sort`; for amounts the field's name."""
    title: str
    cell_format: CellFormat
    width: int
    """Cells; of the name and of what happened the least that makes sense."""
    importance: int
    """Columns with a greater number are dropped first when the terminal is narrow."""
    help: str
    descending: bool = True
    """The direction that users expect when they sort by it."""

    @property
    def right(self) -> bool:
        """Whether its values are aligned to the right."""
        return self.cell_format in ("amount", "change", "rate", "address")

    @property
    def brief(self) -> str:
        """The first sentence of the help."""
        return self.help.partition(". ")[0].rstrip(".") + "."


def _field(key: str, importance: int) -> Column:
    return Column(key, FIELD_BY_NAME[key].short, "amount", 6, importance, FIELD_BY_NAME[key].help)


COLUMNS: tuple[Column, ...] = (
    Column("name", "Mapping", "name", 20, 0, "What is mapped: a file, or memory without one.", descending=False),
    Column("start", "Start", "address", 12, 14, "The first address of the mapping.", descending=False),
    Column("perms", "Perm", "text", 4, 5, "r w x as mapped; p private (copy-on-write), s shared.", descending=False),
    _field("size", 6),
    _field("rss", 1),
    Column("delta", "ΔRss", "change", 7, 3, "The change of Rss against the compared moment."),
    Column("rate", "Rate/s", "rate", 7, 9, "The change of Rss a second, over the real time between the readings."),
    _field("pss", 8),
    _field("private_clean", 11),
    _field("private_dirty", 7),
    _field("shared_dirty", 12),
    _field("anonymous", 4),
    _field("swap", 10),
    Column("history", "History", "history", 10, 5, "Rss over time, from its least to its greatest in this time."),
    Column("happened", "What changed", "happened", 28, 2, "The last change of the mapping, and how long ago it was."),
)
"""What the table shows, in order, as far as there is room."""

_OPTIONAL_COLUMNS: tuple[Column, ...] = tuple(
    Column(field.name, field.label, "amount", 6, 50, field.help)
    for field in FIELD_BY_NAME.values()
    if field.unit == "kB" and field.in_mapping and field.name not in {column.key for column in COLUMNS}
)
"""Every other amount that the kernel may print: shown when asked for."""

ALL_COLUMNS: dict[str, Column] = {column.key: column for column in (*COLUMNS, *_OPTIONAL_COLUMNS)}
"""Every column by its key."""
SORTABLE: dict[str, Column] = {
    key: column for key, column in ALL_COLUMNS.items() if column.cell_format not in ("history", "happened")
}
"""What a table can be sorted by, beside `moved`."""


def column_keys() -> tuple[str, ...]:
    """The keys that `--columns` knows; those of `--sort` are the same, and `moved`."""
    return tuple(ALL_COLUMNS)


def find_columns(keys: Sequence[str]) -> tuple[Column, ...]:
    """The columns of these keys; the usual ones when there are none.

    Raises:
        SmapstopError: There is no such column.
    """
    for key in keys:
        if key not in ALL_COLUMNS:
            raise SmapstopError(f"no column {key!r}", f"columns are {', '.join(ALL_COLUMNS)}")
    return tuple(ALL_COLUMNS[key] for key in keys) or COLUMNS


def group_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns that say something of a group of mappings: it has neither an address nor permissions."""
    return tuple(column for column in columns if column.cell_format not in ("address", "text"))


def fit_columns(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that fit into so many cells, the least important left out, each with its width.

    What is left over goes to the name, to what happened, and to the history, up to what they can use.
    """
    kept = sorted(columns, key=lambda column: column.importance)
    while len(kept) > 1 and sum(_outer_width(column) for column in kept) > width + 1:
        kept.pop()
    shown = [column for column in columns if column in kept]
    spare = max(0, width + 1 - sum(_outer_width(column) for column in shown))
    widths = {column.key: max(column.width, len(column.title)) for column in shown}
    for key, most in (
        ("happened", 36),
        ("name", 34),
        ("happened", 44),
        ("history", 24),
        ("happened", 70),
        ("name", 100),
    ):
        if key in widths:
            more = min(spare, max(0, most - widths[key]))
            widths[key] += more
            spare -= more
    return [(column, min(widths[column.key], width)) for column in shown]


def _outer_width(column: Column) -> int:
    """The cells that a column takes, with the space after it."""
    return max(column.width, len(column.title)) + 1


def toggle_sorting(key: str, now: Sorting) -> Sorting:
    """Sort by a column in the direction that users expect; by the same one again, in the other direction."""
    if key == now.key:
        return Sorting(key, descending=not now.descending)
    return Sorting(key, descending=SORTABLE[key].descending if key in SORTABLE else True)


def shift_sorting(columns: Sequence[Column], now: Sorting, places: int) -> Sorting:
    """Sort by the column so many places to the right; before the first one stands what moved most recently."""
    keys = ["moved", *(column.key for column in columns if column.key in SORTABLE)]
    at = keys.index(now.key) if now.key in keys else 0
    return toggle_sorting(keys[(at + places) % len(keys)], now)
