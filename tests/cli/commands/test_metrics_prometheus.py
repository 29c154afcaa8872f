"""A real Prometheus server scrapes `smapstop metrics`, and its queries find a leak."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from metrics_server import metrics
from places import own_name
from stepped_program import wait_until

from smapstop.export.prometheus.grafana import build_dashboard

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
LEAK = "import time, sys\nheld = []\nwhile True: held.append(b'x' * 300_000); time.sleep(0.02); print(flush=True)\n"


@pytest.fixture
def leak(tmp_path: Path) -> Iterator[Path]:
    """A worker that leaks 15 MB a second, in blocks that malloc maps."""
    script = tmp_path / own_name("leaking.py")
    script.write_text(LEAK)
    with subprocess.Popen([sys.executable, "-S", script], stdout=subprocess.DEVNULL) as process:
        try:
            yield script
        finally:
            process.kill()


class Prometheus:
    """A Prometheus server that scrapes."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Rows of the answer: labels and value."""
        with urlopen(f"{self._url}/api/v1/query?{urlencode({'query': expression})}", timeout=60) as reply:
            answer = json.load(reply)
        assert answer["status"] == "success"
        rows: list[dict[str, Any]] = answer["data"]["result"]
        return rows

    def wait_for(self, expression: str) -> list[dict[str, Any]]:
        """The same as soon as there are rows; after a scrape that came too late for a busy machine there are none."""
        rows: list[dict[str, Any]] = []

        def is_answered() -> bool:
            rows.extend(self.query(expression))
            return bool(rows)

        wait_until(is_answered)
        return rows


@contextmanager
def prometheus(directory: Path, target: str) -> Iterator[Prometheus]:
    """A server that scrapes a target five times a second."""
    targets = [{"job_name": "smapstop", "static_configs": [{"targets": [target]}]}]
    often = {"scrape_interval": "200ms", "scrape_timeout": "200ms"}
    config = directory / "prometheus.yml"
    config.write_text(json.dumps({"global": often, "scrape_configs": targets}))  # YAML, too
    words = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory}/data"]
    words.append("--web.listen-address=127.0.0.1:0")
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            printed = ""
            while not ("Server is ready" in printed and "Listening on" in printed):  # in either order
                line = server.stderr.readline()
                assert line, printed
                printed += line
            address = re.search(r'"Listening on" address=(\S+)', printed)
            assert address, printed
            yield Prometheus(f"http://{address[1]}")
        finally:
            server.kill()


def test_a_query_finds_the_leak_and_the_dashboard_is_answered(leak: Path, tmp_path: Path) -> None:
    with (
        metrics("-p", leak.name, "nobody-has-this", "--budget", "100") as running,
        prometheus(tmp_path, running.url.split("/")[2]) as server,
    ):
        assert_finds_leak(server, leak.name)
        assert_answers_dashboard(server, leak.name)
        assert_labels_are_bounded(server)


def assert_finds_leak(server: Prometheus, name: str) -> None:
    grows = 'topk(1, deriv(smapstop_mapping_memory_bytes{field="uss"}[10s])) > 1e6'
    (row,) = server.wait_for(grows)
    assert {name: row["metric"][name] for name in ("process", "kind")} == {"process": name, "kind": "anonymous"}
    server.wait_for('rate(smapstop_pages_total{mechanism="first-touch"}[10s]) > 100')
    assert server.wait_for('smapstop_up{process="nobody-has-this"}')[0]["value"][1] == "0"


def assert_answers_dashboard(server: Prometheus, name: str) -> None:
    """Every query of the dashboard is understood; those that must have an answer here have one."""
    rare = re.compile(r"> 0$|== 0$|used_ratio")  # and limits that are not set
    for panel in build_dashboard("kind")["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$process", name).replace("$instance", ".*")
            query = query.replace("$__rate_interval", "10s")
            (server.query if rare.search(query) else server.wait_for)(query)


def assert_labels_are_bounded(server: Prometheus) -> None:
    series = server.wait_for('count by (__name__) ({job="smapstop", __name__=~"smapstop_.*"})')
    assert sum(int(row["value"][1]) for row in series) < 150
    assert {row["metric"]["__name__"] for row in series} >= {
        "smapstop_up",
        "smapstop_pages_total",
        "smapstop_memory_bytes",
    }
