"""Format what the processes of a family copied on write as JSON or tables."""

from collections.abc import Mapping, Sequence

from smapstop.model.family.sharing import SharedMapping
from smapstop.model.kinds import kind_of
from smapstop.model.timestamps import format_utc
from smapstop.proc.pages.pagemap import PAGE_BYTES
from smapstop.report.json_csv import json_text
from smapstop.report.json_fields import Record
from smapstop.report.pages.copy_watch import CopyReport
from smapstop.report.pages.cow_family import CowMember, find_inherited
from smapstop.report.pages.cow_render import format_parts, part_record
from smapstop.report.pages.inherited import InheritedMapping
from smapstop.report.pages.render import SCHEMA
from smapstop.text.format import amount, cell_width, clip, pad, percent, printable, shorten_middle
from smapstop.text.kinds import letter_of
from smapstop.text.sharing import sharing_text

_PAGE_KB = PAGE_BYTES // 1024
_MOST_ROWS = 40
"""Mappings that a table lists; the JSON has all."""
_MOST_NAME, _SHARE_CELLS = 30, 8


def family_as_json(members: Sequence[CowMember], copies: CopyReport | None = None) -> str:
    """Format a family as one JSON object, a process per line. Only own pages have a sum: others would count twice.

    Args:
        members: The processes.
        copies: What was copied while they were watched; None if they were not.
    """
    head: Record = {"page_size": PAGE_BYTES, "own_pages": sum(member.own_pages for member in members)}
    if copies is not None:
        head["watched"] = {
            "seconds": round(copies.seconds, 3),
            "pids": list(copies.pids),
            "unwatched": copies.unwatched,
            "missing_callers": copies.missing_callers or None,
        }
    rows = [
        {
            "process": {"pid": member.stat.pid, "name": member.stat.name},
            "ppid": member.stat.ppid,
            "pages": None if member.missing else member.pages,
            "own_pages": None if member.missing else member.own_pages,
            "kb": None if member.missing else member.pages * _PAGE_KB,
            "copied": None if member.missing else [part_record(part) for part in member.parts],
            "missing": member.missing or None,
        }
        for member in members
    ]
    lists = {"inherited": [_inherited_record(each) for each in find_inherited(members)]}
    if copies is not None:
        lists["copies"] = [_copy_record(each) for each in copies.mappings]
    return json_text(SCHEMA, head, processes=rows, **lists)


def _inherited_record(mapping: InheritedMapping) -> Record:
    """Record of anonymous memory that was inherited."""
    return {
        "start": f"{mapping.start:#x}",
        "name": mapping.name or None,
        "perms": next(iter(mapping.parts.values())).perms,
        "processes": [
            {
                "pid": pid,
                "size": part.size_kb,
                "pages": part.pages,
                "own_pages": part.own_pages,
                "swapped_pages": part.swapped_pages,
            }
            for pid, part in mapping.parts.items()
        ],
    }


def _copy_record(mapping: SharedMapping) -> Record:
    """Record of a mapping of which pages were copied while it was watched."""
    first = mapping.first_copy
    assert first is not None, "pages were copied"
    return {
        "start": f"{mapping.start:#x}",
        "name": mapping.name or None,
        "perms": mapping.perms,
        "first": {
            "pid": first.pid,
            "at": format_utc(first.wall_ns),
            "pages": first.pages,
            "of_file": first.of_file,
            "ambiguous": not first.sure,
            "symbols": list(first.names),
        },
        "functions": [
            {"name": frame.name, "file": frame.file or None, "faults": faults} for frame, faults in mapping.copiers
        ],
    }


def family_as_table(members: Sequence[CowMember], copies: CopyReport | None = None, *, width: int = 80) -> str:
    """Format a family as tables: how much each process has copied, of which memory, and what of files.

    Args:
        members: The processes.
        copies: What was copied while they were watched; None if they were not.
        width: Cells of a line.
    """
    inherited, pids = find_inherited(members), [member.stat.pid for member in members]
    tables = [_overview(members, inherited)]
    if copies is not None:
        tables.append(_copies_table(copies, width))
    if inherited:
        tables.append(_inherited_table(inherited, pids, width))
    details = [
        format_parts(member.parts, member.stat.pid, member.stat.name, width) for member in members if member.parts
    ]
    return "\n".join([*("".join(f"{clip(line, width)}\n" for line in table) for table in tables), *details])


def _overview(members: Sequence[CowMember], inherited: Sequence[InheritedMapping]) -> list[str]:
    """How much each process has copied of files, and how much of what it inherited is its own."""
    names = [printable(f"{'  ' * member.depth}{member.stat.name} {member.stat.pid}") for member in members]
    count_text = f"{len(members)} process{'es' * (len(members) != 1)}"
    room = max(map(cell_width, (*names, "Copied on write by", count_text)))
    lines = [_line("Copied on write by", ("Of files", "Own", "Inherited", "Own"), "", room)]
    for name, member in zip(names, members, strict=True):
        parts = [each.parts[member.stat.pid] for each in inherited if member.stat.pid in each.parts]
        pages = (member.pages, member.own_pages, sum(p.pages for p in parts), sum(p.own_pages for p in parts))
        amounts = ["–" if member.missing else amount(each * _PAGE_KB) for each in pages]
        lines.append(_line(name, amounts, member.missing, room))
    own = amount(sum(member.own_pages for member in members) * _PAGE_KB)
    own_inherited = amount(sum(each.own_pages for each in inherited) * _PAGE_KB)
    note = "own; shared pages would count more than once"
    return [*lines, _line(count_text, ("", own, "", own_inherited), note, room)]


def _line(name: str, amounts: Sequence[str], text: str, room: int) -> str:
    """Format a line of the overview."""
    files, own, inherited, own_inherited = amounts
    return f"{pad(name, room)} {files:>8} {own:>6} {inherited:>9} {own_inherited:>6}  {text}".rstrip()


def _inherited_table(inherited: Sequence[InheritedMapping], pids: Sequence[int], width: int) -> list[str]:
    """Which share of inherited memory is whose own, as the table of shared mappings in the dashboard."""
    shown = inherited[:_MOST_ROWS]
    names = [_name(each.start, each.name, next(iter(each.parts.values())).perms) for each in shown]
    sizes = [amount(max(part.size_kb for part in each.parts.values())) for each in shown]
    shares = [{pid: percent(part.own_share) for pid, part in each.parts.items() if part.pages} for each in shown]
    lines = _share_table("Own share of what was inherited", names, sizes, shares, pids, None, width)
    more = len(inherited) - len(shown)
    return [*lines, f"and {more:,} more mappings, with less of their own"] if more else lines


def _copies_table(copies: CopyReport, width: int) -> list[str]:
    """Who copied first while the processes were watched, and by which functions."""
    seconds, total = f"{copies.seconds:.0f} s", len(copies.pids) + copies.unwatched
    watched = f"{len(copies.pids):,} of {total:,} processes were watched: the parent and the largest others"
    notes = [watched] * bool(copies.unwatched)
    if not copies.mappings:
        nothing = f"Within {seconds} nothing was copied that several of these processes have at the same address."
        return [nothing, *notes]
    shown = copies.mappings[:_MOST_ROWS]
    texts = [sharing_text(each, copies.pids) for each in shown]
    names = [_name(each.start, each.name, each.perms) for each in shown]
    shares = [{pid: share for pid, share in zip(copies.pids, text.shares, strict=True) if share} for text in texts]
    first = ["First copied by · functions", *(text.first for text in texts)]
    sizes = [text.size for text in texts]
    lines = _share_table(f"Copied within {seconds}: own share", names, sizes, shares, copies.pids, first, width)
    return [*lines, *notes, *[f"functions: {copies.missing_callers}"] * bool(copies.missing_callers)]


def _share_table(
    title: str,
    names: Sequence[str],
    sizes: Sequence[str],
    shares: Sequence[Mapping[int, str]],
    pids: Sequence[int],
    last: Sequence[str] | None,
    width: int,
) -> list[str]:
    """Format shares by mapping and process; processes for which there is no room are left out.

    Args:
        title: Title of the mappings.
        names: Their names.
        sizes: Their sizes.
        shares: The share of each process, by pid.
        pids: The processes, in order.
        last: Texts of the last column with its title; None without one.
        width: Cells of a line.
    """
    room = max(map(cell_width, (*names, title)))
    left = width - room - 8 - (0 if last is None else min(max(map(cell_width, last)), 30))
    chosen = [pid for pid in pids if any(pid in each for each in shares)][: max(1, left // _SHARE_CELLS)]
    cells = ["".join(f"{each.get(pid, ''):>{_SHARE_CELLS}}" for pid in chosen) for each in shares]
    titles = "".join(f"{pid:>{_SHARE_CELLS}}" for pid in chosen)
    rows = [(title, "Size", titles), *zip(names, sizes, cells, strict=True)]
    texts = last or [""] * len(rows)
    return [
        f"{pad(name, room)} {size:>6} {cell}  {text}".rstrip()
        for (name, size, cell), text in zip(rows, texts, strict=True)
    ]


def _name(start: int, name: str, perms: str) -> str:
    """Name of a mapping with the letter of its kind; of memory without a name its address."""
    base = name.rpartition("/")[2]
    text = f"anon {start:x}" if not base else base if base.startswith("[") else f"{base} {perms}"
    return printable(f"{letter_of(kind_of(name, perms))} {shorten_middle(text, _MOST_NAME)}")
