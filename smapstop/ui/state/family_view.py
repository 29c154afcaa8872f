"""The family at the moment that the dashboard shows. Independent of Textual."""

from collections.abc import Mapping

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.sharing import SharedMapping
from smapstop.model.metrics import Metric
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.family import FamilyMoment, family_format
from smapstop.text.family_band import begin_of_curves
from smapstop.text.status import baseline_text
from smapstop.ui.state.session import Session


@dataclass(frozen=True, slots=True, eq=False)
class FamilyView:
    """The family at a moment, and its mappings."""

    moment: FamilyMoment
    wall_ns: int
    """The moment, wall clock, ns."""
    before_ns: int
    """The moment to compare with, monotonic clock, ns."""
    window_ns: tuple[int, int]
    """The time that is shown, monotonic clock, ns: up to the moment, or while it is paused, maybe beyond it."""
    is_paused: bool
    """Whether it stays at the moment."""
    is_live: bool
    """Whether the moment is now."""
    has_range: bool
    """Whether the user has selected the time between these moments."""
    compared: Mapping[int, Timeline]
    """Timelines of the target and of those that are sampled, by pid, in the order of the columns."""
    shared: list[SharedMapping]
    """The mappings that several of these have."""
    baseline: str
    """What the family is compared with, as text."""


def derive_family_view(session: Session, metric: Metric) -> FamilyView | None:
    """Derive the family at the moment that a session shows; None before its first reading.

    Args:
        session: The session.
        metric: The metric of changes, rates and histories.
    """
    family, state, view = session.family, session.view_state, session.view
    log = family.log
    if log.last is None or view is None:
        return None
    now, is_paused = view.snapshot.tick if state.at is not None else log.last, state.at is not None
    is_first = state.baseline == "previous"  # members are read in turn: not the tick before
    before_ns = log.first_tick_ns if is_first else view.diff.before.tick.monotonic_ns
    moment, at_ns = _moment_at(session, view, now.monotonic_ns, before_ns, metric), now.monotonic_ns
    pids = (session.target_pid, *family.sampled)
    compared = {pid: moment.timelines[pid] for pid in pids if pid in moment.timelines}
    held_ns = view.window.begin_ns, max(view.window.end_ns, at_ns)
    return FamilyView(
        moment=moment,
        wall_ns=now.wall_ns,
        before_ns=before_ns,
        window_ns=held_ns if is_paused else (moment.begin_ns, at_ns),
        is_paused=is_paused,
        is_live=not is_paused and not session.is_over,
        has_range=state.baseline == "range",
        compared=compared,
        shared=family.shared_mappings(compared, at_ns, before_ns),
        baseline=f"since {fmt.clock(log.first_wall_ns)}" if is_first else baseline_text(view, session.timeline),
    )


def _moment_at(session: Session, view: View, at_ns: int, before_ns: int, metric: Metric) -> FamilyMoment:
    """What is needed to describe the members at a moment, compared with one before; monotonic clock, ns."""
    log, table = session.family.log, session.family.table(at_ns, before_ns, metric)
    return FamilyMoment(
        table,
        at_ns,
        begin_of_curves(view, at_ns),
        metric,
        _timelines(session),
        family_format(view, table),
        log.first_wall_ns if at_ns < log.first_tick_ns else None,
    )


def _timelines(session: Session) -> dict[int, Timeline]:
    """Timelines of the target and of the members that are sampled, by pid."""
    run = session.runs.newest
    timelines = {pid: each.timeline for pid, each in session.family.runs.items() if len(each.timeline)}
    return timelines if run is None else {run.target.pid: run.timeline} | timelines
