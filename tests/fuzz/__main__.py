"""`make fuzz`: run targets with atheris, which looks for inputs that reach code that no input has reached before."""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

from leftovers import leaving_nothing

from fuzz import TARGETS, load_target

ROUND_SECONDS = 60
"""How long a process runs: atheris 3.0 keeps some memory of each input."""
WORK_DIRECTORY = Path(".fuzz")
"""What was reached is kept here from run to run, and what was found."""


def main() -> int:
    """Fuzz some targets, one after the other, each in a process of its own that ends with what is found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=1.0, help="how long each target is run (1)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        _run_atheris(options.targets[0], max(1, round(options.minutes * 60)))
    with leaving_nothing():
        found = [target for target in options.targets or TARGETS if not _run_target(target, options.minutes)]
    return int(bool(found))


def _run_target(target: str, minutes: float) -> bool:
    """Run a target for some time, or until something is found, and say how it went."""
    (WORK_DIRECTORY / target).mkdir(parents=True, exist_ok=True)
    print(f"{target:<10} … {minutes:g} minutes", flush=True)
    until, inputs, told = time.monotonic() + 60 * minutes, 0, ""
    while not told and (left := until - time.monotonic()) > 0:
        count, told = _run_round(target, min(left, ROUND_SECONDS))
        inputs += count
    print(f"{target:<10} {inputs:>9,} inputs, {'FOUND:' if told else 'all is well'}", told, flush=True)
    return not told


def _run_round(target: str, seconds: float) -> tuple[int, str]:
    """Run a target in a process of its own: of how many inputs it tells, and what it found."""
    command = [sys.executable, "-m", "fuzz", target, "--minutes", str(seconds / 60), "--here"]
    with (WORK_DIRECTORY / target / "log").open("w+", errors="replace") as log:
        sound = subprocess.run(command, stdout=log, stderr=log).returncode == 0
        log.seek(0)
        told = log.read()
    inputs = re.search(r"number_of_executed_units: *(\d+)", told)
    return int(inputs[1]) if inputs else 0, "" if sound else told[max(0, told.find("\n ===")) :]


def _run_atheris(name: str, seconds: int) -> None:
    """Run a target; it ends the process."""
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["smapstop", "pyte", "elftools"]):
        target = load_target(name)
    corpus, found = WORK_DIRECTORY / name / "corpus", WORK_DIRECTORY / name / "found"
    for directory in (corpus, found):
        directory.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate([*target.seeds(), *target.findings().values()]):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-max_len=8192"]
    told = ["-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={found}/"]
    atheris.Setup([sys.argv[0], *limits, *told, str(corpus)], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
