"""Names of metrics follow the guidelines: one prefix, base units, counters end with _total."""

import re

import pytest

from smapstop.export.prometheus.catalogue import CATALOGUE, MetricSpec

UNITS = ("bytes", "seconds", "ratio")


def test_every_metric_is_there_once() -> None:
    names = [spec.name for spec in CATALOGUE]
    assert len(names) == len(set(names)) > 20


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
def test_a_metric_has_a_good_name_and_a_help(spec: MetricSpec) -> None:
    assert re.fullmatch(r"smapstop(_[a-z]+)+", spec.name)
    assert spec.name.endswith("_total") == (spec.kind == "counter")
    assert not re.search(r"_(kb|kib|mb|ms|ns|percent|megabytes)(_|$)", spec.name)
    units = [unit for unit in UNITS if f"_{unit}" in spec.name]
    assert all(spec.name.removesuffix("_total").endswith(unit) for unit in units)
    assert spec.help[0].isupper()
    assert spec.help.endswith(".")
    assert not {"pid", "address"} & set(spec.labels) or spec.name == "smapstop_process_info"
