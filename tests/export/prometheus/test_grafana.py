"""The dashboard shows metrics that there are, by labels that they have."""

import json
import re
from typing import Any

import pytest

from smapstop.cli.commands.metrics import GROUPS
from smapstop.export.prometheus.catalogue import CATALOGUE
from smapstop.export.prometheus.grafana import build_dashboard, dashboard_json

LABELS = {spec.name: spec for spec in CATALOGUE}


def queries(by: str) -> list[str]:
    return [target["expr"] for panel in build_dashboard(by)["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("by", GROUPS)
def test_queries_name_metrics_and_labels_that_there_are(by: str) -> None:
    for query in queries(by):
        names = re.findall(r"smapstop_\w+", query)
        assert names
        assert set(names) <= LABELS.keys(), query
        known = {"instance", *(label for name in names for label in LABELS[name].labels_by(by))}
        assert set(re.findall(r"(\w+)=~?\"", query)) <= known, query
        assert {label for group in re.findall(r"by \((.*?)\)", query) for label in group.split(", ")} <= known, query
        counters = [name for name in names if LABELS[name].kind == "counter"]
        assert all(f"rate({name}" in query for name in counters), "a counter is nothing without its rate"


def test_legends_have_labels_that_the_query_leaves() -> None:
    for panel in build_dashboard("kind")["panels"]:
        for target in panel["targets"]:
            left = re.search(r"by \((.*?)\)", target["expr"])
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert left is None or shown <= set(left[1].split(", ")), panel["title"]


def test_panels_neither_overlap_nor_share_an_id() -> None:
    panels: list[dict[str, Any]] = build_dashboard("kind")["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 8
    cells = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(cells)) == len(cells)
    assert all(x + panel["gridPos"]["w"] <= 24 for (x, _), panel in zip(cells, panels, strict=True))


def test_the_text_is_json_with_the_variables_that_queries_use() -> None:
    dashboard = json.loads(dashboard_json("file"))
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard["panels"]))) - {"__rate_interval"}
    assert used <= variables
    assert "id" not in dashboard, "Grafana gives one on import"
