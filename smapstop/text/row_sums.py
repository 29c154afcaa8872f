"""Sums over some mappings of a view: how many, how much of the metric, its change and rate."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.metrics import FAULTS, METRIC_TITLES
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
    is_earlier: bool
    """Whether the amount is that of the last reading of the mappings, before the tick shown."""


def sums_of(view: View, mask: NDArray[np.bool_]) -> RowSums:
    """Sum up the mappings of a mask of `View.mappings`; those that are gone count only by what went with them."""
    table, amounts = view.mappings, view.mappings.metric_amounts
    present = mask & ~table.gone
    kb = None if table.change_now is None else int(table.change_now[mask].sum())
    rate = None if table.rate_now is None else float(np.nansum(table.rate_now[mask]))
    unit, is_faults, inferred = metric_format(view), view.state.metric == FAULTS, table.inferred
    is_inferred = inferred is not None and not is_faults and bool(inferred.faults[mask].any())
    if inferred is not None and is_inferred and inferred.change is None:
        kb = rate = None

    def signed(change: float) -> str:
        return unit.inferred(change) if is_inferred else unit.signed(change)

    amount = unit.text(None if amounts is None else int(amounts[present].sum()))
    return RowSums(
        count=int(np.count_nonzero(present)),
        amount=f"{METRIC_TITLES[view.state.metric]} {amount}",
        change=signed(kb).strip(fmt.STILL) if kb else "",
        rate=f"{signed(rate)}/s" if rate else "",
        kb=kb or 0,
        is_earlier=not is_faults and view.snapshot.reading_tick.number != view.snapshot.tick.number,
    )


def mappings_text(count: int) -> str:
    """A number of mappings."""
    return f"{count:,} mapping{'' if count == 1 else 's'}"
