"""Format the pages of a mapping as JSON or a table."""

from collections import Counter

import numpy as np

from smapstop.model.lookup import full_name
from smapstop.proc.columns import Counters
from smapstop.proc.pages.page_frames import FrameFlags
from smapstop.proc.pages.page_runs import PageFlags
from smapstop.proc.pages.page_states import BASE_STATES, SHARED_STATES, PageState
from smapstop.report.json_csv import json_text
from smapstop.report.json_fields import Record, header_records, label_record
from smapstop.report.pages.page_list import FrameInfo, PageList, PageRange
from smapstop.text.format import amount, clip, count, pages_text, shorten
from smapstop.text.symbols import join_symbols

SCHEMA = 1
"""Version of the JSON; it changes when readers of the old one would fail."""

_AMOUNTS = 4
"""Number of leading columns that are numeric."""
_FRAME_FLAGS = {
    FrameFlags.DIRTY: "dirty",
    FrameFlags.REFERENCED: "referenced",
    FrameFlags.HUGE: "huge_frame",
    FrameFlags.KSM: "ksm",
}


def as_json(pages: PageList, process: Counters) -> str:
    """Format the pages of a mapping as one JSON object, ASCII only, one run per line; names as in a snapshot."""
    mappings, row = pages.mappings, pages.row
    head = header_records(mappings.take(np.array([row])))[0]
    parts: Record = {
        "process": {"pid": process.pid, "name": process.name},
        "mapping": head | {"size": sum(run.kb for run in pages.runs)} | label_record(pages.label),
        "page_size": pages.page_bytes,
        "source": pages.source,
        "facts": [*_FRAME_FLAGS.values(), "map_count"] if pages.has_frame_info else [],
        "lacking": next((run.symbols.missing_reason for run in pages.runs if run.symbols.missing_reason), None),
    }
    return json_text(SCHEMA, parts, runs=[_record(run, pages) for run in pages.runs])


def _record(run: PageRange, pages: PageList) -> Record:
    """Record of a run."""
    record: Record = {
        "start": f"{run.start:#x}",
        "end": f"{run.end:#x}",
        "pages": (run.end - run.start) // pages.page_bytes,
        "file_offset": run.offset,
        "state": BASE_STATES.get(run.state, run.state).value,
        "bits": _bits(run.flags),
        "symbols": list(run.symbols.names),
        "more_symbols": run.symbols.more_count,
    }
    return record | _frame_info_record(run.frame_info) if pages.has_frame_info else record


def _bits(flags: PageFlags) -> list[str]:
    """Names of the flags; pages that are mapped once are `exclusive`, as in pagemap."""
    names = [flag.name.lower() for flag in flags & ~PageFlags.SHARED if flag.name]
    return names + ["exclusive"] * (flags & (PageFlags.PRESENT | PageFlags.SHARED) == PageFlags.PRESENT)


def _frame_info_record(info: FrameInfo | None) -> Record:
    """Record of frame information; null for a run without frames."""
    flags = {name: None if info is None else bool(info.flags & flag) for flag, name in _FRAME_FLAGS.items()}
    return flags | {"map_count": None if info is None else info.map_count}


def as_table(pages: PageList, process: Counters, *, width: int = 80) -> str:
    """Format the pages of a mapping as a table of at most `width` cells: title, summary, and a line per run."""
    mappings, row = pages.mappings, pages.row
    where = f"{mappings.start[row]:x}-{mappings.end[row]:x} {mappings.perms_of(row)}"
    process_text = f"  {where}  {process.name} {process.pid}"
    lines = [shorten(full_name(mappings, row), max(20, width - len(process_text))) + process_text, _summary(pages)]
    if pages.label:
        lines.append(f"{pages.label.text}{', guessed from its shape' * pages.label.guess}")
    missing_reason = next((run.symbols.missing_reason for run in pages.runs if run.symbols.missing_reason), "")
    if missing_reason:
        lines.append(f"no symbols: the file {missing_reason}")
    if pages.has_frame_info is False:
        lines.append("no page frame information: it takes root, or CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH")
    lines += ["", *_align([_titles(pages), *(_cells(run, pages) for run in pages.runs)])]
    return "\n".join([*(clip(line, width) for line in lines), ""])


def _align(rows: list[list[str]]) -> list[str]:
    """Align rows of cells: numbers to the right, texts to the left, the last column as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[-1] = 0
    return [
        " ".join(
            text.rjust(width) if at < _AMOUNTS else text.ljust(width)
            for at, (text, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in rows
    ]


def _summary(pages: PageList) -> str:
    """Number of pages, and of those in each state."""
    totals: Counter[PageState] = Counter()
    for run in pages.runs:
        totals[run.state] += (run.end - run.start) // pages.page_bytes
    doubt = "?" * any(run.flags & PageFlags.HUGE for run in pages.runs)
    own = {state: f"{state} own{doubt}" for state, shared in SHARED_STATES.items() if totals[shared]}
    shared = {state: f"{state}{doubt}" for state in BASE_STATES}
    states = [f"{totals[state]:,} {(own | shared).get(state, state)}" for state in PageState if totals[state]]
    return f"{pages_text(totals.total())}: {', '.join(states)}"


def _titles(pages: PageList) -> list[str]:
    """Titles of the columns."""
    return [
        "Start",
        "Pages",
        "Size",
        "Offset",
        "State",
        *(["Maps", "Frame"] if pages.has_frame_info else []),
        "Symbols",
    ]


def _cells(run: PageRange, pages: PageList) -> list[str]:
    """Texts of a run."""
    state = str(run.state)
    if run.flags & PageFlags.HUGE:  # whose sharing is judged by the first page
        base = BASE_STATES.get(run.state)
        state = f"{base} huge{state.removeprefix(base)}?" if base else f"{state} huge"
    facts = []
    if pages.has_frame_info:
        names = [name for flag, name in _FRAME_FLAGS.items() if run.frame_info and run.frame_info.flags & flag]
        facts = [str(run.frame_info.map_count) if run.frame_info else "", " ".join(names)]
    number = (run.end - run.start) // pages.page_bytes
    offset = "" if run.offset is None else f"{run.offset:x}"
    what = join_symbols(run.symbols.labels)
    return [f"{run.start:x}", count(number), amount(run.kb), offset, state, *facts, what]
