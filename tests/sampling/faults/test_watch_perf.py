"""The same numbers of page faults as perf has: by mapping, and by function."""

import shutil
import subprocess
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from proc.callstack.test_unwind_perf import perf_record
from sampling.faults.test_watch import OPTIMISED, watched


def faults_of_perf(path: Path, pid: int) -> list[tuple[int, str]]:
    """Address and function of each fault of a process, without its children, that perf has recorded."""
    command = ["perf", "script", "-F", "pid,addr,ip,sym", "-i", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    records = [line.split() for line in told.splitlines()]
    return [(int(address, 16), names[-1]) for of, address, *names in records if int(of) == pid]


@pytest.mark.skipif(shutil.which("perf") is None, reason="perf is not installed")
def test_faults_are_those_of_perf_by_mapping_and_by_function(program: Callable[..., Path], tmp_path: Path) -> None:
    ours: Counter[int] = Counter()
    functions: Counter[str] = Counter()
    with watched(program("faulting", *OPTIMISED)) as target:
        event = "page-faults" if "system calls" not in target.watch.missing else "page-faults:u"
        with perf_record(target.program.pid, tmp_path / "perf.data", event, ()):
            for _ in range(3):
                faults = target.next_step()
                ours.update(dict.fromkeys(faults.mapping.tolist(), 0))
                for mapping, count in zip(faults.mapping.tolist(), faults.faults.tolist(), strict=True):
                    ours[mapping] += count
                for callers, count in target.callers_at(faults, target.address).items():
                    functions[callers.partition(" < ")[0]] += count
                assert faults.lost == 0
        starts: list[int] = target.mappings.start.tolist()
        recorded = faults_of_perf(tmp_path / "perf.data", target.program.pid)

    def mapping_at(address: int) -> int:
        return starts[bisect_right(starts, address) - 1]

    assert Counter(mapping_at(address) for address, _ in recorded) == ours
    in_memory = Counter(name for address, name in recorded if mapping_at(address) == mapping_at(target.address))
    assert in_memory == functions
