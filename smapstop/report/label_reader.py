"""Label the mappings of a process with their purpose, from its threads' stack pointers and from their shape."""

from smapstop.model.labels import Label, labels_of
from smapstop.model.tick import ThreadStack
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import find_stack_row, read_stack_pointers


def read_labels(process: ProcDir, mappings: Mappings) -> list[Label | None]:
    """Read the purpose of each mapping; None if its name says it, or if it is unknown.

    Args:
        process: Process that has the mappings.
        mappings: A reading of its memory map.
    """
    stacks = [(find_stack_row(mappings, pointer), pointer) for pointer in read_stack_pointers(process)]
    return labels_of(mappings, {row: ThreadStack(row, at.tid, at.name) for row, at in stacks if row is not None})
