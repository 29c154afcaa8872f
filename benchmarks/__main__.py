"""Run all benchmarks (`make bench`) or a part (`python -m benchmarks screen`); print a table, write it as JSON."""

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import family, fleet, mapping_table, recording, sampling, screen, unwinding
from benchmarks.figures import MARKDOWN_HEAD, markdown_row

RESULT = Path("bench.json")
PARTS = {
    "sampling": sampling.measurements,
    "family": family.measurements,
    "fleet": fleet.measurements,
    "screen": screen.measurements,
    "tables": mapping_table.measurements,
    "recording": recording.measurements,
    "unwinding": unwinding.measurements,
}


def main(names: Sequence[str]) -> None:
    """Run the parts with these names; all of them without names."""
    machine = f"Linux {platform.release()}, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine}\n\n{MARKDOWN_HEAD}")
    results = []
    for part, rows in PARTS.items():
        if names and part not in names:
            continue
        for row in rows():
            print(markdown_row(row), flush=True)
            results.append(asdict(row) | {"reached": row.is_reached})
    RESULT.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
