"""Format copied-on-write pages as JSON or a table."""

from collections.abc import Sequence

from smapstop.model.short_names import base_name
from smapstop.proc.columns import Counters, strip_deleted
from smapstop.proc.pages.pagemap import PAGE_BYTES
from smapstop.report.json_csv import json_text
from smapstop.report.json_fields import Record
from smapstop.report.pages.cow import CowGroup, CowPart
from smapstop.report.pages.render import SCHEMA
from smapstop.text.format import amount, cell_width, clip, count, pad, printable, shorten
from smapstop.text.symbols import join_symbols

_NAME_WIDTH = 32
_PAGE_KB = PAGE_BYTES // 1024


def as_json(parts: list[CowPart], process: Counters) -> str:
    """Format as one JSON object, ASCII only, one part of a file per line; names as in a snapshot's JSON."""
    head: Record = {
        "process": {"pid": process.pid, "name": process.name},
        "page_size": PAGE_BYTES,
        "pages": sum(part.pages for part in parts),
        "own_pages": sum(part.own_pages for part in parts),
        "kb": sum(part.kb for part in parts),
    }
    return json_text(SCHEMA, head, copied=[part_record(part) for part in parts])


def part_record(part: CowPart) -> Record:
    """Record of a part of a file."""
    return {
        "file": strip_deleted(part.name),
        "deleted": part.name != strip_deleted(part.name),
        "part": part.part or None,
        "pages": part.pages,
        "own_pages": part.own_pages,
        "kb": part.kb,
        "lacking": part.groups[0].symbols.missing_reason or None,
        "groups": [
            {
                "symbols": list(group.symbols.names),
                "more_symbols": group.symbols.more_count,
                "pages": group.pages,
                "own_pages": group.own_pages,
                "kb": group.kb,
                "swapped_pages": group.swapped_pages,
            }
            for group in part.groups
        ],
    }


def as_table(parts: list[CowPart], process: Counters, *, width: int = 80) -> str:
    """Format as a table: each part of a file with its size, and below it the symbols on its pages."""
    return format_parts(parts, process.pid, process.name, width)


def format_parts(parts: Sequence[CowPart], pid: int, comm: str, width: int) -> str:
    """Table of what a process copied."""
    process_text = printable(f"{comm} {pid}")
    if not parts:
        return f"{process_text} has not written to any private file mapping\n"
    names = [shorten(" ".join(filter(None, (base_name(part.name), part.part))), _NAME_WIDTH) for part in parts]
    room = max(map(cell_width, (*names, "Copied on write", process_text)))
    lines = [cow_line("Copied on write", "Size", "Own", "Pages", "Symbols", room)]
    for name, part in zip(names, parts, strict=True):
        lines.append(cow_line(name, *cow_amounts(part), _remark(part), room))
        lines += [cow_line("", *cow_amounts(group), _text(group), room) for group in part.groups]
    total = CowPart("", "", tuple(group for part in parts for group in part.groups))
    lines.append(cow_line(process_text, *cow_amounts(total), "total", room))
    return "\n".join([*(clip(line, width) for line in lines), ""])


def cow_amounts(copied: CowPart | CowGroup) -> tuple[str, str, str]:
    """Size copied, size that no other process maps, and number of pages."""
    return amount(copied.kb), amount(copied.own_pages * _PAGE_KB), count(copied.pages)


def cow_line(name: str, size: str, own: str, pages: str, text: str, room: int) -> str:
    """Format a line of the table."""
    return f"{pad(name, room)} {size:>6} {own:>6} {pages:>6}  {text}".rstrip()


def _remark(part: CowPart) -> str:
    """Reason why there are no symbols."""
    reason = part.groups[0].symbols.missing_reason
    return f"(the file {reason})" if reason else ""


def _text(group: CowGroup) -> str:
    """Symbols on the pages of a group."""
    swapped = f"({group.swapped_pages:,} in swap) " if group.swapped_pages else ""
    return swapped + (join_symbols(group.symbols.labels) or "(no symbols)")
