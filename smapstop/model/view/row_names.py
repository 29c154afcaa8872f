"""Names of the rows of a table, as they are shown, and the order of these names."""

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import Kind, section_of
from smapstop.model.mapping_rows import find_rows
from smapstop.model.short_names import without_path
from smapstop.model.view.table_data import TableData

NAMELESS = "anon"
"""Name of memory that has none, and whose purpose is not known."""
_KINDS = list(Kind)


def row_name(table: TableData, row: int) -> str:
    """Name of a row: a group with its size, a file without its path but with its section, memory with its address.

    Memory without a name is labelled with its purpose if that is known.
    """
    name = _stem(table, row)
    if table.ids[row] < 0:
        return f"{name} × {int(table.mapping_count[row])}"
    return name if table.name[row] else f"{name} {int(table.start[row]):x}"


def child_name(table: TableData, row: int) -> str:
    """Name of a mapping below its group: without the group's name; its address if there is nothing else."""
    return without_group(table, row, row_name(table, row)) or f"{int(table.start[row]):x}"


def without_group(table: TableData, row: int, name: str) -> str:
    """A name of a mapping without that of the group above it, if it begins with it."""
    if table.parent is None or table.parent[row] < 0:
        return name
    group = without_path(table.texts[int(table.name[int(table.parent[row])])])
    return "" if name == group else name.removeprefix(f"{group} ")


def _stem(table: TableData, row: int) -> str:
    """Name of a row without the size of a group or an address."""
    name = without_path(table.texts[int(table.name[row])])
    if table.ids[row] < 0:
        return name
    if not name:
        return str(table.label(row) or NAMELESS)
    return f"{name} {row_section(table, row)}".rstrip()


def row_section(table: TableData, row: int) -> str:
    """Section of the file in a row; empty for other memory."""
    name, perms = table.texts[int(table.name[row])], table.texts[int(table.perms[row])]
    return section_of(_KINDS[int(table.kind[row])], name, perms, is_data=table.is_data_file(row))


def name_ranks(table: TableData) -> NDArray[np.int64]:
    """Rank of each row's name in alphabetical order, ignoring case, shape (n,); rows of one name have the same."""
    n = len(table)
    if not n:
        return np.zeros(0, np.int64)
    texts, kinds = np.int64(len(table.texts)), np.int64(len(_KINDS))
    named = (table.name.astype(np.int64) * texts + table.perms) * kinds + table.kind
    purposes = table.purposes
    unnamed = -1 - ((purposes.purpose.astype(np.int64) * texts + purposes.owner) * 2 + purposes.proven)
    keys = np.where(table.name != 0, named, unnamed)
    stacks = find_rows(table.ids, np.fromiter(table.stacks, np.int64, len(table.stacks)))
    stacks = stacks[stacks >= 0]
    keys[stacks] = np.iinfo(np.int64).min + stacks  # each is named after its thread
    _, first, of_row = np.unique(keys, return_index=True, return_inverse=True)
    names = [_stem(table, row).casefold() for row in first.tolist()]
    order = {name: rank for rank, name in enumerate(sorted(set(names)))}
    ranks: NDArray[np.int64] = np.array([order[name] for name in names], np.int64)[of_row]
    return ranks
