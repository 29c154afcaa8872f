"""`make truth`: random commands for some minutes; what is told wrong is printed, made as small as it gets."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from places import PROGRAMS

from truth.cases import TICKS, Runner, kind_of
from truth.machine import huge_pages, ksm_running, swap_space
from truth.random_steps import random_case

SHRINK_SECONDS = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m truth", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    os.environ["LD_BIND_NOW"] = "1"  # symbols that are resolved late are copies of pages, too
    with ExitStack() as stack:
        for what, there in (("hugetlb", huge_pages()), ("swap", swap_space()), ("KSM", ksm_running())):
            if not stack.enter_context(there):
                print(f"without {what}: not permitted here")
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        executable = Path(directory) / "obedient"
        subprocess.run(["cc", "-O0", "-o", executable, PROGRAMS / "obedient.c"], check=True)
        return _search(Runner(executable), options.seed, options.minutes)


def _search(runner: Runner, seed: int, minutes: float) -> int:
    """Run cases until the time is over; 1 if any was told wrong."""
    until, first, found = time.monotonic() + 60 * minutes, seed, dict[str, int]()
    while time.monotonic() < until:
        case = random_case(seed, TICKS)
        finding = runner.run(case)
        if finding and (kind := kind_of(finding)) not in found:
            found[kind] = 0
            small = runner.shrink(case, SHRINK_SECONDS, lambda other: kind_of(other) == kind)
            print(f"\nseed {seed}: {finding.lies[0]}")
            runner.run(small, print)
            sys.stdout.flush()
        if finding:
            found[kind_of(finding)] += 1
        seed += 1
    print(f"\n{seed - first:,} cases from seed {first}: {runner.ticks:,} ticks, ", end="")
    print(f"{runner.events:,} events, {runner.sure:,} of them sure")
    for kind, count in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{count:6,} × {kind}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
