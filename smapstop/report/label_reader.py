"""Label the mappings of a process with their purpose, from the stack pointers of its threads and from their shape."""

from dataclasses import replace

from smapstop.model.labels import Label, labels_of
from smapstop.model.tick import ThreadStack
from smapstop.proc.added_fields import FILE_BSS
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import find_stack_row, read_stack_pointer, read_stack_pointers
from smapstop.sampling.added_columns.program_facts import ProgramFacts


def read_labels(process: ProcDir, mappings: Mappings) -> list[Label | None]:
    """Read the purpose of each mapping; None if its name says it, or if it is unknown.

    Args:
        process: Process that has the mappings.
        mappings: A reading of its memory map.
    """
    if FILE_BSS not in mappings.fields:
        mappings = ProgramFacts(process).add_to(mappings)
    stacks, threads = read_stacks(process, mappings)
    return labels_of(mappings, stacks, threads)


def read_stacks(process: ProcDir, mappings: Mappings) -> tuple[dict[int, ThreadStack], int | None]:
    """Read the stack pointers that are in unnamed memory, by row of the mapping, and the number of threads."""
    stacks: dict[int, ThreadStack] = {}
    pointers = [*read_stack_pointers(process), read_stack_pointer(process, process.pid)]
    for pointer in filter(None, pointers):
        row = find_stack_row(mappings, pointer)
        if row is not None:
            first = stacks.setdefault(row, ThreadStack(row, pointer.tid, pointer.name, threads=0))
            stacks[row] = replace(first, threads=first.threads + 1)
    return stacks, process.counters().threads
