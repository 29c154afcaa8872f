"""Turn figures of a fleet into metrics; what was read too long ago is left out."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from smapstop.export.prometheus import catalogue
from smapstop.export.prometheus.catalogue import CATALOGUE, MetricSpec
from smapstop.model.fleet.figures import FleetFigures, MapFigures, ProcessFigures
from smapstop.model.fleet.label_values import label_value
from smapstop.model.grouping import Grouping
from smapstop.proc.limits import CgroupMemory

FRESH_NS = 60_000_000_000
"""Figures that are older are left out, unless the interval is long."""
_FRESH_INTERVALS = 3
_SUMMED_FIELDS = ("pss", "uss", "swap_pss")
"""Fields that add up over processes."""
_KB = 1024

Row = tuple[MetricSpec, tuple[str, ...], float]
"""A metric, the values of its labels, and its own value."""


class FleetCollector(Collector):
    """Collect the metrics of the latest figures; it never reads a process.

    Args:
        figures: Returns the latest figures.
        by: How mappings are grouped.
    """

    def __init__(self, figures: Callable[[], FleetFigures], by: Grouping) -> None:
        self._figures = figures
        self._by = by

    def collect(self) -> Iterator[Metric]:
        """Collect all metrics."""
        return metrics_of(rows_of(self._figures(), time.monotonic_ns(), time.time(), time.process_time()), self._by)


def metrics_of(rows: Iterator[Row], by: Grouping) -> Iterator[Metric]:
    """Metrics with all their rows, in the order of the catalogue; those without rows are left out."""
    families: dict[MetricSpec, CounterMetricFamily | GaugeMetricFamily] = {}
    for spec, labels, value in rows:
        if spec not in families:
            family = CounterMetricFamily if spec.kind == "counter" else GaugeMetricFamily
            families[spec] = family(spec.name, spec.help, labels=spec.labels_by(by))
        families[spec].add_metric(tuple(map(label_value, labels)), value)
    return (families[spec] for spec in CATALOGUE if spec in families)


def rows_of(figures: FleetFigures, now_ns: int, now_s: float, cpu_s: float) -> Iterator[Row]:
    """Values of all metrics.

    Args:
        figures: The figures.
        now_ns: Now, monotonic clock, ns.
        now_s: Now, seconds since the epoch.
        cpu_s: CPU time used by this process, seconds.
    """
    fresh_ns = max(FRESH_NS, _FRESH_INTERVALS * figures.interval_ns)
    if now_ns - figures.scanned_ns > fresh_ns:  # a reading takes as long: nobody knows which processes there are
        figures = replace(figures, processes=())
    for name in figures.names:
        yield from _name_rows(figures, name, now_ns - fresh_ns)
    for process in figures.processes:
        yield from _process_rows(process, now_ns, now_s, fresh_ns)
    yield catalogue.READING, (), figures.cost_ns / 1e9
    yield catalogue.CPU, (), cpu_s
    yield catalogue.BUDGET, (), figures.budget


def _name_rows(figures: FleetFigures, name: str, since_ns: int) -> Iterator[Row]:
    """Values of a name."""
    processes = [process for process in figures.processes if process.process == name]
    read = [process for process in processes if process.totals and process.read_ns >= since_ns]
    yield catalogue.UP, (name,), bool(read)
    yield catalogue.PROCESSES, (name,), len(processes)
    yield catalogue.UNREAD, (name,), len(processes) - len(read)
    if figures.families and read:
        for field in _SUMMED_FIELDS:
            total_kb = sum(process.totals.get(field, 0) for process in read)
            yield catalogue.FAMILY, (name, field), total_kb * _KB


def _process_rows(process: ProcessFigures, now_ns: int, now_s: float, fresh_ns: int) -> Iterator[Row]:
    """Values of a process."""
    labels = (process.process, str(process.slot))
    yield catalogue.INFO, (*labels, str(process.pid), process.name), 1
    yield catalogue.STARTED, labels, round(process.started_s, 2)
    if process.read_ns:
        yield catalogue.READ, (*labels, "totals"), round(now_s - (now_ns - process.read_ns) / 1e9, 3)
    if process.totals and now_ns - process.read_ns <= fresh_ns:
        for field, total_kb in process.totals.items():
            yield catalogue.MEMORY, (*labels, field), total_kb * _KB
    for kind, count in (("minor", process.minor_faults), ("major", process.major_faults)):
        if count is not None:
            yield catalogue.FAULTS, (*labels, kind), count
    if process.maps is not None:
        yield catalogue.READ, (*labels, "mappings"), round(now_s - (now_ns - process.maps.read_ns) / 1e9, 3)
        if now_ns - process.maps.read_ns <= max(fresh_ns, 2 * process.maps.interval_ns):
            yield from _map_rows(process.maps, labels)


def _map_rows(maps: MapFigures, labels: tuple[str, ...]) -> Iterator[Row]:
    """Values of the mappings of a process."""
    yield catalogue.MAPPINGS, labels, maps.mappings
    if maps.limits.max_map_count is not None:
        yield catalogue.MAPPINGS_LIMIT, labels, maps.limits.max_map_count
    for group, amounts in maps.groups.items():
        for field, amount_kb in amounts.items():
            yield catalogue.GROUPS, (*labels, group, field), amount_kb * _KB
    for (mechanism, sure), pages in maps.pages.items():
        yield catalogue.PAGES, (*labels, mechanism, "true" if sure else "false"), pages
    if maps.limits.cgroup is not None:
        yield from _cgroup_rows(maps.limits.cgroup, labels)


def _cgroup_rows(cgroup: CgroupMemory, labels: tuple[str, ...]) -> Iterator[Row]:
    """Values of the control group of a process."""
    amounts = (
        (catalogue.CGROUP, cgroup.current_bytes),
        (catalogue.CGROUP_CACHE, cgroup.cache_bytes),
        (catalogue.CGROUP_LIMIT, cgroup.max_bytes),
        (catalogue.CGROUP_RATIO, cgroup.needed_bytes / cgroup.max_bytes if cgroup.max_bytes else None),
        (catalogue.CGROUP_SWAP, cgroup.swap_bytes),
        (catalogue.CGROUP_KILLS, cgroup.oom_kills),
    )
    for spec, amount in amounts:
        if amount is not None:
            yield spec, labels, amount
