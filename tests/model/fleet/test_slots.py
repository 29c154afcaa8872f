"""Slots: small numbers, the same for a process as long as it is there, free again when it has ended."""

from smapstop.model.fleet.slots import SlotTable


def test_processes_of_a_name_have_the_lowest_free_numbers() -> None:
    table = SlotTable()
    assert table.assign({1: "a", 2: "a", 3: "b"}) == {1: 0, 2: 1, 3: 0}
    assert table.assign({2: "a", 3: "b", 4: "a", 5: "a"}) == {2: 1, 3: 0, 4: 0, 5: 2}


def test_restarts_make_no_new_numbers() -> None:
    table = SlotTable()
    used = {
        slot
        for start in range(0, 1000, 3)
        for slot in table.assign(dict.fromkeys(range(start, start + 4), "a")).values()
    }
    assert used == {0, 1, 2, 3}


def test_a_process_that_is_asked_for_by_another_name_is_a_new_one() -> None:
    table = SlotTable()
    table.assign({1: "a", 2: "a"})
    assert table.assign({1: "b", 2: "a"}) == {1: 0, 2: 1}
