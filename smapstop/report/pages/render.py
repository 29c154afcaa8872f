"""The pages of mappings as text: JSON for programs, a table for people."""

from collections import Counter

import numpy as np

from smapstop.model.lookup import full_name
from smapstop.proc.columns import Counters
from smapstop.proc.pages.page_frames import FrameFlags
from smapstop.proc.pages.page_runs import PageFlags
from smapstop.proc.pages.page_states import PageState
from smapstop.report.json_csv import json_text
from smapstop.report.json_fields import Record, header_records, label_record
from smapstop.report.pages.page_list import FrameInfo, PageList, PageRange
from smapstop.text.format import amount, clip, count, shorten
from smapstop.text.symbols import join_symbols

SCHEMA = 1
"""The version of the JSON; it changes when a reader of the old one would fail."""

_AMOUNTS = 4
"""So many of the first columns of the table are numbers."""
_FRAME_FLAGS = {
    FrameFlags.DIRTY: "dirty",
    FrameFlags.REFERENCED: "referenced",
    FrameFlags.HUGE: "huge_frame",
    FrameFlags.KSM: "ksm",
}


def as_json(pages: PageList, process: Counters) -> str:
    """The pages of a mapping as one JSON object, a run to a line; ASCII only, names as in a snapshot's."""
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
    """A run under the names that JSON has."""
    record: Record = {
        "start": f"{run.start:#x}",
        "end": f"{run.end:#x}",
        "pages": (run.end - run.start) // pages.page_bytes,
        "file_offset": run.offset,
        "state": run.state.value,
        "bits": [flag.name.lower() for flag in run.flags if flag.name],
        "symbols": list(run.symbols.names),
        "more_symbols": run.symbols.more_count,
    }
    return record | _frame_info_record(run.frame_info) if pages.has_frame_info else record


def _frame_info_record(facts: FrameInfo | None) -> Record:
    """What is known of the frames, null for what has none."""
    flags = {name: None if facts is None else bool(facts.flags & flag) for flag, name in _FRAME_FLAGS.items()}
    return flags | {"map_count": None if facts is None else facts.map_count}


def as_table(pages: PageList, process: Counters, *, width: int = 80) -> str:
    """The pages of a mapping for people: which it is, a summary, and a line per run; at most `width` cells a line."""
    mappings, row = pages.mappings, pages.row
    where = f"{mappings.start[row]:x}-{mappings.end[row]:x} {mappings.perms_of(row)}"
    who = f"  {where}  {process.name} {process.pid}"
    lines = [shorten(full_name(mappings, row), max(20, width - len(who))) + who, _summary(pages)]
    if pages.label:
        lines.append(f"{pages.label.text}{', as its shape tells' * pages.label.guess}")
    lacking = next((run.symbols.missing_reason for run in pages.runs if run.symbols.missing_reason), "")
    if lacking:
        lines.append(f"no symbols: the file {lacking}")
    if pages.has_frame_info is False:
        lines.append("nothing is known of the frames: that takes root, or CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH")
    lines += ["", *_align([_titles(pages), *(_cells(run, pages) for run in pages.runs)])]
    return "\n".join([*(clip(line, width) for line in lines), ""])


def _align(rows: list[list[str]]) -> list[str]:
    """Rows of cells as lines: the amounts to the right, texts to the left, and the last as it is."""
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
    """How many pages are what."""
    totals: Counter[PageState] = Counter()
    for run in pages.runs:
        totals[run.state] += (run.end - run.start) // pages.page_bytes
    states = [f"{totals[state]:,} {state}" for state in PageState if totals[state]]
    number = totals.total()
    return f"{number:,} page{'s' * (number != 1)}: {', '.join(states)}"


def _titles(pages: PageList) -> list[str]:
    """The titles of the columns."""
    return [
        "Start",
        "Pages",
        "Size",
        "Offset",
        "State",
        *(["Maps", "Frame"] if pages.has_frame_info else []),
        "What lies there",
    ]


def _cells(run: PageRange, pages: PageList) -> list[str]:
    """A run as texts."""
    state = run.state + " huge" * bool(run.flags & PageFlags.HUGE)
    facts = []
    if pages.has_frame_info:
        names = [name for flag, name in _FRAME_FLAGS.items() if run.frame_info and run.frame_info.flags & flag]
        facts = [str(run.frame_info.map_count) if run.frame_info else "", " ".join(names)]
    number = (run.end - run.start) // pages.page_bytes
    offset = "" if run.offset is None else f"{run.offset:x}"
    what = join_symbols(run.symbols.labels)
    return [f"{run.start:x}", count(number), amount(run.kb), offset, state, *facts, what]
