"""What the memory of a process is for: its threads asked, and the rest told by its shape."""

from smapstop.model.labels import Label, labels_of
from smapstop.model.tick import ThreadStack
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import find_stack_row, read_stack_pointers


def read_labels(process: ProcDir, mappings: Mappings) -> list[Label | None]:
    """What each mapping is for, None where its name says it, or nothing is known.

    Args:
        process: That has the mappings.
        mappings: A reading of its memory map.
    """
    found = [(find_stack_row(mappings, pointer), pointer) for pointer in read_stack_pointers(process)]
    return labels_of(mappings, {row: ThreadStack(row, at.tid, at.name) for row, at in found if row is not None})
