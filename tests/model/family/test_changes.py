"""What is new in a reading: who came or went, whose memory was read again, and who is another program now."""

from dataclasses import replace

import numpy as np
from model.family.readings import reading_of

from smapstop.model.family.changes import FamilyChange, FamilyChanges
from smapstop.model.family.reading import FamilyMember

MEMBERS = {10: {"rss": 1}, 11: {"rss": 2}, 12: {"rss": 3}}


def test_only_what_is_new_counts() -> None:
    changes = FamilyChanges()
    first = reading_of(1, MEMBERS, new=(10, 11, 12))
    assert changes.update(first) == FamilyChange((0, 1, 2), (), first.new)
    same = reading_of(2, MEMBERS, read=dict.fromkeys(MEMBERS, 1))
    assert not changes.update(same)
    assert changes.update(reading_of(3, MEMBERS, read={10: 1, 12: 1})) == FamilyChange((1,), (), ())


def test_who_went_and_who_has_another_parent() -> None:
    changes = FamilyChanges()
    changes.update(reading_of(1, MEMBERS, new=(10, 11, 12)))
    left = reading_of(2, {11: {}, 12: {}}, read={11: 1, 12: 1})
    assert changes.update(replace(left, ppids=np.array([1, 10]))) == FamilyChange((0,), ((10, 10),), ())
    assert changes.update(left) == FamilyChange((1,), (), ())


def test_a_member_that_is_reported_again_is_new_only_if_it_changed() -> None:
    changes = FamilyChanges()
    changes.update(reading_of(1, MEMBERS, new=(10, 11, 12)))
    again = reading_of(2, MEMBERS, new=(10, 11, 12), read=dict.fromkeys(MEMBERS, 1))
    assert not changes.update(again)
    other = FamilyMember(11, 11, "other", (), None)
    assert changes.update(replace(again, new=(other,))) == FamilyChange((), (), (other,))


def test_why_memory_cannot_be_read_is_news() -> None:
    changes = FamilyChanges()
    changes.update(reading_of(1, MEMBERS, new=(10, 11, 12)))
    same = reading_of(2, MEMBERS, read=dict.fromkeys(MEMBERS, 1))
    assert changes.update(replace(same, missing=((12, "not permitted"),))) == FamilyChange((2,), (), ())
