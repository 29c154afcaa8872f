"""Measure everything, print the table, write it as JSON: `make bench`, or a part: `python -m benchmarks screen`."""

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import recording, sampling, screen, tables
from benchmarks.table import HEAD, line

RESULT = Path("bench.json")
PARTS = {"sampling": sampling.rows, "screen": screen.rows, "tables": tables.rows, "recording": recording.rows}


def main(names: Sequence[str]) -> None:
    """Measure the parts with these names; all of them without names."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, Linux {platform.release()}, Python {platform.python_version()}\n\n{HEAD}")
    found = []
    for part, rows in PARTS.items():
        if names and part not in names:
            continue
        for row in rows():
            print(line(row), flush=True)
            found.append(asdict(row) | {"reached": row.reached})
    RESULT.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
