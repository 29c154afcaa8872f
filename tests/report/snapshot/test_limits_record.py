"""Limits as JSON."""

import json

import pytest
from factories import cgroup_memory, mappings_of

from smapstop.proc.limits import NO_LIMITS, Limits
from smapstop.report.snapshot.limits_record import limits_of_record, limits_record


@pytest.mark.parametrize("limits", [NO_LIMITS, Limits(65530, rlimit_memlock=0, cgroup=cgroup_memory())])
def test_limits_come_back_from_json(limits: Limits) -> None:
    record = json.loads(json.dumps(limits_record(limits, mappings_of((1, 2, "rw-p", "")))))
    assert record["mappings"] == 1
    assert limits_of_record(record) == limits


def test_damaged_limits_are_refused() -> None:
    record = limits_record(Limits(cgroup=cgroup_memory()), None)
    for damage in ({"max_map_count": -1}, {"max_map_count": "many"}, {"cgroup": {"path": 7}}):
        with pytest.raises(ValueError, match="is not"):
            limits_of_record(record | damage)
