"""`make kills`: kill recorder, dashboard and their samplers at random moments; what is left is counted."""

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from leftovers import leaving_nothing
from places import PROGRAMS

from kills.cases import VICTIMS, Outcome, Victim, random_kill, run_kill

MARKDOWN_HEAD = (
    "| killed | times | with a tick | ticks | family readings | faults with callers "
    f"| last tick before the kill, median ms | max ms | wrong |\n|{'---|' * 9}"
)


def main() -> int:
    """Run the kills in turn, and print what is wrong at once and a table at the end."""
    parser = argparse.ArgumentParser(prog="python -m kills", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="how many kills (100)")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    outcomes, wrong = defaultdict[Victim, list[Outcome]](list), 0
    with leaving_nothing(), tempfile.TemporaryDirectory() as directory:
        executable = Path(directory).resolve() / "heartbeat"
        subprocess.run(["cc", "-O1", "-g", "-o", executable, PROGRAMS / "heartbeat.c"], check=True)
        for number in range(options.count):
            seed = options.seed + number
            kill = random_kill(random.Random(seed), VICTIMS[seed % len(VICTIMS)])
            with tempfile.TemporaryDirectory() as folder:
                outcome = run_kill(kill, executable, Path(folder))
            outcomes[kill.victim].append(outcome)
            if outcome.wrong:
                wrong += 1
                print(f"seed {seed}: {kill}: {' · '.join(outcome.wrong)}", flush=True)
    print(f"{options.count} kills from seed {options.seed}\n\n{MARKDOWN_HEAD}")
    print(*(_format_line(victim, outcomes[victim]) for victim in VICTIMS if outcomes[victim]), sep="\n")
    return int(wrong > 0)


def _format_line(victim: Victim, outcomes: list[Outcome]) -> str:
    """Format a line of the table."""
    missing = [1e3 * each.missing_seconds for each in outcomes if each.missing_seconds is not None] or [0.0]
    sums = (sum(each.ticks for each in outcomes), sum(each.readings for each in outcomes))
    faults, wrong = sum(each.faults for each in outcomes), sum(bool(each.wrong) for each in outcomes)
    with_a_tick = sum(each.ticks > 0 for each in outcomes)
    times = f"{statistics.median(missing):.0f} | {max(missing):.0f}"
    return f"| {victim} | {len(outcomes)} | {with_a_tick} | {sums[0]} | {sums[1]} | {faults} | {times} | {wrong} |"


if __name__ == "__main__":
    sys.exit(main())
