"""Columns of what shared-memory objects hold, measured before and after smaps is read, and added to a reading."""

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import Kind, kind_codes
from smapstop.proc.added_fields import OBJECT_ALLOCATED, OBJECT_GROWN_WHILE_READ
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.shared_memory.objects import MappedObject, ObjectKey, ObjectReader, object_of

_SHARED = list(Kind).index(Kind.SHARED)
_NO_ROWS = np.zeros(0, np.intp)


class ObjectColumns:
    """Measures the objects of the process that is read, and adds the columns once it has mapped any."""

    def __init__(self, process: ProcDir) -> None:
        self._reader = ObjectReader(process)
        self._mapped: Mappings | None = None
        self._rows: NDArray[np.intp] = _NO_ROWS
        self._objects: list[MappedObject] = []
        self._before: dict[ObjectKey, int] = {}
        self._after: dict[ObjectKey, int] = {}
        self._has_columns = False

    def begin(self) -> None:
        """Measure the known objects, just before smaps is read."""
        self._before = self._reader.read()

    def end(self) -> None:
        """Measure them again, just after smaps was read."""
        self._after = self._reader.read()

    def add_to(self, mappings: Mappings) -> Mappings:
        """Add the columns to the mappings that were read in between; `ABSENT` for what is not known.

        An object that was not known when the reading began is measured now, so that the next reading can be compared.
        """
        self._find_objects(mappings)
        if not self._has_columns and not self._objects:
            return mappings
        self._has_columns = True
        if self._objects:
            self._reader.find(self._objects)
            if any(each.key not in self._after for each in self._objects):
                self._after = self._reader.read() | self._after
        allocated, grown = (np.full(len(mappings), ABSENT, np.int64) for _ in range(2))
        for row, each in zip(self._rows.tolist(), self._objects, strict=True):
            kb, kb_before = self._after.get(each.key), self._before.get(each.key)
            if kb is not None:
                allocated[row] = kb
                if kb_before is not None:
                    grown[row] = kb - kb_before
        return mappings.with_fields({OBJECT_ALLOCATED: allocated, OBJECT_GROWN_WHILE_READ: grown})

    def _find_objects(self, mappings: Mappings) -> None:
        """Find the rows of shared memory, and their objects; again only when the map changed."""
        old, self._mapped = self._mapped, mappings
        columns = ("name", "inode", "device", "start", "end")
        if old is not None and all(getattr(old, name) is getattr(mappings, name) for name in columns):
            return
        self._rows = np.flatnonzero((kind_codes(mappings) == _SHARED) & (mappings.inode != 0))
        self._objects = [
            object_of(
                mappings.string_at(mappings.device, row),
                int(mappings.inode[row]),
                mappings.name_of(row),
                int(mappings.start[row]),
                int(mappings.end[row]),
            )
            for row in self._rows.tolist()
        ]
