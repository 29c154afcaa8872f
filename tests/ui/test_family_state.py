"""What the dashboard keeps of a family whose members come and go."""

from factories import mappings_of, tick_of
from list_source import target

from smapstop.model.protocol import MemberMessage
from smapstop.ui.family_state import MAX_RUNS, FamilyState

ROWS = mappings_of((16, 26, "rw-p", "", 40))


def test_the_histories_of_members_that_are_gone_are_bounded() -> None:
    family = FamilyState()
    for pid in range(1, 4 * MAX_RUNS):
        family.sampled = (pid, 2)
        family.handle(MemberMessage(pid, target(pid=pid)), family.runs.get(1))
        family.handle(MemberMessage(pid, tick_of(0, ROWS, [0], keyframe=True)))
        family.shared_mappings({pid: family.runs[pid].timeline}, 0)
    assert len(family.runs) == MAX_RUNS
    newest = range(4 * MAX_RUNS - MAX_RUNS + 2, 4 * MAX_RUNS)
    assert set(family.runs) == {1, 2, *newest}, "the one that is shown, the one that is sampled, and the last ones"
    assert set(family._copies._read) == set(family.runs)
