"""From figures to the text that Prometheus reads; what is old is left out."""

import re
import shutil
import subprocess
from typing import Any

import pytest
from export.prometheus.fleets import NOW_NS, NOW_S, SECOND_NS, fleet_of, maps_of, process_of
from factories import cgroup_memory
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from smapstop.export.prometheus.exposition import FleetCollector, metrics_of, rows_of
from smapstop.model.fleet.figures import FleetFigures
from smapstop.model.fleet.label_values import label_value
from smapstop.model.grouping import Grouping
from smapstop.proc.limits import Limits


def text_of(figures: FleetFigures, by: Grouping = "kind") -> str:
    """The text of all metrics."""
    registry = CollectorRegistry()
    metrics = list(metrics_of(rows_of(figures, NOW_NS, NOW_S, 1.5), by))
    registry.register(type("Fixed", (), {"collect": lambda _: metrics})())
    return generate_latest(registry).decode()


def values(figures: FleetFigures, name: str, by: Grouping = "kind") -> dict[str, float]:
    """Values of a metric, by its labels as text."""
    rows = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text_of(figures, by), re.MULTILINE)
    return {labels: float(value) for labels, value in rows}


def test_the_text_of_a_process() -> None:
    figures = fleet_of(
        process_of(totals={"rss": 12}, maps=maps_of(groups={"heap": {"rss": 8}}, pages={("lock", True): 3}))
    )
    lines = [line for line in text_of(figures).splitlines() if not line.startswith("# HELP")]
    assert lines == [
        "# TYPE smapstop_up gauge",
        'smapstop_up{process="web"} 1.0',
        'smapstop_up{process="db"} 0.0',
        "# TYPE smapstop_processes gauge",
        'smapstop_processes{process="web"} 1.0',
        'smapstop_processes{process="db"} 0.0',
        "# TYPE smapstop_unread_processes gauge",
        'smapstop_unread_processes{process="web"} 0.0',
        'smapstop_unread_processes{process="db"} 0.0',
        "# TYPE smapstop_process_info gauge",
        'smapstop_process_info{comm="python3",pid="7",process="web",slot="0"} 1.0',
        "# TYPE smapstop_process_start_time_seconds gauge",
        'smapstop_process_start_time_seconds{process="web",slot="0"} 1.79999900025e+09',
        "# TYPE smapstop_read_timestamp_seconds gauge",
        'smapstop_read_timestamp_seconds{process="web",reading="totals",slot="0"} 1.799999999e+09',
        'smapstop_read_timestamp_seconds{process="web",reading="mappings",slot="0"} 1.799999998e+09',
        "# TYPE smapstop_memory_bytes gauge",
        'smapstop_memory_bytes{field="rss",process="web",slot="0"} 12288.0',
        "# TYPE smapstop_mapping_memory_bytes gauge",
        'smapstop_mapping_memory_bytes{field="rss",kind="heap",process="web",slot="0"} 8192.0',
        "# TYPE smapstop_mappings gauge",
        'smapstop_mappings{process="web",slot="0"} 40.0',
        "# TYPE smapstop_mappings_limit gauge",
        'smapstop_mappings_limit{process="web",slot="0"} 65530.0',
        "# TYPE smapstop_pages_total counter",
        'smapstop_pages_total{mechanism="lock",process="web",slot="0",sure="true"} 3.0',
        "# TYPE smapstop_page_faults_total counter",
        'smapstop_page_faults_total{process="web",slot="0",type="minor"} 5.0',
        'smapstop_page_faults_total{process="web",slot="0",type="major"} 0.0',
        "# TYPE smapstop_cgroup_memory_bytes gauge",
        'smapstop_cgroup_memory_bytes{process="web",slot="0"} 3.7748736e+07',
        "# TYPE smapstop_cgroup_cache_bytes gauge",
        'smapstop_cgroup_cache_bytes{process="web",slot="0"} 4.194304e+06',
        "# TYPE smapstop_cgroup_memory_limit_bytes gauge",
        'smapstop_cgroup_memory_limit_bytes{process="web",slot="0"} 6.7108864e+07',
        "# TYPE smapstop_cgroup_memory_used_ratio gauge",
        'smapstop_cgroup_memory_used_ratio{process="web",slot="0"} 0.5',
        "# TYPE smapstop_cgroup_swap_bytes gauge",
        'smapstop_cgroup_swap_bytes{process="web",slot="0"} 0.0',
        "# TYPE smapstop_cgroup_oom_kills_total counter",
        'smapstop_cgroup_oom_kills_total{process="web",slot="0"} 2.0',
        "# TYPE smapstop_sample_seconds_total counter",
        "smapstop_sample_seconds_total 0.25",
        "# TYPE smapstop_cpu_seconds_total counter",
        "smapstop_cpu_seconds_total 1.5",
        "# TYPE smapstop_cpu_budget_ratio gauge",
        "smapstop_cpu_budget_ratio 0.05",
    ]


@pytest.mark.parametrize("by", ["kind", "purpose", "file", "name"])
def test_groups_have_a_label_that_says_what_they_are(by: Grouping) -> None:
    found = values(fleet_of(process_of(maps=maps_of())), "smapstop_mapping_memory_bytes", by)
    assert len(found) == 6
    assert all(f'{by}="' in labels for labels in found)


def test_totals_that_are_old_are_left_out_and_the_process_is_not_read() -> None:
    old = fleet_of(process_of(read_ns=NOW_NS - 61 * SECOND_NS))
    assert values(old, "smapstop_memory_bytes") == {}
    assert values(old, "smapstop_up")['process="web"'] == 0
    assert values(old, "smapstop_unread_processes")['process="web"'] == 1
    assert values(old, "smapstop_read_timestamp_seconds") == {'process="web",reading="totals",slot="0"': NOW_S - 61}
    slow = fleet_of(process_of(read_ns=NOW_NS - 61 * SECOND_NS), interval_ns=30 * SECOND_NS)
    assert values(slow, "smapstop_memory_bytes"), "with a long interval they are as fresh as they can be"


def test_mappings_that_are_old_are_left_out_unless_they_are_read_as_rarely() -> None:
    old = maps_of(read_ns=NOW_NS - 100 * SECOND_NS)
    found = fleet_of(process_of(maps=old))
    assert values(found, "smapstop_mappings") == values(found, "smapstop_pages_total") == {}
    assert values(found, "smapstop_cgroup_memory_bytes") == {}
    assert values(found, "smapstop_memory_bytes"), "the totals are fresh"
    large = maps_of(read_ns=NOW_NS - 100 * SECOND_NS, interval_ns=60 * SECOND_NS)
    assert values(fleet_of(process_of(maps=large)), "smapstop_mappings")


def test_when_sampling_has_ended_no_process_is_reported() -> None:
    stuck = fleet_of(process_of(read_ns=NOW_NS), scanned_ns=NOW_NS - 61 * SECOND_NS)
    assert set(values(stuck, "smapstop_up").values()) == {0}
    assert values(stuck, "smapstop_page_faults_total") == {}
    assert values(stuck, "smapstop_sample_seconds_total") == {"": 0.25}


def test_a_process_whose_memory_may_not_be_read_is_there_and_unread() -> None:
    found = fleet_of(process_of(totals={}), process_of(slot=1))
    assert values(found, "smapstop_processes")['process="web"'] == 2
    assert values(found, "smapstop_unread_processes")['process="web"'] == 1
    assert values(found, "smapstop_up")['process="web"'] == 1
    assert all('slot="1"' in labels for labels in values(found, "smapstop_memory_bytes"))


def test_families_have_sums_but_none_of_rss() -> None:
    figures = fleet_of(process_of(), process_of(slot=1), process_of(slot=2, totals={}), families=True)
    assert values(figures, "smapstop_family_memory_bytes") == {
        'field="pss",process="web"': 18 * 1024,
        'field="uss",process="web"': 16 * 1024,
        'field="swap_pss",process="web"': 2 * 1024,
    }
    assert values(fleet_of(process_of()), "smapstop_family_memory_bytes") == {}


def test_without_a_limit_there_is_no_ratio() -> None:
    found = fleet_of(process_of(maps=maps_of(limits=Limits(cgroup=cgroup_memory(max_bytes=None, oom_kills=None)))))
    for name in ("smapstop_cgroup_memory_limit_bytes", "smapstop_cgroup_memory_used_ratio"):
        assert values(found, name) == {}
    assert values(found, "smapstop_cgroup_oom_kills_total") == values(found, "smapstop_mappings_limit") == {}
    assert values(found, "smapstop_cgroup_memory_bytes")


@given(
    st.dictionaries(st.text(st.characters() | st.sampled_from('\n"\\{},\udc80')), st.integers(0, 1 << 40), max_size=5)
)
def test_any_name_of_a_mapping_comes_back_from_the_text(names: dict[str, int]) -> None:
    groups = {name: {"rss": kb} for name, kb in names.items()}
    text = text_of(fleet_of(process_of(maps=maps_of(groups=groups))), "name")
    found = {
        sample.labels["name"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "smapstop_mapping_memory_bytes"
    }
    assert found == {label_value(name): kb * 1024 for name, kb in names.items()}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (prometheus) is not installed")
@pytest.mark.parametrize("by", ["kind", "name"])
def test_promtool_has_nothing_to_say(by: Grouping) -> None:
    text = text_of(fleet_of(process_of(maps=maps_of()), process_of(slot=1), families=True), by)
    run = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_the_collector_asks_for_the_latest_figures() -> None:
    latest: list[Any] = [fleet_of(names=("a",)), fleet_of(names=("b",))]
    registry = CollectorRegistry()
    registry.register(FleetCollector(lambda: latest.pop(0), "kind"))
    assert b'smapstop_up{process="a"} 0.0' in generate_latest(registry)
    assert b'smapstop_up{process="b"} 0.0' in generate_latest(registry)
