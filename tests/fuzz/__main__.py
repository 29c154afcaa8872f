"""`make fuzz`: run targets with atheris, which looks for inputs that reach code that no input has reached before."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from fuzz import TARGETS, target_of

WORK = Path(".fuzz")
"""What was reached is kept here from run to run, and what was found."""


def main() -> int:
    """Fuzz some targets, one after the other, each in a process of its own that ends with what is found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=1.0, help="how long each target is run (1)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        _fuzz(options.targets[0], int(options.minutes * 60))
    found = [target for target in options.targets or TARGETS if not _is_sound(target, options.minutes)]
    return int(bool(found))


def _is_sound(target: str, minutes: float) -> bool:
    """Run a target in a process of its own, and say how it went."""
    (WORK / target).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "fuzz", target, "--minutes", str(minutes), "--here"]
    print(f"{target:<10} … {minutes:g} minutes", flush=True)
    with (WORK / target / "log").open("w+", errors="replace") as log:
        sound = subprocess.run(command, stdout=log, stderr=log).returncode == 0
        log.seek(0)
        told = log.read()
    inputs = re.search(r"number_of_executed_units: *(\d+)", told)
    print(f"{target:<10} {int(inputs[1]) if inputs else 0:>9,} inputs, {'all is well' if sound else 'FOUND:'}")
    if not sound:
        print(told[max(0, told.find("===")) :])
    return sound


def _fuzz(name: str, seconds: int) -> None:
    """Run a target; it ends the process."""
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["smapstop", "pyte", "elftools"]):
        target = target_of(name)
    corpus, found = WORK / name / "corpus", WORK / name / "found"
    for directory in (corpus, found):
        directory.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate([*target.seeds(), *target.found().values()]):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-max_len=8192"]
    told = ["-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={found}/"]
    atheris.Setup([sys.argv[0], *limits, *told, str(corpus)], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
