"""Serve metrics over HTTP."""

import errno
import ipaddress
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import MetricsHandler

from smapstop.errors import SmapstopError
from smapstop.export.prometheus.exposition import FleetCollector
from smapstop.model.fleet.figures import FleetFigures
from smapstop.model.grouping import Grouping

_POLL_SECONDS = 0.1
"""Time that the end takes."""
_CLIENT_SECONDS = 10
"""A client that is silent for so long is let go."""


class MetricsServer:
    """HTTP server of metrics; close it.

    Args:
        address: Host name or address, and port; port 0 takes a free one.
        figures: Returns the latest figures.
        by: How mappings are grouped.

    Raises:
        SmapstopError: It cannot listen there.
    """

    def __init__(self, address: tuple[str, int], figures: Callable[[], FleetFigures], by: Grouping) -> None:
        registry = CollectorRegistry()
        registry.register(FleetCollector(figures, by))
        handler = type("Handler", (MetricsHandler,), {"registry": registry, "timeout": _CLIENT_SECONDS})
        self._server = _listen(address, handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="smapstop-http", daemon=True
        )

    @property
    def url(self) -> str:
        """URL of the metrics."""
        host, port = self._server.server_address[:2]
        return f"http://[{host!s}]:{port}/metrics" if ":" in str(host) else f"http://{host!s}:{port}/metrics"

    @property
    def is_reachable_from_outside(self) -> bool:
        """Whether other machines may reach it."""
        return not ipaddress.ip_address(str(self._server.server_address[0])).is_loopback

    def start(self) -> None:
        """Begin to serve, in threads of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop to serve."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Listener(socketserver.ThreadingTCPServer):
    """Server with a thread for each client, which may leave at any time; HTTPServer would look up host names."""

    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print errors of our own, not those of a client that has left."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _listen(address: tuple[str, int], handler: type[MetricsHandler]) -> _Listener:
    """Listen at an address.

    Raises:
        SmapstopError: It is none of this machine, its port is taken, or may not be used.
    """
    host, port = address
    where = f"{host}:{port}"
    try:
        family, *_, resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise SmapstopError(f"--listen {where}: {host!r} is no address", "127.0.0.1:9464 is the default") from error
    listener = type("Listener", (_Listener,), {"address_family": family})
    try:
        listening: _Listener = listener(resolved[:2], handler)
    except OSError as error:
        is_taken = error.errno == errno.EADDRINUSE
        remedy = "is smapstop running already? give another port with --listen" if is_taken else ""
        raise SmapstopError(f"cannot listen on {where}: {error.strerror}", remedy) from error
    return listening
