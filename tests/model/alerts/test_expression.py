"""What may be written as an alert, and when a value clears it."""

import pytest

from smapstop.errors import SmapstopError
from smapstop.model.alerts.expression import Alert, AlertTerm, parse_alert

MIB = 1 << 10
"""In kB."""


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("rss>500M", AlertTerm("rss>500M", "amount", "rss", ">", 500 * MIB)),
        ("Swap<=4096", AlertTerm("Swap<=4096", "amount", "swap", "<=", 4096)),
        ("anon>1.5GiB", AlertTerm("anon>1.5GiB", "amount", "anonymous", ">", 1536 * MIB)),
        ("uss>80%limit", AlertTerm("uss>80%limit", "amount", "uss", ">", 0.8, of_limit=True)),
        ("rate>5M/s", AlertTerm("rate>5M/s", "rate", "rss", ">", 5 * MIB)),
        ("rate(uss)<-5M", AlertTerm("rate(uss)<-5M", "rate", "uss", "<", -5 * MIB)),
        ("mappings>60k", AlertTerm("mappings>60k", "mappings", "", ">", 60_000)),
        ("mappings>90%limit", AlertTerm("mappings>90%limit", "mappings", "", ">", 0.9, of_limit=True)),
        ("faults/s>1000", AlertTerm("faults/s>1000", "faults", "", ">", 1000)),
        ("limit>90%", AlertTerm("limit>90%", "limit", "", ">", 0.9)),
    ],
)
def test_terms(text: str, term: AlertTerm) -> None:
    assert parse_alert(text) == Alert(text, (term,))


def test_terms_a_part_and_a_time_stand_in_any_order() -> None:
    alert = parse_alert("kind:heap  rss>100M for 1.5m !perm:x rate>1M/s")
    assert [term.text for term in alert.terms] == ["rss>100M", "rate>1M/s"]
    assert (alert.part, alert.hold_ns) == ("kind:heap !perm:x", 90 * 10**9)
    assert alert.text == "kind:heap rss>100M for 1.5m !perm:x rate>1M/s"
    assert alert.main_term.text == "rate>1M/s"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "alert '' compares nothing: write it as rss>500M"),
        ("libfoo", "alert 'libfoo' compares nothing"),
        ("rss>500X", "word 1: invalid amount in 'rss>500X': write it as rss>500M"),
        ("pss>1 rss>", "word 2: invalid amount in 'rss>'"),
        ("rrs>5M", "no amount 'rrs': did you mean rss"),
        ("rate(x)>5M", "no amount 'x'"),
        ("kernel_page_size>5M", "no amount 'kernel_page_size'"),
        ("rss>80%", "'rss>80%' is a percentage of nothing: write it as rss>80%limit"),
        ("rate>5%limit", "'rate>5%limit' is a percentage of nothing: write it as rate>5M/s"),
        ("limit>90", "wrong unit in 'limit>90': write it as limit>90%"),
        ("rss>5M/s", "wrong unit in 'rss>5M/s'"),
        ("rss>5M for", "word 2: no time after 'for': for 30s, 5m, 1h"),
        ("rss>5M for ever", "word 2: no time 'ever' after 'for'"),
        ("rss>5M for 1s for 2s", "word 4: 'for' stands there twice"),
        ("!rss>5M", "'!rss>5M' negates a comparison: turn it round"),
        ("kind:x rss>5M", "word 1: no kind 'x' in the filter"),
        ("family rss>1G", "a sum of rss over a family counts shared pages more than once: family pss>1G, or"),
        ("family anon>1G", "word 2: a family has no 'anon': pss, uss, swap_pss, rate, faults/s"),
        ("member mappings>5", "a member has no 'mappings': rss, pss"),
        ("member kind:heap uss>5M", "'kind:heap' does not choose processes: name some by words in their names"),
        ("family member pss>5M", "'member' does not choose processes"),
        ("processes>5", "'processes' is about a family: family processes>50"),
        ("libfoo faults/s>5", "faults/s>5 is of the whole process: leave out libfoo"),
        ("libfoo rss_file>5M", "rss_file>5M is of the whole process: leave out libfoo"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_an_example(text: str, error: str) -> None:
    with pytest.raises(SmapstopError) as raised:
        parse_alert(text)
    assert error in str(raised.value)


@pytest.mark.parametrize(
    ("text", "above", "near", "clear"),
    [
        ("rss>100", 101, 96, 95),
        ("rss>=100", 100, 95.5, 95),
        ("rss<100", 99, 104, 105),
        ("rate<-100", -101, -96, -95),
        ("rate>-100", -99, -104, -105),
    ],
)
def test_an_alert_is_cleared_only_well_on_the_other_side(text: str, above: float, near: float, clear: float) -> None:
    (term,) = parse_alert(text).terms
    assert [term.holds(value) for value in (above, near, clear)] == [True, False, False]
    assert [term.is_cleared_by(value) for value in (above, near, clear)] == [False, False, True]


def test_a_threshold_of_nothing_and_an_exact_one_are_cleared_when_they_do_not_hold() -> None:
    for text, value, other in (("swap>0", 4, 0), ("rss=100", 100, 99), ("rss!=100", 99, 100)):
        (term,) = parse_alert(text).terms
        assert (term.holds(value), term.is_cleared_by(value), term.is_cleared_by(other)) == (True, False, True)


@pytest.mark.parametrize(
    ("text", "scope", "part", "fields"),
    [
        ("family pss>1G", "family", "", ["pss"]),
        ("worker 4711 uss>5M family for 30s", "family", "worker 4711", ["uss"]),
        ("member rss>500M rate(uss)>1M", "member", "", ["rss", "uss"]),
        ("family rate>5M/s processes>=5", "family", "", ["pss", ""]),
        ("rss>500M", "process", "", ["rss"]),
    ],
)
def test_alerts_about_families(text: str, scope: str, part: str, fields: list[str]) -> None:
    alert = parse_alert(text)
    assert (alert.scope, alert.part, [term.field for term in alert.terms]) == (scope, part, fields)
    assert parse_alert(alert.text) == alert
