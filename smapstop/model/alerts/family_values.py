"""Values that an alert about a family compares, and the process behind an alert."""

from collections.abc import Sequence
from dataclasses import replace

from smapstop.lazy_dataclass import dataclass
from smapstop.model.alerts.expression import Alert, AlertTerm
from smapstop.model.alerts.limits import limit_of
from smapstop.model.alerts.ticks import AlertTicks
from smapstop.model.family.family_log import FamilyLog, MemberHistory
from smapstop.model.timeline.rates import rate_seconds
from smapstop.model.view.view import RATE_TICKS
from smapstop.proc.program_title import title_of

Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class _Moment:
    """When the values of an alert are wanted."""

    at_ns: int
    """Time of the tick, monotonic clock, ns."""
    since_ns: int
    """Time of the tick since which rates are."""
    seconds: float | None
    """Seconds between them; None without a rate."""
    first_ns: int
    """First reading of the family: who was there then did not come, it was only seen then."""


def family_values_at(alert: Alert, log: FamilyLog, ticks: AlertTicks, number: int) -> Values:
    """Values of the terms at a tick, in the units of their thresholds; None where that is not known.

    Sums are of the processes whose memory is known, so at least that; for a comparison with less they are not known
    while one is missing. Of any process, the values are those of the one for which most terms hold.
    """
    moment = _moment(log, ticks, number)
    if log.last is None or moment.at_ns < moment.first_ns:  # it was not read yet: that is not nobody
        return (None,) * len(alert.terms)
    members = _members_at(alert, log, moment.at_ns)
    limits = [limit_of(term, ticks.header(number)) if term.of_limit else 1 for term in alert.terms]
    absolute = tuple(
        replace(term, threshold=term.threshold * (limit or 0))
        for term, limit in zip(alert.terms, limits, strict=True)
    )
    if alert.scope == "family":
        values: Values = tuple(_sum(term, members, moment) for term in absolute)
    else:
        worst = _worst_at(absolute, alert.main_term, members, moment)
        values = (None,) * len(absolute) if worst is None else _values_of(absolute, worst, moment)
    pairs = zip(values, limits, strict=True)
    return tuple(value / limit if value is not None and limit else None for value, limit in pairs)


def unread_at(alert: Alert, log: FamilyLog, at_ns: int) -> tuple[int, int]:
    """Processes that an alert is about whose memory is not known, and all of them."""
    members = _members_at(alert, log, at_ns)
    return sum(member.value_at(alert.metric, at_ns) is None for member in members), len(members)


@dataclass(frozen=True, slots=True)
class FamilyCause:
    """The process whose memory grew most, or shrank most if the alert is about an amount that falls."""

    member: MemberHistory
    kb: int
    """Its change of the alert's metric, kB."""
    total_kb: int
    """Change of all that the alert is about, kB."""
    since: int
    """Tick since which the changes are; a process that came later began with nothing."""


def family_cause_of(alert: Alert, log: FamilyLog, ticks: AlertTicks, since: int, number: int) -> FamilyCause | None:
    """Find which process did it; of an alert about any one process, the one that it is about. None if unknown."""
    moment = _moment(log, ticks, number)
    begin_ns, members = _header_ns(ticks, since), _members_at(alert, log, moment.at_ns)
    changes = {member.member.key: _change(member, alert.metric, begin_ns, moment) for member in members}
    total = sum(changes.values())
    if alert.scope == "member":
        worst = _worst_at(alert.terms, alert.main_term, members, moment)
        return None if worst is None else FamilyCause(worst, changes[worst.member.key], total, since)
    sign = -1 if alert.main_term.than[0] == "<" else 1
    most = max(members, key=lambda each: sign * changes[each.member.key], default=None)
    if most is None or sign * changes[most.member.key] <= 0:
        return None
    return FamilyCause(most, changes[most.member.key], total, since)


def _header_ns(ticks: AlertTicks, number: int) -> int:
    """Time of a tick, or of the oldest that is known."""
    return ticks.header(max(ticks.oldest, number)).monotonic_ns


def _moment(log: FamilyLog, ticks: AlertTicks, number: int) -> _Moment:
    """The moment of a tick."""
    before, tick = ticks.header(max(ticks.oldest, number - RATE_TICKS)), ticks.header(number)
    return _Moment(tick.monotonic_ns, before.monotonic_ns, rate_seconds(before, tick), log.first_tick_ns)


def _members_at(alert: Alert, log: FamilyLog, at_ns: int) -> list[MemberHistory]:
    """Processes that an alert is about and that are there at a moment."""
    words = alert.part.casefold().split()
    return [
        each
        for each in log.members
        if each.is_alive_at(at_ns)
        and not each.is_zombie_at(at_ns)
        and (not words or all(word in _name_of(each) for word in words))
    ]


def _name_of(history: MemberHistory) -> str:
    """Text of a process in which the words of an alert are searched."""
    member = history.member
    return f"{member.pid} {title_of(member.name, member.command_line)}".casefold()


def _sum(term: AlertTerm, members: Sequence[MemberHistory], moment: _Moment) -> float | None:
    """Value of a term about the sum over processes."""
    if term.quantity == "processes":
        return float(len(members))
    values = [_value_of(term, each, moment) for each in members]
    known = [value for value in values if value is not None]
    is_enough = bool(known) and (len(known) == len(values) or term.than[0] == ">")
    return sum(known) if is_enough else None


def _values_of(terms: Sequence[AlertTerm], member: MemberHistory, moment: _Moment) -> Values:
    """Values of all terms of one process."""
    return tuple(_value_of(term, member, moment) for term in terms)


def _worst_at(
    terms: Sequence[AlertTerm], main_term: AlertTerm, members: Sequence[MemberHistory], moment: _Moment
) -> MemberHistory | None:
    """The process for which most terms hold, and of several, that whose main value is most; None without any."""
    main = next(at for at, term in enumerate(terms) if term.text == main_term.text)
    sign = -1 if main_term.than[0] == "<" else 1

    def rank(member: MemberHistory) -> tuple[int, float]:
        values = _values_of(terms, member, moment)
        held = sum(value is not None and term.holds(value) for term, value in zip(terms, values, strict=True))
        value = values[main]
        return held, float("-inf") if value is None else sign * value

    return max(members, key=rank, default=None)


def _value_of(term: AlertTerm, member: MemberHistory, moment: _Moment) -> float | None:
    """Value of a term about one process."""
    name = "faults" if term.quantity == "faults" else term.field
    now = member.value_at(name, moment.at_ns)
    if term.quantity == "amount" or now is None:
        return now
    was = member.value_at(name, moment.since_ns)
    if was is None and _came_after(member, moment.since_ns, moment):
        was = 0
    return None if was is None or moment.seconds is None else (now - was) / moment.seconds


def _change(member: MemberHistory, name: str, begin_ns: int, moment: _Moment) -> int:
    """Change of an amount since a time, or since it was first read; of a process that came later, all of it."""
    now = member.value_at(name, moment.at_ns)
    if now is None:
        return 0
    was = 0 if _came_after(member, begin_ns, moment) else None
    if was is None:
        was = member.value_at(name, max(begin_ns, int(member.times_ns[0])))
    return 0 if was is None else now - was


def _came_after(member: MemberHistory, time_ns: int, moment: _Moment) -> bool:
    """Whether a process started after a time, and was not merely discovered then."""
    return member.first_ns > max(time_ns, moment.first_ns)
