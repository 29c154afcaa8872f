"""The table of mappings: those that moved most first, then the largest, each with its history."""

import numpy as np
from numpy.typing import NDArray

from smapstop.export.html.recorded_run import RecordedRun
from smapstop.export.html.svg_paths import spark_path
from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.kinds import Kind
from smapstop.model.mapping_rows import find_rows
from smapstop.model.short_names import base_name
from smapstop.model.tick import Ids
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.view.row_names import row_name
from smapstop.text import format as fmt
from smapstop.text.kinds import letter_of
from smapstop.text.mapping_detail import title_of
from smapstop.text.mechanisms import event_verdict

MAX_ROWS = 250
_SPARK_CELLS = 60
_MOST_VERDICTS = 2


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A row. Amounts are of Rss, kB; -1 where the mapping was not there."""

    mapping: int
    kind: Kind
    letter: str
    name: str
    full_name: str
    perms: str
    start_kb: int
    start: str
    end_kb: int
    end: str
    change_kb: int
    change: str
    peak_kb: int
    peak: str
    history: str
    """Path data of its history; empty if it never changed."""
    what: str
    """What moved its pages."""
    state: str
    """ "new" or "gone", or "came and went"; empty for one that was there all the time."""


@dataclass(frozen=True, slots=True)
class MoverTable:
    """Rows, and what is left out."""

    rows: tuple[MappingRow, ...]
    left_out: str
    """How many are left out, and how much they have; empty if none are."""


def mapping_table(run: RecordedRun) -> MoverTable:
    """Build the table of a run."""
    before, after = run.view.diff.before, run.view.snapshot
    ids = np.unique(np.concatenate([before.ids, after.ids, run.sums.largest(MAX_ROWS)]))
    start, end = (_rss_at(snapshot, ids) for snapshot in (before, after))
    peak = np.maximum(run.sums.peaks_kb(ids), np.maximum(start, end))
    change = np.maximum(end, 0) - np.maximum(start, 0)
    moved = np.maximum(np.abs(change), peak - np.maximum(np.maximum(start, end), 0))
    order = np.lexsort((ids, -end, -moved))
    room = min(MAX_ROWS, int(np.count_nonzero(peak > 0)))  # those that never had memory come last
    shown, others = order[:room], order[room:]
    amounts = zip(*(column[shown].tolist() for column in (start, end, peak)), strict=True)
    histories, verdicts = _histories(run, ids[shown]), _verdicts(run, ids[shown].tolist())
    rows = tuple(
        _row(run, mapping, (start_kb, end_kb, peak_kb), history, what)
        for mapping, (start_kb, end_kb, peak_kb), history, what in zip(
            ids[shown].tolist(), amounts, histories, verdicts, strict=True
        )
    )
    return MoverTable(rows, _left_out_text(end[others], change[others]))


def _rss_at(snapshot: MapSnapshot, ids: Ids) -> NDArray[np.int64]:
    """Rss of mappings in a snapshot, kB; -1 for those that it does not have, or where it is unknown."""
    rss, rows = snapshot.mappings.get("rss"), find_rows(snapshot.ids, ids)
    if rss is None or not len(rss):
        return np.full(len(ids), -1, np.int64)
    found: NDArray[np.int64] = np.where(rows >= 0, rss[np.maximum(rows, 0)], -1)
    return found


def _histories(run: RecordedRun, ids: Ids) -> list[str]:
    """Path data of the histories of mappings; empty where nothing changed."""
    timeline, window = run.timeline, run.view.window
    series = timeline.queries.series(ids, "rss", window.first, window.last + 1)
    cells = min(_SPARK_CELLS, series.shape[1])
    sampled = series[:, window.last_in_cells(cells)]
    sampled[:, 0] = series[:, 0]
    changing = np.fmax.reduce(sampled, axis=1) > np.fmin.reduce(sampled, axis=1)
    return [spark_path(values) if moves else "" for values, moves in zip(sampled, changing.tolist(), strict=True)]


def _verdicts(run: RecordedRun, ids: list[int]) -> list[str]:
    """What moved the pages of mappings, the largest first."""
    events = run.sums.events_of(ids)
    return [" · ".join(event_verdict(event) for event in events[mapping][:_MOST_VERDICTS]) for mapping in ids]


def _row(run: RecordedRun, mapping: int, amounts: tuple[int, int, int], history: str, what: str) -> MappingRow:
    """Build a row; the amounts are at the start, at the end, and the highest."""
    start_kb, end_kb, peak_kb = amounts
    kind, name, full_name, perms = _identity(run, mapping)
    change_kb = max(end_kb, 0) - max(start_kb, 0)
    was, is_there = (snapshot.row_of(mapping) is not None for snapshot in (run.view.diff.before, run.view.snapshot))
    states = {(True, False): "gone", (False, True): "new", (False, False): "came and went"}
    return MappingRow(
        mapping=mapping,
        kind=kind,
        letter=letter_of(kind),
        name=name,
        full_name=full_name,
        perms=perms,
        start_kb=start_kb,
        start=fmt.amount(start_kb) if was else "",
        end_kb=end_kb,
        end=fmt.amount(end_kb) if is_there else "",
        change_kb=change_kb,
        change=fmt.signed(change_kb),
        peak_kb=peak_kb,
        peak=fmt.amount(peak_kb),
        history=history,
        what=what,
        state=states.get((was, is_there), ""),
    )


def _identity(run: RecordedRun, mapping: int) -> tuple[Kind, str, str, str]:
    """Kind, short name, full name and permissions of a mapping, at its last tick."""
    table = run.view.mappings
    rows = np.flatnonzero(table.ids == mapping)
    if len(rows):
        row = int(rows[0])
        name = table.texts[int(table.name[row])]
        perms = table.texts[int(table.perms[row])]
        shown = fmt.printable(row_name(table, row))
        return list(Kind)[int(table.kind[row])], shown, fmt.printable(name) or shown, fmt.printable(perms)
    history = MappingHistory(run.timeline, mapping)
    if not history.states:
        return Kind.ANONYMOUS, "no longer known", "no longer known", ""
    state = history.states[-1]
    kind, title = title_of(state, None)
    return kind, base_name(title), title, fmt.printable(state.perms)


def _left_out_text(end_kb: NDArray[np.int64], change_kb: NDArray[np.int64]) -> str:
    """How many mappings are left out, and how much they have."""
    if not len(end_kb):
        return ""
    total, moved = int(np.maximum(end_kb, 0).sum()), fmt.signed(int(change_kb.sum()))
    changed = "" if moved == fmt.STILL else f" ({moved})"
    has = f"with {fmt.amount(total)} together{changed}" if total or changed else "without resident memory"
    return f"{len(end_kb):,} more mappings, {has}, are left out: smapstop replay shows all."
