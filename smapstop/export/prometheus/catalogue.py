"""Catalogue of all metrics: names and units by the guidelines of Prometheus, types, labels and help texts."""

from typing import Literal

from smapstop.lazy_dataclass import dataclass

BY = "by"
"""Stands in `MetricSpec.labels` for the label of the groups of mappings: kind, purpose, file or name."""
_PROCESS = ("process", "slot")


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric."""

    name: str
    """Full name, of a counter with `_total`."""
    kind: Literal["gauge", "counter"]
    labels: tuple[str, ...]
    help: str

    def labels_by(self, by: str) -> tuple[str, ...]:
        """Names of the labels when mappings are grouped in a way."""
        return tuple(by if label == BY else label for label in self.labels)


UP = MetricSpec(
    "smapstop_up",
    "gauge",
    ("process",),
    "Whether a process of this name is there and its memory was read lately: 1 or 0.",
)
PROCESSES = MetricSpec("smapstop_processes", "gauge", ("process",), "Processes of this name.")
UNREAD = MetricSpec(
    "smapstop_unread_processes",
    "gauge",
    ("process",),
    "Processes of this name whose memory is not known: not permitted, or not read lately.",
)
INFO = MetricSpec(
    "smapstop_process_info",
    "gauge",
    (*_PROCESS, "pid", "comm"),
    "Which process has the slot: its pid and its name as the kernel knows it. The value is 1.",
)
STARTED = MetricSpec(
    "smapstop_process_start_time_seconds", "gauge", _PROCESS, "Start time of the process, seconds since the epoch."
)
READ = MetricSpec(
    "smapstop_read_timestamp_seconds",
    "gauge",
    (*_PROCESS, "reading"),
    "When the totals or all mappings were read last, seconds since the epoch. Old figures are left out.",
)
MEMORY = MetricSpec(
    "smapstop_memory_bytes",
    "gauge",
    (*_PROCESS, "field"),
    "Memory of the process, by field of smaps_rollup; the fields overlap, do not add them up.",
)
FAMILY = MetricSpec(
    "smapstop_family_memory_bytes",
    "gauge",
    ("process", "field"),
    "Memory of all processes of the families of this name whose memory is known. Rss has no sum: what processes share"
    " would count more than once.",
)
GROUPS = MetricSpec(
    "smapstop_mapping_memory_bytes",
    "gauge",
    (*_PROCESS, BY, "field"),
    "Memory of the mappings of the process, by groups of them, from smaps.",
)
MAPPINGS = MetricSpec("smapstop_mappings", "gauge", _PROCESS, "Mappings of the process.")
MAPPINGS_LIMIT = MetricSpec(
    "smapstop_mappings_limit", "gauge", _PROCESS, "Most mappings that the process may have: vm.max_map_count."
)
PAGES = MetricSpec(
    "smapstop_pages_total",
    "counter",
    (*_PROCESS, "mechanism", "sure"),
    'Pages that the kernel moved while the process was watched, by mechanism; sure="false": it may be another one.',
)
FAULTS = MetricSpec(
    "smapstop_page_faults_total", "counter", (*_PROCESS, "type"), "Page faults of the process since it started."
)
CGROUP = MetricSpec(
    "smapstop_cgroup_memory_bytes",
    "gauge",
    _PROCESS,
    "Memory of the control group whose limit is nearest to the process, with its page cache.",
)
CGROUP_CACHE = MetricSpec(
    "smapstop_cgroup_cache_bytes", "gauge", _PROCESS, "Page cache in that control group, which the kernel can drop."
)
CGROUP_LIMIT = MetricSpec(
    "smapstop_cgroup_memory_limit_bytes",
    "gauge",
    _PROCESS,
    "Limit of that control group, beyond which the OOM killer ends a member; missing without a limit.",
)
CGROUP_RATIO = MetricSpec(
    "smapstop_cgroup_memory_used_ratio",
    "gauge",
    _PROCESS,
    "Share of that limit which is used by memory that the kernel cannot drop: 0 to 1.",
)
CGROUP_SWAP = MetricSpec("smapstop_cgroup_swap_bytes", "gauge", _PROCESS, "Swap of that control group.")
CGROUP_KILLS = MetricSpec(
    "smapstop_cgroup_oom_kills_total", "counter", _PROCESS, "Members of that control group that the OOM killer ended."
)
READING = MetricSpec(
    "smapstop_sample_seconds_total", "counter", (), "Time that smapstop spent on finding and reading processes."
)
CPU = MetricSpec("smapstop_cpu_seconds_total", "counter", (), "CPU time that smapstop itself has used.")
BUDGET = MetricSpec("smapstop_cpu_budget_ratio", "gauge", (), "Share of one CPU that reading may take (--budget).")

CATALOGUE = (
    *(UP, PROCESSES, UNREAD, INFO, STARTED, READ, MEMORY, FAMILY, GROUPS, MAPPINGS, MAPPINGS_LIMIT, PAGES, FAULTS),
    *(CGROUP, CGROUP_CACHE, CGROUP_LIMIT, CGROUP_RATIO, CGROUP_SWAP, CGROUP_KILLS, READING, CPU, BUDGET),
)
"""All metrics, in the order in which they are printed."""
