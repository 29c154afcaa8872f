"""Members of a family, accumulated from readings that contain only changes."""

from collections.abc import Mapping
from dataclasses import replace

from smapstop.model.family.reading import FamilyMember, FamilyReading

Members = Mapping[tuple[int, int], FamilyMember]
"""Members by pid and start time."""


def members_after(before: Members, reading: FamilyReading) -> Members:
    """Members that are there after a reading, of those that were there before it."""
    known = {**before, **{member.key: member for member in reading.new}}
    return {key: known[key] for key in reading.keys if key in known}


def with_all_members(before: Members, reading: FamilyReading) -> FamilyReading:
    """A reading with all of its members, so that no reading before it is needed."""
    return replace(reading, new=tuple(members_after(before, reading).values()))
