"""Cost of serving the metrics of many processes, all of which change each second, and how old what is served gets."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.request import urlopen

import psutil

from benchmarks.figures import Measurement
from benchmarks.measure import run_target

PROCESSES, SECONDS, SCRAPE_SECONDS = 200, 60, 15
SETTLE_SECONDS = 40
"""Time after which all have been read."""
_TIMES = re.compile(r'^smapstop_read_timestamp_seconds\{.*reading="(totals|mappings)".*\} (\S+)$', re.MULTILINE)


def measurements() -> Iterator[Measurement]:
    """Measure `smapstop metrics` as Prometheus has it serve."""
    with run_target("family", PROCESSES - 1) as process:
        words = [sys.executable, "-m", "smapstop", "metrics", "-p", psutil.Process(process.pid).name()]
        with subprocess.Popen([*words, "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True) as server:
            try:
                yield from _serve(server)
            finally:
                server.terminate()


def _serve(server: "subprocess.Popen[str]") -> Iterator[Measurement]:
    """Scrape a server for a while."""
    assert server.stderr is not None
    url = server.stderr.readline().split()[-1]
    time.sleep(SETTLE_SECONDS)
    usage = psutil.Process(server.pid)
    began, before, scrapes, ages = time.monotonic(), sum(usage.cpu_times()[:2]), list[float](), dict[str, float]()
    lines = 0
    while time.monotonic() < began + SECONDS:
        time.sleep(SCRAPE_SECONDS)
        asked = time.monotonic()
        with urlopen(url, timeout=60) as reply:
            text = reply.read().decode()
        scrapes.append(time.monotonic() - asked)
        lines = text.count("\n")
        for what, at in _TIMES.findall(text):
            ages[what] = max(ages.get(what, 0.0), time.time() - float(at))
    share = (sum(usage.cpu_times()[:2]) - before) / (time.monotonic() - began)
    what = f"metrics of {PROCESSES} processes of 300 mappings, all of them changing, scraped every {SCRAPE_SECONDS} s"
    memory = f"{usage.memory_info().rss / 2**20:.0f} MiB"
    yield Measurement("metrics", what, "", 100 * share, 5, f"{lines} lines, {memory}", "% of a CPU")
    yield Measurement("metrics", "longest scrape", "", 1000 * max(scrapes), None, "", "ms")
    yield Measurement("metrics", "greatest age of the totals", "", ages["totals"], 60, "", "s")
    yield Measurement("metrics", "greatest age of the mappings", "the 32 largest", ages["mappings"], 120, "", "s")
