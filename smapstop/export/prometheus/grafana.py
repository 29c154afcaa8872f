"""Dashboard of Grafana that shows the metrics: JSON to import, or to put into its provisioning folder."""

import json
from typing import Any

from smapstop.export.prometheus.catalogue import (
    BUDGET,
    CGROUP_RATIO,
    CPU,
    FAULTS,
    GROUPS,
    MAPPINGS,
    MAPPINGS_LIMIT,
    MEMORY,
    PAGES,
    PROCESSES,
    STARTED,
    UNREAD,
    UP,
)
from smapstop.lazy_dataclass import dataclass

_SCHEMA_VERSION = 39
"""Of Grafana 11; later ones take it over."""
_WIDTH, _HEIGHT = 12, 8
"""Size of a panel; a row has 24 columns."""
_SELECTED = 'process=~"$process", instance=~"$instance"'
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_RATE = "[$__rate_interval]"
_TREND = "[15m]"


@dataclass(frozen=True, slots=True)
class _Panel:
    """A graph."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    """Expressions, and the legend of each."""
    description: str = ""
    stacked: bool = False


def dashboard_json(by: str) -> str:
    """Dashboard as JSON text, with mappings by a group."""
    return json.dumps(build_dashboard(by), indent=2) + "\n"


def build_dashboard(by: str) -> dict[str, Any]:
    """Build the dashboard."""
    return {
        "title": "smapstop: memory of processes",
        "uid": f"smapstop-{by}",
        "tags": ["smapstop", "memory"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "timezone": "browser",
        "templating": {"list": [_source_variable(), _variable("instance"), _variable("process")]},
        "annotations": {"list": []},
        "panels": [_panel(number, panel) for number, panel in enumerate(_panels(by))],
    }


def _panels(by: str) -> tuple[_Panel, ...]:
    """Graphs in reading order."""
    own = "{{process}} {{slot}}"
    mapping = f"{{{{process}}}} {{{{slot}}}} {{{{{by}}}}}"
    uss, mapped = f'{MEMORY.name}{{field="uss", {_SELECTED}}}', f'{GROUPS.name}{{field="uss", {_SELECTED}}}'
    return (
        _Panel("Own memory (Uss)", "bytes", ((uss, own),), "What ends with the process.", stacked=True),
        _Panel(
            "Proportional share (Pss)",
            "bytes",
            ((f'{MEMORY.name}{{field="pss", {_SELECTED}}}', own),),
            "Own memory and its share of what several processes have: it adds up.",
            stacked=True,
        ),
        _Panel(
            "Who grows: Uss per second",
            "binBps",
            ((f"topk(10, deriv({uss}{_TREND}))", own),),
            "Trend of the last quarter of an hour; a leak stays above 0.",
        ),
        _Panel(
            f"What grows: Uss per second, by {by}",
            "binBps",
            ((f"topk(10, deriv({mapped}{_TREND}))", mapping),),
            "The group of mappings that a leak is in.",
        ),
        _Panel(
            f"Pss by {by}",
            "bytes",
            ((f'sum by ({by}) ({GROUPS.name}{{field="pss", {_SELECTED}}})', f"{{{{{by}}}}}"),),
            "Of the processes whose mappings are read: the largest.",
            stacked=True,
        ),
        _Panel("Swap", "bytes", ((f'{MEMORY.name}{{field="swap", {_SELECTED}}}', own),), stacked=True),
        _Panel(
            "What the kernel did: pages per second",
            "short",
            (
                (f'sum by (mechanism) (rate({PAGES.name}{{sure="true", {_SELECTED}}}{_RATE})) > 0', "{{mechanism}}"),
                (
                    f'sum by (mechanism) (rate({PAGES.name}{{sure="false", {_SELECTED}}}{_RATE})) > 0',
                    "{{mechanism}}?",
                ),
            ),
            "With ? another mechanism is possible.",
        ),
        _Panel(
            "Page faults per second",
            "short",
            ((f"sum by (process, type) (rate({FAULTS.name}{{{_SELECTED}}}{_RATE}))", "{{process}} {{type}}"),),
        ),
        _Panel(
            "How near to a limit",
            "percentunit",
            (
                (f"{CGROUP_RATIO.name}{{{_SELECTED}}}", f"{own} memory of the control group"),
                (f"{MAPPINGS.name}{{{_SELECTED}}} / {MAPPINGS_LIMIT.name}{{{_SELECTED}}}", f"{own} mappings"),
            ),
        ),
        _Panel(
            "Processes, and restarts within an hour",
            "short",
            (
                (f"{PROCESSES.name}{{{_SELECTED}}}", "{{process}}"),
                (f"{UNREAD.name}{{{_SELECTED}}} > 0", "{{process}}: memory not known"),
                (f"sum by (process) (changes({STARTED.name}{{{_SELECTED}}}[1h])) > 0", "{{process}} restarts"),
                (f"{UP.name}{{{_SELECTED}}} == 0", "{{process}} is not there"),
            ),
        ),
        _Panel(
            "What smapstop costs: share of one CPU",
            "percentunit",
            (
                (f'rate({CPU.name}{{instance=~"$instance"}}[5m])', "{{instance}}"),
                (f'{BUDGET.name}{{instance=~"$instance"}}', "{{instance}} budget of reading"),
            ),
        ),
    )


def _panel(number: int, panel: _Panel) -> dict[str, Any]:
    """Build the JSON of a panel, at its place in the grid."""
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": {"x": number % 2 * _WIDTH, "y": number // 2 * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "custom": {
                    "fillOpacity": 25 if panel.stacked else 5,
                    "lineWidth": 1,
                    "showPoints": "never",
                    "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
                },
            },
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull"], "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend,
                "range": True,
            }
            for place, (expression, legend) in enumerate(panel.queries)
        ],
    }


def _source_variable() -> dict[str, Any]:
    """Choice of the Prometheus server."""
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}


def _variable(label: str) -> dict[str, Any]:
    """Choice among the values of a label."""
    query = f"label_values({UP.name}, {label})"
    return {
        "name": label,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": "A"},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
        "sort": 1,
    }
