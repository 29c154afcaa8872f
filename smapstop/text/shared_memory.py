"""Sentences on the shared-memory object of a mapping: what it holds, and who else maps it."""

from collections.abc import Iterator

from smapstop.model.history.mapping_history import MappingState
from smapstop.model.kinds import Kind
from smapstop.model.protocol import SharersReply
from smapstop.proc.added_fields import OBJECT_ALLOCATED
from smapstop.proc.columns import ABSENT
from smapstop.text import format as fmt
from smapstop.text.units import AUTO, UnitFormat

MAX_NAMED = 12
"""Processes named at most; of further ones the number."""


def has_object(state: MappingState) -> bool:
    """Whether a mapping is one of a shared-memory object."""
    return state.kind is Kind.SHARED


def object_sentences(state: MappingState, sharers: SharersReply | None, unit: UnitFormat = AUTO) -> Iterator[str]:
    """Sentences on the object of a mapping.

    Args:
        state: The mapping.
        sharers: Who else maps the object; None before that is known.
        unit: Format of amounts.
    """
    held, mapped = _amount(state, OBJECT_ALLOCATED), _mapped_kb(state)
    if held is None:
        yield "What the object holds is not known: it takes a file descriptor or a path that leads to it, or root."
    else:
        yield f"The object holds {unit.text(held)} in RAM or in swap; {unit.text(mapped)} of it are mapped here."
    if sharers is not None:
        yield from _sharer_sentences(sharers)


def _sharer_sentences(sharers: SharersReply) -> Iterator[str]:
    """Sentences on the other processes that map the object."""
    if sharers.missing_reason:
        yield f"Who else maps it: {sharers.missing_reason}."
        return
    named = [f"{pid} {fmt.printable(name)}".rstrip() for pid, name in sharers.processes[:MAX_NAMED]]
    more = len(sharers.processes) - len(named)
    if named:
        yield f"Now also mapped by {', '.join(named)}{f' and {more} more' if more else ''}."
    elif not sharers.unread:
        yield "No other process maps it now."
    if sharers.unread:
        yield f"{'Others' if named else 'Other processes'} may map it, too: {sharers.unread} could not be read."
    if sharers.attached is not None:
        yield f"The segment is attached {fmt.count(sharers.attached)} times, over all processes."


def _mapped_kb(state: MappingState) -> int:
    """Pages of the object that are mapped, kB: without private copies."""
    amounts = [_amount(state, name) or 0 for name in ("rss", "anonymous")]
    huge = sum(_amount(state, name) or 0 for name in ("private_hugetlb", "shared_hugetlb"))
    return amounts[0] - amounts[1] + (huge if state.perms.endswith("s") else 0)


def _amount(state: MappingState, name: str) -> int | None:
    """A field of the mapping, kB; None if it is not known."""
    column = state.rows.get(name)
    return None if column is None or column[state.row] == ABSENT else int(column[state.row])
