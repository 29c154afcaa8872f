"""Sums over some mappings of a view: how many, how much of the metric, its change and rate."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.metrics import METRIC_TITLES
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.units import metric_format


@dataclass(frozen=True, slots=True)
class RowSums:
    """Sums over mappings, as text."""

    count: int
    """Number of mappings."""
    amount: str
    """Sum of the metric, with its name."""
    change: str
    """Change of the sum against the baseline; empty without one."""
    rate: str
    """Change per second over the last ticks; empty without one."""
    kb: float
    """The change, kB."""


def sums_of(view: View, mask: NDArray[np.bool_]) -> RowSums:
    """Sum up the mappings of a mask of `View.mappings`; those that are gone count only by what went with them."""
    table, amounts = view.mappings, view.mappings.metric_amounts
    present = mask & ~table.gone
    kb = None if table.change is None else int(table.change[mask].sum())
    recent = table.recent_change
    rate = None if recent is None or not table.recent_seconds else int(recent[mask].sum()) / table.recent_seconds
    unit = metric_format(view)
    amount = unit.text(None if amounts is None else int(amounts[present].sum()))
    return RowSums(
        count=int(np.count_nonzero(present)),
        amount=f"{METRIC_TITLES[view.state.metric]} {amount}",
        change=unit.signed(kb).strip(fmt.STILL) if kb else "",
        rate=f"{unit.signed(rate)}/s" if rate else "",
        kb=kb or 0,
    )


def mappings_text(count: int) -> str:
    """A number of mappings."""
    return f"{count:,} mapping{'' if count == 1 else 's'}"
