"""What the memory of a real process is for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from stepped_program import SteppedProgram, wait_until

from smapstop.model.labels import Label
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.proc.threads import read_stack_pointers
from smapstop.report.label_reader import read_labels


@pytest.mark.skipif("glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""), reason="another libc has other arenas")
def test_threads_arenas_and_zeroed_data_of_a_real_program(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("threads")) as target, ProcDir(target.pid) as process:
        wait_until(lambda: len(read_stack_pointers(process)) == 2)
        mappings = parse_smaps(process.read_maps())
        labels = read_labels(process, mappings)
        tids = sorted(int(tid) for tid in os.listdir(f"/proc/{target.pid}/task") if int(tid) != target.pid)
        assert Label(f"stack of worker one {tids[0]}", guess=False) in labels
        assert Label(f"stack of worker two {tids[1]}", guess=False) in labels
        assert labels.count(Label("malloc arena", guess=True)) == 2
        row = int(mappings.start.searchsorted(target.address, "right")) - 1
        bss = row if mappings.name_of(row) == "" else row + 1  # it may begin on the last page of .data
        assert labels[bss] == Label("threads .bss", guess=True)
