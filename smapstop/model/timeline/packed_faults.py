"""Page faults of consecutive ticks, packed."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.timeline.column_codec import (
    DeltaEncoded,
    EncodedValues,
    decode,
    decode_values,
    encode,
    encode_values,
)

_TOTALS = ("minor", "major", "seen", "lost", "in_system_calls", "stacks")
_COLUMNS = ("mapping", "stack", "faults")


@dataclass(frozen=True, slots=True, eq=False)
class PackedFaults:
    """Page faults of ticks, some of which have none."""

    _counts: DeltaEncoded
    """Number of rows of each tick; -1 of one without."""
    _totals: tuple[EncodedValues, ...]
    """Totals and the tables of stacks, in the order of `_TOTALS`, of the ticks that have faults."""
    _columns: tuple[DeltaEncoded, ...]

    @property
    def nbytes(self) -> int:
        """Memory use, bytes; the table of stacks is shared by all ticks and not counted."""
        rows = sum(column.nbytes for column in self._columns)
        return self._counts.nbytes + sum(values.nbytes for values in self._totals) + rows

    def by_tick(self) -> Iterator[PageFaults | None]:
        """Page faults of each tick."""
        counts = decode(self._counts)
        mapping, stack, faults = map(decode, self._columns)
        totals = zip(*map(decode_values, self._totals), strict=True)
        bounds = pairwise([0, *np.cumsum(np.maximum(counts, 0)).tolist()])
        for count, (low, high) in zip(counts.tolist(), bounds, strict=True):
            if count < 0:
                yield None
                continue
            part = slice(low, high)  # copied, so that one tick does not keep the columns of all in memory
            columns = mapping[part].copy(), stack[part].astype(np.int32), faults[part].copy()
            minor, major, seen, lost, in_system_calls, stacks = next(totals)
            yield PageFaults(minor, major, seen, lost, in_system_calls, *columns, stacks)


def pack_faults(faults: Sequence[PageFaults | None]) -> PackedFaults:
    """Pack the page faults of consecutive ticks."""
    known = [each for each in faults if each is not None]

    def column(name: str) -> DeltaEncoded:
        return encode(np.concatenate([np.zeros(0, np.int64), *(getattr(each, name) for each in known)]))

    return PackedFaults(
        encode(np.array([-1 if each is None else len(each.faults) for each in faults], np.int64)),
        tuple(encode_values([getattr(each, name) for each in known]) for name in _TOTALS),
        tuple(column(name) for name in _COLUMNS),
    )
