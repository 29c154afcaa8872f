"""In which mapping an address was."""

import numpy as np
from factories import PAGE, mappings_of

from smapstop.model.callers.page_faults import NO_LONGER_MAPPED
from smapstop.sampling.faults.places import FaultPlaces


def test_address_is_in_the_map_or_in_the_one_before() -> None:
    places = FaultPlaces()
    addresses = np.array([0, 10, 19, 20, 31, 40, 2**40], np.uint64) * np.uint64(PAGE)
    none = [NO_LONGER_MAPPED] * 7

    assert places.find(addresses).tolist() == none

    places.read(mappings_of((10, 20), (30, 32)), np.array([5, 6]))
    assert places.find(addresses).tolist() == [-1, 5, 5, -1, 6, -1, -1]

    places.read(mappings_of((15, 25)), np.array([7]))
    assert places.find(addresses).tolist() == [-1, 5, 7, 7, 6, -1, -1]

    assert places.find_in_last(addresses).tolist() == [-1, -1, 7, 7, -1, -1, -1]

    last = mappings_of()
    places.read(last, np.zeros(0, np.int64))
    places.read(last, np.zeros(0, np.int64))  # at the end there is no new one
    assert places.find(addresses).tolist() == [-1, -1, 7, 7, -1, -1, -1]
    assert places.find(addresses[:0]).tolist() == []
