"""What is known of a fleet: processes that come and go, their totals, and the groups of all of one name."""

from typing import Any

from factories import SECOND_NS, mappings_of, tick_of

from smapstop.model.fleet.figures import FleetFigures
from smapstop.model.fleet.fleet_log import FleetLog, FleetMember
from smapstop.model.fleet.top_groups import OTHER


def member(pid: int, process: str = "web", name: str = "python3") -> FleetMember:
    return FleetMember((pid, 100), process, name, 1000.0)


def log_of(*members: FleetMember, **settings: Any) -> FleetLog:
    log = FleetLog(FleetFigures(("web", "db")), "name", settings.get("top", 20))
    log.set_members(members, SECOND_NS)
    return log


def test_a_fleet_without_processes_has_its_names() -> None:
    figures = FleetLog(FleetFigures(("web", "db")), "kind", 20).figures()
    assert (figures.names, figures.processes, figures.scanned_ns) == (("web", "db"), (), 0)


def test_processes_come_and_go_and_their_slots_stay() -> None:
    log = log_of(member(1), member(2), member(3, "db"))
    log.add_totals((2, 100), {"rss": 12}, 5, (1, 2))
    log.set_members([member(2, name="gunicorn"), member(4)], 2 * SECOND_NS)
    figures = log.figures()
    assert [(each.pid, each.process, each.slot, each.name) for each in figures.processes] == [
        (2, "web", 1, "gunicorn"),
        (4, "web", 0, "python3"),
    ]
    known, new = figures.processes
    assert (known.totals, known.read_ns, known.minor_faults, known.major_faults) == ({"rss": 12}, 5, 1, 2)
    assert (new.totals, new.read_ns, new.maps) == ({}, 0, None)
    assert figures.scanned_ns == 2 * SECOND_NS


def test_what_is_said_of_a_process_that_is_gone_is_ignored() -> None:
    log = log_of(member(1))
    log.add_totals((2, 100), {"rss": 12}, 5, (1, 2))
    log.add_tick((2, 100), tick_of(0, mappings_of((1, 2)), [0]))
    assert [each.pid for each in log.figures().processes] == [1]


def test_a_pid_that_is_used_again_is_another_process() -> None:
    log = log_of(member(1))
    log.add_totals((1, 100), {"rss": 12}, 5, (1, 2))
    log.set_members([FleetMember((1, 200), "web", "python3", 2000.0)], 2 * SECOND_NS)
    (process,) = log.figures().processes
    assert (process.totals, process.started_s) == ({}, 2000.0)


def test_all_processes_of_a_name_have_the_same_groups() -> None:
    log = log_of(member(1), member(2), member(3, "db"), top=1)
    log.add_tick((1, 100), tick_of(0, mappings_of((1, 9, "r--p", "/a", 8), (9, 99, "r--p", "/b", 300)), [0, 1]))
    log.add_tick((2, 100), tick_of(0, mappings_of((1, 99, "r--p", "/a", 60), (99, 109, "r--p", "/b", 40)), [0, 1]))
    log.add_tick((3, 100), tick_of(0, mappings_of((1, 99, "r--p", "/c", 1)), [0]))
    groups = {(each.process, each.slot): each.maps and set(each.maps.groups) for each in log.figures().processes}
    assert groups == {("web", 0): {"/b", OTHER}, ("web", 1): {"/b", OTHER}, ("db", 0): {"/c"}}


def test_time_that_readings_took_adds_up() -> None:
    log = log_of()
    log.add_cost(3)
    log.add_cost(4)
    assert log.figures().cost_ns == 7
