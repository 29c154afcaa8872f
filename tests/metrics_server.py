"""`smapstop metrics` that runs, to be scraped."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import urlopen

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families


class Metrics:
    """`smapstop metrics` that runs, on a free port."""

    def __init__(self, *options: str) -> None:
        words = [sys.executable, "-m", "smapstop", "metrics", "--listen", "127.0.0.1:0", "-i", "0.1", *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.first_line = self.read_error()
        found = re.search(r"http://\S+", self.first_line)
        assert found, self.first_line
        self.url = found[0]

    def read_error(self) -> str:
        """The next line of stderr; it may be there already, with the first."""
        assert self.process.stderr
        return self.process.stderr.readline()

    def scrape(self) -> dict[str, Metric]:
        with urlopen(self.url, timeout=60) as reply:
            return {family.name: family for family in text_string_to_metric_families(reply.read().decode())}

    def value(self, name: str, **labels: str) -> float | None:
        """Value of the first row with these labels; None if there is none."""
        family = self.scrape().get(name)
        rows = (row.value for row in family.samples if row.labels.items() >= labels.items()) if family else iter(())
        return next(rows, None)

    def stop(self, number: int) -> tuple[int, str, str]:
        """Status, output and errors after a signal."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@contextlib.contextmanager
def metrics(*options: str) -> Iterator[Metrics]:
    running = Metrics(*options)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()
