"""Metrics: the amounts that changes, rates, histories and order can follow."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from smapstop.model.totals import SUMMED_FIELDS
from smapstop.proc.columns import Amounts

Metric = Literal["rss", "pss", "uss", "dirty", "swap", "faults"]
METRICS: tuple[Metric, ...] = get_args(Metric)
"""All metrics, in the order of their keys."""
METRIC_TITLES: dict[Metric, str] = {
    "rss": "Rss",
    "pss": "Pss",
    "uss": "Uss",
    "dirty": "Dirty",
    "swap": "Swap",
    "faults": "Faults",
}
"""Names of the metrics."""
FAULTS: Metric = "faults"
"""The metric that is a number, not kB, and no field of the kernel: page faults since they are watched."""


def parts_of(metric: Metric) -> tuple[str, ...]:
    """Kernel fields whose sum the metric is."""
    return SUMMED_FIELDS.get(metric, (metric,))


def sum_parts(metric: Metric, get: Callable[[str], Amounts | None]) -> Amounts | None:
    """Sum the parts of a metric, kB; those that are not printed count as 0. None when none is printed.

    Args:
        metric: The metric.
        get: Column of a field; None when the kernel does not print it.
    """
    columns = [np.maximum(column, 0) for name in parts_of(metric) if (column := get(name)) is not None]
    return sum(columns[1:], columns[0]) if columns else None
