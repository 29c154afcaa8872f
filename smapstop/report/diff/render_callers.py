"""Format a comparison of callers as JSON, a table, or markdown for a pull request."""

from smapstop.model.callers.call_stacks import BEYOND
from smapstop.report.diff.caller_runs import CallerRun
from smapstop.report.diff.compare import BeforeAfter
from smapstop.report.diff.compare_callers import CallerDiff, CallerRow
from smapstop.report.diff.limits import Limit
from smapstop.report.diff.render import MOVERS, SCHEMA, inline_code, share
from smapstop.report.faults.render import totals_record
from smapstop.report.json_csv import json_text
from smapstop.report.json_fields import Record
from smapstop.text.callers import CALLED_BY, unseen_texts
from smapstop.text.format import cell_width, clip, count, pad, printable
from smapstop.text.functions import chain_text, function_text, module_text, source_text

_UNKNOWN = "callers not known"
_COLUMNS = (("Before", 7), ("After", 7), ("Change", 8), ("%", 7))
_NAME_CELLS = 20
"""Least width of a name."""


def callers_as_json(diff: CallerDiff, *, unchanged: bool) -> str:
    """Format as one JSON object, ASCII only, one function or stack per line; frames innermost first."""
    parts: Record = {
        "by": diff.by,
        "metric": "faults",
        "before": _run_record(diff.before),
        "after": _run_record(diff.after),
        "totals": _sides(diff.total),
    }
    return json_text(SCHEMA, parts, groups=[_row_record(diff, row) for row in diff.rows_to_show(unchanged=unchanged)])


def _run_record(run: CallerRun) -> Record:
    """Record of a process and of the time that is compared."""
    return {
        "file": run.file,
        "process": {"pid": run.pid, "name": run.name},
        "from": round(run.begin, 3),
        "to": round(run.end, 3),
        "faults": totals_record(run.faults),
    }


def _row_record(diff: CallerDiff, row: CallerRow) -> Record:
    """Record of a function or a stack."""
    inner = row.frames[0]
    stack: Record = {} if diff.by == "function" else {"frames": [frame._asdict() for frame in row.frames]}
    names = {"name": None if inner == BEYOND else inner.name, "file": inner.file or None, "source": inner.source}
    return names | stack | {"status": row.status} | _sides(row.faults)


def _sides(found: BeforeAfter) -> Record:
    """Numbers of faults before and after, and their difference."""
    return {side: {"faults": getattr(found, side)} for side in ("before", "after", "change")}


def callers_as_table(diff: CallerDiff, *, unchanged: bool, width: int = 80) -> str:
    """Format as a table of at most `width` cells: the two runs, a line per function or stack, and the totals."""
    rows, numbers = diff.rows_to_show(unchanged=unchanged), sum(cells + 1 for _, cells in _COLUMNS)
    room = max(_NAME_CELLS, width - numbers)
    texts = [(_name(diff, row, room), _numbers(row)) for row in rows]
    hidden = len(diff.rows) - len(rows)
    texts.append((f"total, with {hidden:,} unchanged" if hidden else "total", _amounts(diff.total)))
    title = "Page faults by function" if diff.by == "function" else f"Page faults by function{CALLED_BY}who called it"
    cells = max(cell_width(text) for text in (title, *(name for name, _ in texts)))
    head = [
        clip(f"{side} {_run_text(run)}", width) for side, run in (("before", diff.before), ("after ", diff.after))
    ]
    lines = [(title, [name for name, _ in _COLUMNS]), *texts]
    return "\n".join([*head, "", *(_line(name, columns, min(cells, room)) for name, columns in lines), ""])


def _line(name: str, columns: list[str], room: int) -> str:
    """A line of the table."""
    aligned = (text.rjust(cells) for text, (_, cells) in zip(columns, _COLUMNS, strict=True))
    return " ".join([pad(clip(name, room), room), *aligned]).rstrip()


def _run_text(run: CallerRun) -> str:
    """Process and time that are compared."""
    total = int(run.faults.faults.sum())
    when = f"{run.begin:.1f} to {run.end:.1f} s, {total:,} page faults"
    unseen = "".join(f"; {text}" for text in unseen_texts(run.faults))
    return printable(f"{run.file}, {run.name} {run.pid}, {when}{unseen}")


def _name(diff: CallerDiff, row: CallerRow, width: int) -> str:
    """Name of a function with its line, and its callers as far as they fit."""
    inner = row.frames[0]
    if inner == BEYOND:
        return _UNKNOWN
    name = " ".join(filter(None, (function_text(inner), source_text(inner))))
    if diff.by == "function":
        return f"{name} in {module_text(inner)}" if inner.file and not inner.source else name
    return name + chain_text(row.frames[1:], width - cell_width(name))


def _numbers(row: CallerRow) -> list[str]:
    """Texts of the columns of a row."""
    before, after, change, relative = _amounts(row.faults)
    return [
        "" if row.status == "new" else before,
        "" if row.status == "gone" else after,
        change,
        row.status if row.status in ("new", "gone") else relative,
    ]


def _amounts(found: BeforeAfter) -> list[str]:
    """Texts of numbers of faults."""
    change = found.change or 0
    sign = {1: "+", -1: "−", 0: ""}[(change > 0) - (change < 0)]
    return [count(found.before), count(found.after), f"{sign}{count(abs(change))}" if change else "·", share(found)]


def callers_as_markdown(diff: CallerDiff, *, unchanged: bool) -> str:
    """Format as markdown for a pull request: the totals as a heading, and what changed most."""
    before, after, change, relative = _amounts(diff.total)
    lines = [f"### Page faults {before} → {after}, {change}{f' ({relative})' if relative else ''}", ""]
    lines += [f"{inline_code(_run_text(diff.before))} → {inline_code(_run_text(diff.after))}", ""]
    rows = diff.rows_to_show(unchanged=unchanged)
    if not rows:
        return "\n".join([*lines, "Nothing changed.", ""])
    titles = [f"Page faults by {diff.by}", *(name for name, _ in _COLUMNS)]
    lines += [f"| {' | '.join(titles)} |", f"|:--|{'--:|' * len(_COLUMNS)}"]
    lines += [f"| {' | '.join([inline_code(_name(diff, row, 120)), *_numbers(row)])} |" for row in rows[:MOVERS]]
    if len(rows) > MOVERS:
        lines += ["", f"and {len(rows) - MOVERS} more"]
    return "\n".join([*lines, ""])


def caller_excess_text(limit: Limit, found: BeforeAfter) -> str:
    """Message for an exceeded limit."""
    subject = "in total" if limit.name is None else f"of {printable(limit.name)}"
    before, after, change, relative = _amounts(found)
    grown = f"{change} ({relative})" if relative else change
    return f"page faults {subject} grew from {before} to {after}, {grown}: more than {limit.text}"
