"""`make truth`: random commands for some minutes; what is reported wrong is printed, made as small as it gets."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path

from leftovers import leaving_nothing
from places import PROGRAMS

from truth.cases import TICKS, Finding, Runner, kind_of
from truth.machine import huge_pages, ksm_paused, ksm_running, swap_space
from truth.random_steps import Case, random_case

SHRINK_SECONDS = 8.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m truth", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    os.environ["LD_BIND_NOW"] = "1"  # symbols that are resolved late are copies of pages, too
    with leaving_nothing(), ExitStack() as stack:
        settings = {"hugetlb": huge_pages(), "swap": swap_space(), "KSM": ksm_running()}
        there = {what for what, setting in settings.items() if stack.enter_context(setting)}
        print(*(f"without {what}: not permitted here\n" for what in settings.keys() - there), sep="", end="")
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        executable = Path(directory) / "obedient"
        subprocess.run(["cc", "-O0", "-o", executable, PROGRAMS / "obedient.c"], check=True)
        return _search(
            Runner(executable, ksm_paused if "KSM" in there else nullcontext), options.seed, options.minutes
        )


def _show(runner: Runner, case: Case, seed: int, finding: Finding) -> None:
    """Print a finding with a case that is as small as it gets."""
    kind = kind_of(finding)
    print(f"\nseed {seed}: {finding.lies[0]}")
    for other in runner.findings(runner.shrink(case, SHRINK_SECONDS, lambda other: kind_of(other) == kind), print):
        print(f"    NOT TRUE: {' · '.join(other.lies)}")
    sys.stdout.flush()


def _search(runner: Runner, seed: int, minutes: float) -> int:
    """Run cases until the time is over; 1 if any was reported wrong."""
    until, first, found = time.monotonic() + 60 * minutes, seed, dict[str, int]()
    while time.monotonic() < until:
        case = random_case(seed, TICKS)
        for finding in list(runner.findings(case)):
            kind = kind_of(finding)
            if kind not in found:
                _show(runner, case[: finding.at + 1], seed, finding)
            found[kind] = found.get(kind, 0) + 1
        seed += 1
    print(f"\n{seed - first:,} cases from seed {first}: {runner.ticks:,} ticks, ", end="")
    print(f"{runner.events:,} events, {runner.sure:,} of them sure; {runner.torn:,} ticks were torn")
    for kind, count in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{count:6,} × {kind}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
