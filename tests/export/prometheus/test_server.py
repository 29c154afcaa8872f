"""Metrics over HTTP, on a socket of this machine."""

import gzip
import http.client
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.request import Request, urlopen

import pytest
from export.prometheus.fleets import fleet_of

from smapstop.errors import SmapstopError
from smapstop.export.prometheus.server import MetricsServer


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    with closing(MetricsServer(("127.0.0.1", 0), fleet_of, "kind")) as server:
        server.start()
        yield server


def test_a_scrape_has_the_format_that_it_asks_for(server: MetricsServer) -> None:
    with urlopen(server.url, timeout=60) as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert b'smapstop_up{process="web"} 0.0\n' in reply.read()
    accept = {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"}
    with urlopen(Request(server.url, headers=accept), timeout=60) as reply:
        assert reply.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
        assert gzip.decompress(reply.read()).endswith(b"# EOF\n")


def test_a_client_that_says_nothing_keeps_nobody_waiting(server: MetricsServer) -> None:
    host, port = re.fullmatch(r"http://(.*):(\d+)/metrics", server.url).groups()  # type: ignore[union-attr]
    with socket.create_connection((host, int(port))) as silent:
        silent.send(b"GET /met")
        with urlopen(server.url, timeout=60) as reply:
            assert reply.status == 200


def test_a_client_that_leaves_prints_nothing(server: MetricsServer, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        connection = http.client.HTTPConnection(server.url.split("/")[2])
        connection.request("GET", "/metrics")
        connection.close()
    with urlopen(server.url, timeout=60) as reply:
        assert reply.status == 200
    assert capfd.readouterr() == ("", "")


def test_it_stops_with_its_thread_and_frees_the_port() -> None:
    before = set(threading.enumerate())
    with closing(MetricsServer(("127.0.0.1", 0), fleet_of, "kind")) as server:
        server.start()
        port = int(re.findall(r"\d+", server.url)[-1])
    assert set(threading.enumerate()) <= before, "those of other servers' clients may have ended, too"
    MetricsServer(("127.0.0.1", port), fleet_of, "kind").close()


def test_only_loopback_is_out_of_reach() -> None:
    for host, reachable in (("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)):
        with closing(MetricsServer((host, 0), fleet_of, "kind")) as server:
            assert server.is_reachable_from_outside == reachable


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_ipv6_addresses_are_in_brackets() -> None:
    try:
        server = MetricsServer(("::1", 0), fleet_of, "kind")
    except SmapstopError as error:
        pytest.skip(str(error))
    with closing(server):
        server.start()
        assert server.url.startswith("http://[::1]:")
        assert not server.is_reachable_from_outside
        with urlopen(server.url, timeout=60) as reply:
            assert reply.status == 200


def test_where_it_cannot_listen_is_an_error() -> None:
    with closing(MetricsServer(("127.0.0.1", 0), fleet_of, "kind")) as server:
        port = int(re.findall(r"\d+", server.url)[-1])
        with pytest.raises(SmapstopError, match=rf":{port}: Address already in use: is smapstop running already\?"):
            MetricsServer(("127.0.0.1", port), fleet_of, "kind")
    with pytest.raises(SmapstopError, match=r"cannot listen on 192\.0\.2\.1:0: Cannot assign requested address"):
        MetricsServer(("192.0.2.1", 0), fleet_of, "kind")
    for host in ("no such host", "x" * 70):
        with pytest.raises(SmapstopError, match=r"is no address: 127\.0\.0\.1:9464 is the default"):
            MetricsServer((host, 0), fleet_of, "kind")
