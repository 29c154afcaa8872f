"""Format page faults as a table, JSON, folded stacks, or a profile for speedscope.app."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

import numpy as np

from smapstop.model.callers.call_stacks import BEYOND
from smapstop.model.callers.call_tree import CountedStack, counted_stacks
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.lookup import full_name
from smapstop.model.short_names import base_name
from smapstop.proc.callstack.frames import Frame
from smapstop.report.faults.fault_report import FaultReport, KnownMapping
from smapstop.report.json_csv import json_text
from smapstop.report.json_fields import Record
from smapstop.text.callers import frame_text, unseen_texts
from smapstop.text.format import cell_width, clip, duration, printable, shorten_middle
from smapstop.text.functions import chain_text, function_text, source_text

SCHEMA = 1
"""Version of the JSON; it changes when readers of the old one would fail."""
_MAX_MAPPINGS, _MAX_FUNCTIONS = 20, 8
"""Rows of the table: mappings, and functions in each."""
_LEAST_SHARE = 0.01
"""Share of all faults that a mapping needs to be listed."""
_NO_LONGER_MAPPED = "no longer mapped"
_UNKNOWN = "callers not known"
_INDENT = 19
"""Cells of the two numbers before a name."""


def as_json(report: FaultReport) -> str:
    """Format as one JSON object, ASCII only, one mapping per line; frames innermost first, none left out."""
    parts: Record = {
        "process": {"pid": report.pid, "name": report.name},
        "seconds": round(report.seconds, 3),
        "faults": totals_record(report.faults),
    }
    mappings = [_mapping_record(known, part) for known, part in report.by_mapping()]
    return json_text(SCHEMA, parts, mappings=mappings)


def totals_record(faults: PageFaults) -> Record:
    """Record of the numbers of page faults."""
    names = ("counted", "minor", "major", "seen", "lost", "in_system_calls")
    return {name: getattr(faults, name) for name in names}


def _mapping_record(known: KnownMapping | None, faults: PageFaults) -> Record:
    """Record of a mapping."""
    stacks = counted_stacks(faults, folded=False)
    return {
        "mapping": known and known.record(),
        "faults": int(faults.faults.sum()),
        "stacks": [{"faults": count, "frames": [frame._asdict() for frame in frames]} for frames, count in stacks],
    }


def as_folded(report: FaultReport) -> str:
    """Format as folded stacks, for flame graphs: mapping;function;… faults, the outermost function first."""
    lines: Counter[str] = Counter()
    for known, faults in report.by_mapping():
        name = base_name(_mapping_name(known))
        for frames, count in counted_stacks(faults):
            path = (name, *map(frame_text, reversed(frames)))
            lines[";".join(each.replace(";", ":") for each in path)] += count
    return "".join(f"{line} {count}\n" for line, count in lines.items())


def as_speedscope(report: FaultReport) -> str:
    """Format as a profile of speedscope.app: one of all mappings, then one of each."""
    frames: dict[Frame, int] = {}
    whole = _profile("all mappings", counted_stacks(report.faults), frames)
    each = [_profile(_mapping_name(known), counted_stacks(faults), frames) for known, faults in report.by_mapping()]
    document = {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "name": f"page faults of {report.name} ({report.pid})",
        "shared": {"frames": [_speedscope_frame(frame) for frame in frames]},
        "profiles": [whole, *each],
    }
    return json.dumps(document) + "\n"


def _profile(name: str, stacks: list[CountedStack], frames: dict[Frame, int]) -> Record:
    """Profile of some stacks; their frames are numbered in `frames`."""
    samples = [[frames.setdefault(frame, len(frames)) for frame in reversed(stack)] for stack, _ in stacks]
    weights = [count for _, count in stacks]
    ends = {"type": "sampled", "name": name, "unit": "none", "startValue": 0, "endValue": sum(weights)}
    return ends | {"samples": samples, "weights": weights}


def _speedscope_frame(frame: Frame) -> Record:
    """Frame of a profile, with its source if that is known."""
    file, _, line = (frame.source or "").rpartition(":")
    source = {"file": file, "line": int(line)} if file and line.isdecimal() else {"file": frame.file}
    return {"name": frame_text(frame)} | source


def as_table(report: FaultReport, width: int) -> str:
    """Format as a table: for each mapping the functions that asked for its pages, and who called them."""
    faults = report.faults
    what = f"{faults.counted:,} page fault{'s' * (faults.counted != 1)} in {duration(report.seconds)}"
    head = [f"{printable(report.name)} ({report.pid}): {what}, {faults.major:,} of them major"]
    head += [f"  {text}" for text in unseen_texts(faults)]
    parts = [([known], part) for known, part in report.by_mapping()]
    large = _largest(parts, faults)
    groups = _merge_alike(parts[len(large) :], faults)
    large += _largest(groups, faults)
    lines = [*head, "", f"{'faults':>9}  {'share':>6}  mapping, function < who called it"]
    for mappings, part in large:
        lines += _mapping_lines(mappings, part, faults, width)
    count = len(parts) - sum(len(mappings) for mappings, _ in large)
    if count:
        rest = int(faults.faults.sum()) - sum(int(part.faults.sum()) for _, part in large)
        lines.append(_numbers(rest, faults) + f"{count:,} other mapping{'s' * (count != 1)}")
    return "\n".join(clip(line, width) for line in lines) + "\n"


_Part = tuple[list[KnownMapping | None], PageFaults]
"""Mappings and the faults in them."""


def _largest(parts: list[_Part], whole: PageFaults) -> list[_Part]:
    """The first parts that have enough faults to be listed."""
    least = _LEAST_SHARE * int(whole.faults.sum())
    return list(takewhile(lambda part: part[1].faults.sum() >= least, parts[:_MAX_MAPPINGS]))


def _merge_alike(parts: list[_Part], whole: PageFaults) -> list[_Part]:
    """Take together mappings with the same name and permissions, those with the most faults first."""
    alike: defaultdict[str, list[_Part]] = defaultdict(list)
    for part in parts:
        known = part[0][0]
        alike[f"{_mapping_name(known)} {known and known.mappings.perms_of(0)}"].append(part)
    groups = [
        ([known for (known,) in (part[0] for part in group)], _sum_parts(group, whole)) for group in alike.values()
    ]
    return sorted(groups, key=lambda group: -int(group[1].faults.sum()))


def _sum_parts(parts: list[_Part], whole: PageFaults) -> PageFaults:
    """Faults of several parts."""
    columns = (np.concatenate([getattr(part, name) for _, part in parts]) for name in ("mapping", "stack", "faults"))
    mapping, stack, faults = columns
    return replace(whole, mapping=mapping, stack=stack, faults=faults)


def _mapping_lines(
    mappings: list[KnownMapping | None], part: PageFaults, whole: PageFaults, width: int
) -> Iterator[str]:
    """Lines of a mapping, or of several alike: its name, and its functions."""
    title = _mapping_title(mappings[0])
    if len(mappings) > 1 and mappings[0] is not None:
        title = f"{_mapping_name(mappings[0])}  {mappings[0].mappings.perms_of(0)}  {len(mappings):,} mappings"
    yield _numbers(int(part.faults.sum()), whole) + shorten_middle(title, max(1, width - _INDENT))
    by_function: defaultdict[tuple[str | None, str], list[CountedStack]] = defaultdict(list)
    for stack in counted_stacks(part):
        by_function[stack[0][0].name or hex(stack[0][0].offset), stack[0][0].file].append(stack)
    groups = sorted(by_function.values(), key=lambda group: -sum(count for _, count in group))
    for group in groups[:_MAX_FUNCTIONS]:
        yield _numbers(sum(count for _, count in group), whole) + "  " + _function_text(group, width - _INDENT - 2)
    if len(groups) > _MAX_FUNCTIONS:
        rest = sum(count for group in groups[_MAX_FUNCTIONS:] for _, count in group)
        yield _numbers(rest, whole) + f"  {len(groups) - _MAX_FUNCTIONS:,} other functions"


def _function_text(group: list[CountedStack], width: int) -> str:
    """Name of a function with its line, and the callers by which it made most faults."""
    frames = group[0][0]
    if frames[0] == BEYOND:
        return _UNKNOWN
    name, sources = function_text(frames[0]), {source_text(stack[0]) for stack, _ in group}
    if len(sources) == 1:
        name = f"{name} {sources.pop()}".rstrip()
    return name + chain_text(frames[1:], width - cell_width(name))


def _numbers(count: int, whole: PageFaults) -> str:
    """Faults, and their share of all that were seen."""
    total = int(whole.faults.sum())
    return f"{count:>9,}  {100 * count / max(1, total):>5.1f}%  "


def _mapping_name(known: KnownMapping | None) -> str:
    """Name of a mapping, with the section or its label."""
    if known is None:
        return _NO_LONGER_MAPPED
    name = printable(full_name(known.mappings, 0))
    return f"{name} {printable(str(known.label))}" if known.label and not known.mappings.name_of(0) else name


def _mapping_title(known: KnownMapping | None) -> str:
    """Name of a mapping, and where it is."""
    if known is None:
        return f"{_NO_LONGER_MAPPED}: memory that came and went between two readings"
    start, end = int(known.mappings.start[0]), int(known.mappings.end[0])
    return f"{_mapping_name(known)}  {known.mappings.perms_of(0)}  {start:x}-{end:x}"
