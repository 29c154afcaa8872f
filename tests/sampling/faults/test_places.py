"""In which mapping an address was."""

import numpy as np
from factories import PAGE, mappings_of

from smapstop.model.callers.page_faults import NO_LONGER_MAPPED
from smapstop.sampling.faults.extents import parse_extents
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


def test_a_mapping_that_grew_has_the_addresses_that_it_grew_by() -> None:
    places = FaultPlaces()
    places.read(
        mappings_of((10, 20, "rw-p", "[heap]"), (30, 32), (32, 34, "r--p"), (40, 50), (60, 70), (80, 90)),
        np.array([1, 2, 3, 4, 5, 6]),
    )
    lines = (
        (10, 25, "rw-p"),  # grew
        (28, 32, "rw-p"),  # grew downwards
        (32, 36, "rw-p"),  # became another
        (40, 70, "rw-p"),  # the gap between two was filled
        (80, 85, "rw-p"),  # shrank
        (95, 99, "rw-p"),  # is new
    )
    maps = "".join(f"{PAGE * first:x}-{PAGE * stop:x} {perms} 00000000 00:00 0 \n" for first, stop, perms in lines)
    addresses = np.array([9, 19, 24, 25, 28, 33, 35, 45, 55, 65, 84, 89, 96], np.uint64) * np.uint64(PAGE)

    some = "".join(maps.splitlines(keepends=True)[:3:2])  # it may be asked only for some mappings
    places.grow(parse_extents(some.encode()))
    assert places.find_in_last(addresses).tolist() == [-1, 1, 1, -1, -1, 3, -1, 4, -1, 5, 6, 6, -1]

    places.grow(parse_extents(maps.encode()))
    assert places.find_in_last(addresses).tolist() == [-1, 1, 1, -1, 2, 3, -1, 4, 4, 5, 6, 6, -1]
