"""Events as columns and one by one."""

import numpy as np

from smapstop.model.events import COST_OF, MECHANISMS, Cost, Event, Events, Mechanism, costs_of

COW, TOUCH = MECHANISMS.index("copy-on-write"), MECHANISMS.index("first-touch")
EVENTS = Events(
    mapping=np.array([3, 8, 3, 5]),
    what=np.array([TOUCH, COW, COW, TOUCH], np.int8),
    kb=np.array([8, 4, 12, 16]),
    sure=np.array([True, True, False, True]),
)


def test_names_belong_to_what_was_copied_on_write() -> None:
    named = EVENTS.with_names({3: ("page1", "wide"), 5: ("untouched",)})
    assert [event.names for event in named] == [(), (), ("page1", "wide"), ()]
    assert [event.names for event in EVENTS] == [()] * 4


def test_every_mechanism_has_a_cost() -> None:
    assert COST_OF.keys() == set(MECHANISMS)
    assert costs_of(np.array([TOUCH, len(MECHANISMS)])).tolist() == [Cost.MEMORY, Cost.ADDRESSES]


def test_what_costs_memory_comes_before_what_costs_nothing_however_much_that_is() -> None:
    names: list[Mechanism] = ["sole-owner", "swap-out", "swap-in", "copy-on-write", "first-touch"]
    events = Events(
        mapping=np.zeros(5, np.int64),
        what=np.array([MECHANISMS.index(name) for name in names], np.int8),
        kb=np.array([3600, 400, 40, 4, 8]),
        sure=np.ones(5, bool),
    )
    assert [event.what for event in events.of_mapping(0)] == names[::-1]


def test_events_of_a_mapping_have_their_names_the_biggest_first() -> None:
    named = EVENTS.with_names({3: ("page1",), 8: ("other",)})
    assert named.of_mapping(3) == [
        Event(3, "copy-on-write", 12, 3, False, ("page1",)),
        Event(3, "first-touch", 8, 2, True),
    ]
    assert named.of_mapping(8) == [Event(8, "copy-on-write", 4, 1, True, ("other",))]
    assert named.of_mapping(4) == []
