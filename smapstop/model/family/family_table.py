"""Table of a family at one moment: a row for each member, in the order of the tree, and sums."""

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.family_log import FamilyLog, MemberHistory
from smapstop.model.family.tree import Place, place_members
from smapstop.model.metrics import Metric

RATE_NS = 3_000_000_000
"""Time over which rates are taken: as many seconds as the ticks of a mapping's rate."""
LINGER_NS = 5_000_000_000
"""Time for which a member that is gone is still shown."""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member at a moment. Amounts are kB; None is unknown."""

    history: MemberHistory
    place: Place
    rss: int | None
    pss: int | None
    uss: int | None
    swap: int | None
    family: int | None
    """Memory that was written and is shared: since a fork, or as shared memory."""
    others: int | None
    """Pages of files that are shared, with any process."""
    change: int | None
    """Change of the metric against the baseline."""
    rate: float | None
    """Change of the metric, kB per second, over the last readings."""
    faults: float | None
    """Page faults per second, over the last readings."""
    age_ns: int | None
    """How long ago its memory was read; None if it never was."""
    is_gone: bool
    is_zombie: bool = False
    """It has ended, and its parent has not reaped it: it has no memory."""

    @property
    def pid(self) -> int:
        """Its pid."""
        return self.history.member.pid

    @property
    def is_readable(self) -> bool:
        """Whether its memory can be read."""
        return not (self.is_gone or self.is_zombie or self.history.missing)


@dataclass(frozen=True, slots=True)
class FamilyTotals:
    """Sums over the members that are there, kB. Each is None while nothing of it is known."""

    processes: int
    rss: int | None
    """Counts a page once for each member that maps it: more than the family takes."""
    pss: int | None
    uss: int | None
    swap_pss: int | None
    unread: int
    """Members whose memory is not known, which the sums lack."""
    zombies: int = 0
    """Members that have ended and are not reaped."""


@dataclass(frozen=True, slots=True)
class FamilyMembers:
    """The family at a moment."""

    rows: tuple[MemberRow, ...]
    totals: FamilyTotals


def family_table(log: FamilyLog, at_ns: int, baseline_ns: int, metric: Metric) -> FamilyMembers:
    """Derive the family at a moment.

    Args:
        log: Its log.
        at_ns: The moment, monotonic clock, ns.
        baseline_ns: The moment to compare with, ns; for a member that came later, its first reading.
        metric: The metric of changes and rates.
    """
    shown = [each for each in log.members if each.is_alive_at(at_ns) or _lingers(each, at_ns)]
    members = [each.member for each in shown]
    places = place_members(
        [member.pid for member in members], [each.ppid for each in shown], [member.start_time for member in members]
    )
    rows = tuple(_row(shown[place.row], place, at_ns, baseline_ns, metric) for place in places)
    return FamilyMembers(rows, _totals([row for row in rows if not row.is_gone], at_ns))


def _lingers(history: MemberHistory, at_ns: int) -> bool:
    """Whether a member is gone, but not for long."""
    return history.gone_ns is not None and history.gone_ns <= at_ns < history.gone_ns + LINGER_NS


def _row(history: MemberHistory, place: Place, at_ns: int, baseline_ns: int, metric: Metric) -> MemberRow:
    """Row of a member."""
    point = history.point_at(at_ns)
    amounts = {name: history.value_of(name, point) for name in ("rss", "pss", "uss", "swap", "family", "others")}
    before = None if point is None else history.point_at(max(baseline_ns, int(history.times_ns[0])))
    first = None if point is None else history.point_at(max(at_ns - RATE_NS, int(history.times_ns[0])))
    return MemberRow(
        history=history,
        place=place,
        **amounts,
        change=_difference(history.value_of(metric, before), history.value_of(metric, point)),
        rate=_rate(history, metric, first, point),
        faults=_rate(history, "faults", first, point),
        age_ns=None if point is None else at_ns - int(history.times_ns[point]),
        is_gone=not history.is_alive_at(at_ns),
        is_zombie=history.is_zombie_at(at_ns),
    )


def _difference(before: int | None, after: int | None) -> int | None:
    """Difference of two amounts; None if one is unknown."""
    return None if before is None or after is None else after - before


def _rate(history: MemberHistory, name: str, first: int | None, last: int | None) -> float | None:
    """Change per second from one point to another; None without two of them that know the amount.

    A member that was not read again, since nothing showed that it changed, has not changed.
    """
    if first is None or last is None:
        return None
    if first == last:
        return None if last == 0 else 0.0
    moved = _difference(history.value_of(name, first), history.value_of(name, last))
    seconds = int(history.times_ns[last] - history.times_ns[first]) / 1e9
    return None if moved is None else moved / seconds


def _totals(rows: list[MemberRow], at_ns: int) -> FamilyTotals:
    """Sums over members."""
    return FamilyTotals(
        processes=len(rows),
        rss=_sum([row.rss for row in rows]),
        pss=_sum([row.pss for row in rows]),
        uss=_sum([row.uss for row in rows]),
        swap_pss=_sum([row.history.value_at("swap_pss", at_ns) for row in rows]),
        unread=sum(row.pss is None and not row.is_zombie for row in rows),
        zombies=sum(row.is_zombie for row in rows),
    )


def _sum(amounts: list[int | None]) -> int | None:
    """Sum of the known amounts; None if none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
