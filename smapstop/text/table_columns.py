"""Columns of the mapping table. The sort menu, the table header and `--columns` are derived from them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.view.sort import Sorting
from smapstop.proc.fields import FIELD_BY_NAME

_NO_WIDTHS: Mapping[str, int] = MappingProxyType({})
CellFormat = Literal["name", "text", "amount", "change", "rate", "history", "happened", "address"]
"""Format of the values of a column."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the mapping table."""

    key: str
    """Name in `--columns` and `--sort`; for amounts the field's name."""
    title: str
    cell_format: CellFormat
    width: int
    """Width in cells; for `name` and `happened` the minimum."""
    drop_order: int
    """Columns with a higher number are dropped first on a narrow terminal."""
    help: str
    descending: bool = True
    """Default sort direction."""

    @property
    def right(self) -> bool:
        """Whether values are right-aligned."""
        return self.cell_format in ("amount", "change", "rate", "address")

    @property
    def brief(self) -> str:
        """First sentence of the help."""
        return self.help.partition(". ")[0].rstrip(".") + "."


_DROP_ORDER = {
    "size": 6,
    "pss": 8,
    "private_clean": 11,
    "private_dirty": 7,
    "shared_dirty": 12,
    "anonymous": 4,
    "swap": 10,
}
"""Drop order of the fields that are asked for most."""

COLUMNS: tuple[Column, ...] = (
    Column(
        "name", "Mapping", "name", 20, 0, "The mapped file, or the kind of memory without a file.", descending=False
    ),
    Column(
        "perms", "Perm", "text", 4, 5, "Protection r w x; then p private (copy-on-write), s shared.", descending=False
    ),
    Column("rss", FIELD_BY_NAME["rss"].short, "amount", 6, 1, FIELD_BY_NAME["rss"].help),
    Column("delta", "Δ", "change", 7, 3, "Change of Rss, or of the metric (keys 1 to 6), against the baseline."),
    Column(
        "rate", "Rate/s", "rate", 7, 4, "Change of the metric per second over the last ticks, whatever the baseline."
    ),
    Column(
        "history",
        "History",
        "history",
        10,
        5,
        "Metric over time, scaled from its minimum to its maximum in that time.",
    ),
    Column(
        "happened",
        "Verdict",
        "happened",
        28,
        2,
        "Last change of the mapping, its pages (p) first, and how long ago it was. The inspector has it in full.",
    ),
)
"""Default columns, in order; narrow terminals drop some."""

_OPTIONAL_COLUMNS: tuple[Column, ...] = (
    Column(
        "faults",
        "Faults",
        "amount",
        6,
        9,
        "Page faults in the mapping since they are watched. A fault may bring several pages, or none.",
    ),
    Column("start", "Start", "address", 12, 14, "First address of the mapping.", descending=False),
    *(
        Column(field.name, field.short, "amount", 6, _DROP_ORDER.get(field.name, 50), field.help)
        for field in FIELD_BY_NAME.values()
        if field.unit == "kB" and field.in_mapping and field.name != "rss"
    ),
)
"""All other amounts that the kernel may print, and addresses: shown on request."""

ALL_COLUMNS: dict[str, Column] = {column.key: column for column in (*COLUMNS, *_OPTIONAL_COLUMNS)}
"""All columns by key."""
SORTABLE: dict[str, Column] = {
    key: column for key, column in ALL_COLUMNS.items() if column.cell_format not in ("history", "happened")
}
"""Columns that a table can be sorted by; `moved` is accepted in addition."""


def find_columns(keys: Sequence[str]) -> tuple[Column, ...]:
    """Find columns by key; the default columns when no keys are given.

    Raises:
        SmapstopError: No such column.
    """
    for key in keys:
        if key not in ALL_COLUMNS:
            raise SmapstopError(f"no column {key!r}", f"the columns are {', '.join(ALL_COLUMNS)}")
    return tuple(ALL_COLUMNS[key] for key in keys) or COLUMNS


def group_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns that apply to a group of mappings, which has neither an address nor permissions."""
    return tuple(column for column in columns if column.cell_format not in ("address", "text"))


def add_sorted(columns: Sequence[Column], key: str, title: str = "") -> tuple[Column, ...]:
    """Columns with the one that rows are sorted by, which no narrow table drops: an order by hidden numbers is none.

    It is wide enough for its title with an arrow.

    Args:
        columns: Columns that the user chose, in order.
        key: What rows are sorted by.
        title: Title of that column now, where it is not always the same.
    """
    if key not in SORTABLE:
        return tuple(columns)
    column = SORTABLE[key]
    lasting = replace(column, drop_order=0, width=max(column.width, len(title or column.title) + 1))
    if any(column.key == key for column in columns):
        return tuple(lasting if column.key == key else column for column in columns)
    at = end_of_numbers(columns)
    return (*columns[:at], lasting, *columns[at:])


def end_of_numbers(columns: Sequence[Column]) -> int:
    """Index of the first picture or verdict, before which a column that is added comes; else the end."""
    pictures = (at for at, column in enumerate(columns) if column.cell_format in ("history", "happened"))
    return next(pictures, len(columns))


def fit_columns(
    columns: Sequence[Column],
    width: int,
    least: Mapping[str, int] = _NO_WIDTHS,
    wishes: Mapping[str, int] = _NO_WIDTHS,
) -> list[tuple[Column, int]]:
    """Choose the columns that fit into `width` cells, dropping the least important, each with its width.

    Wishes are granted as far as no column has to be dropped. Other spare cells go to `happened`, `name` and
    `history`, up to what each can use.

    Args:
        columns: All columns, in order.
        width: Cells there are.
        least: Least widths of columns by key, where they are not the usual ones.
        wishes: Widths that the user gave columns, by key; the last one is granted first.
    """
    base = {column.key: _base_width(column, least, wishes) for column in columns}
    kept = sorted(columns, key=lambda column: column.drop_order)
    while len(kept) > 1 and sum(base[column.key] + 1 for column in kept) > width + 1:
        kept.pop()
    shown = [column for column in columns if column in kept]
    spare = max(0, width + 1 - sum(base[column.key] + 1 for column in shown))
    widths = {column.key: base[column.key] for column in shown}
    for key in reversed(list(wishes)):
        if key in widths:
            more = min(spare, max(0, wishes[key] - widths[key]))
            widths[key] += more
            spare -= more
    for key, max_width in (
        ("happened", 36),
        ("name", 34),
        ("happened", 44),
        ("history", 24),
        ("name", 48),
        ("happened", 70),
        ("name", 100),
    ):
        if key in widths and key not in wishes:
            more = min(spare, max(0, max_width - widths[key]))
            widths[key] += more
            spare -= more
    return [(column, min(widths[column.key], width)) for column in shown]


_NARROWEST: Mapping[str, int] = MappingProxyType({"name": 8, "history": 4, "happened": 16})
"""Least widths that the user can give to columns of text, by their format."""
WIDTH_LIMITS = (1, 400)
"""Least and most cells that the user can ask for."""
_AMPLE_WIDTH = 200
"""Width at which no text of a row is cut."""


def unfitted_columns(columns: Sequence[Column]) -> list[tuple[Column, int]]:
    """All columns, with text columns wide enough that nothing is cut."""
    widths = {"name": _AMPLE_WIDTH, "happened": _AMPLE_WIDTH}
    return [(column, widths.get(column.key, _outer_width(column) - 1)) for column in columns]


def _base_width(column: Column, least: Mapping[str, int], wishes: Mapping[str, int]) -> int:
    """Width of a column before spare cells are given away; only text may be narrower than usual."""
    usual = max(least.get(column.key, column.width), len(column.title))
    narrowest = usual if column.right else min(usual, _NARROWEST.get(column.cell_format, column.width))
    return min(usual, max(narrowest, wishes.get(column.key, usual)))


def _outer_width(column: Column) -> int:
    """Cells that a column takes, including the space after it."""
    return max(column.width, len(column.title)) + 1


def toggle_sorting(key: str, now: Sorting) -> Sorting:
    """Sort by a column in its default direction; if it is the current one, reverse the direction."""
    if key == now.key:
        return Sorting(key, descending=not now.descending)
    return Sorting(key, descending=SORTABLE[key].descending if key in SORTABLE else True)


def shift_sorting(columns: Sequence[Column], now: Sorting, places: int) -> Sorting:
    """Sort by the column `places` to the right, cyclically; `moved` (last changed) comes before the first column."""
    keys = ["moved", *(column.key for column in columns if column.key in SORTABLE)]
    at = keys.index(now.key) if now.key in keys else 0
    return toggle_sorting(keys[(at + places) % len(keys)], now)
