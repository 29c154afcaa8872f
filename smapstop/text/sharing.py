"""Text of a mapping that several processes of a family have: whose own it is, and who broke the sharing."""

from collections.abc import Sequence

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_stacks import BEYOND
from smapstop.model.family.family_table import MemberRow
from smapstop.model.family.sharing import FirstCopy, Part, SharedMapping
from smapstop.model.kinds import Kind, kind_of
from smapstop.model.short_names import without_path
from smapstop.model.view.row_names import NAMELESS
from smapstop.proc.callstack.frames import Frame
from smapstop.text import format as fmt
from smapstop.text.family import FamilyMoment
from smapstop.text.functions import function_text
from smapstop.text.tree_marks import FOLDED, UNFOLDED
from smapstop.text.units import AUTO, UnitFormat, without_shares

_MAX_COPIERS = 3
"""Functions that are named of those that copied."""


@dataclass(frozen=True, slots=True)
class SharingText:
    """Text of a mapping in several processes."""

    start: int
    kind: Kind
    name: str
    size: str
    shares: tuple[str, ...]
    """Share of each process that is its own; empty where it is not mapped, "·" where nothing of it is in memory."""
    own: tuple[float, ...]
    """The same as numbers, for their colour; 0 where it is not mapped."""
    first: str
    """Who copied first, when, and how many pages; and by which functions."""


def sharing_text(shared: SharedMapping, pids: Sequence[int], unit: UnitFormat = AUTO) -> SharingText:
    """Text of a mapping in several processes, which are in the order of the columns."""
    parts = [shared.parts.get(pid) for pid in pids]
    resident = sum(part.rss > 0 for part in shared.parts.values())
    first = first_copy_text(shared) or "still shared" * (not shared.own and resident > 1)
    return SharingText(
        start=shared.start,
        kind=kind_of(shared.name, shared.perms),
        name=sharing_name(shared),
        size=without_shares(unit).amount(shared.size),
        shares=tuple(map(_share_text, parts)),
        own=tuple(0.0 if part is None else part.share or 0.0 for part in parts),
        first=first,
    )


def folded_text(count: int, key: str, *, is_open: bool) -> str:
    """Text of the line for the quiet mappings, which may be below it.

    Args:
        count: Number of these mappings.
        key: Name of the key that opens and closes it.
        is_open: Whether they are below it.
    """
    rows = f"{count:,} rows unchanged, all still shared"
    return f"{UNFOLDED}{rows}" if is_open else f"{FOLDED}{rows} · {key} shows them"


def _share_text(part: Part | None) -> str:
    """Share of a mapping that is a process's own."""
    if part is None:
        return ""
    return "·" if part.share is None else fmt.percent(part.share)


def first_copy_text(shared: SharedMapping) -> str:
    """Who copied pages of a mapping first, when and by which functions; empty if nobody did since watching began."""
    return fmt.printable(_first_text(shared.first_copy, shared.copiers)) if shared.first_copy is not None else ""


def _first_text(copy: FirstCopy, copiers: Sequence[tuple[Frame, int]]) -> str:
    """Who copied first, when, how many pages and what was on them; and which functions made all copies, of anyone."""
    total = sum(count for _, count in copiers)
    functions = ", ".join(
        f"{function_text(frame)} {fmt.percent(count / total)}"
        for frame, count in copiers[:_MAX_COPIERS]
        if frame != BEYOND
    )
    parts = [f"{copy.pid} {fmt.clock(copy.wall_ns)} {copy.pages:,} p{'' if copy.sure else '?'}"]
    parts += ["of the file"] * copy.of_file + [", ".join(copy.names)] * bool(copy.names)
    return " ".join(parts) + (f" · all: {functions}" if functions else "")


def sharing_name(shared: SharedMapping) -> str:
    """Name without its path, with permissions to distinguish the parts of a file; else label and address."""
    base = fmt.printable(without_path(shared.name))
    if not base:
        return f"{fmt.printable(shared.label) or NAMELESS} {shared.start:x}"
    return base if base.startswith("[") else f"{base} {shared.perms}"


def missing_pages_text(member: MemberRow, shared: SharedMapping, moment: FamilyMoment) -> str:
    """Why the pages of a mapping cannot be shown in a member; empty if they can."""
    if member.history.missing:
        return member.history.missing
    if member.pid in shared.parts:
        return ""
    if member.is_gone or member.is_zombie:
        return f"process {member.pid} has ended"
    if member.pid in moment.timelines:
        return f"{sharing_name(shared)} is not mapped in {member.pid}"
    return f"reading the mappings of {member.pid} …"
