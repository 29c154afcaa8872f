"""Alerts as they are typed: an alert that says the same when it is parsed again, or one line about what is wrong."""

import math
from collections.abc import Iterator

from factories import mappings_of, tick_of, timeline_of

from smapstop.cli.output import sanitize_line
from smapstop.errors import SmapstopError
from smapstop.model.alerts.expression import CLEARING, parse_alert
from smapstop.model.alerts.states import AlertWatch
from smapstop.text.alerts import alert_line, unknown_text

ROWS = mappings_of((1, 9, "rw-p", "[heap]", 32), (10, 12, "r-xp", "/lib/libfoo.so", 8))


def check(data: bytes) -> None:
    """Parse an alert, and have it decided for a small process."""
    try:
        alert = parse_alert(data.decode("utf-8", "surrogateescape"))
    except SmapstopError as error:
        assert error.what
        assert error.remedy
        assert sanitize_line(str(error)).isprintable()
        return
    assert parse_alert(alert.text) == alert
    for term in alert.terms:
        assert math.isfinite(term.threshold)
        assert not (
            term.holds(term.threshold * (1 - CLEARING)) and term.is_cleared_by(term.threshold * (1 - CLEARING))
        )
    ticks = [tick_of(number, ROWS, [1, 2], keyframe=True, totals={"rss": 40}) for number in range(3)]
    watch = AlertWatch([alert], timeline_of(*ticks))
    for raised, state in watch.update():
        assert sanitize_line(alert_line(raised, state, watch.ticks)).isprintable()
    assert sanitize_line(unknown_text(alert, watch.timeline)).isprintable() or not unknown_text(alert, watch.timeline)


def seeds() -> Iterator[bytes]:
    """Alerts that are right, and some that are wrong."""
    yield from (b"rss>500M", b"uss>80%limit", b"rate>5M/s for 30s", b"rate(uss)>=1.5GiB/s", b"mappings>80%limit")
    yield from (
        b"kind:heap rss>100M",
        b"libfoo rss>10k !perm:w for 5min",
        b"faults/s>1000 limit>90%",
        b"rss<10 pss!=4",
    )
    yield from (b"rss>", b"for", b"rss>5M for", b"rss>80%", b"limit>90", b"!rss>5M", b"family pss>1G", b"rrs>5M", b"")
    yield from (b"libfoo faults/s>5", b"purpose:x rss>5", b"\xff rss>1", b"0x1000 swap>0 for 0ms", b"rate()>5M")
