"""Fold the frames that only carry into who asked, so that a stack begins with the code that wanted the memory."""

from collections.abc import Sequence
from functools import lru_cache

from smapstop.model.callers.carriers import CARRIERS, Carrier, Where, plain_name
from smapstop.proc.callstack.frames import Frame


def fold_frames(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Return the frames, innermost first, without those that only carry; see `CARRIERS`.

    If all of them do, the one that the others carry for is left.
    """
    languages = [carrier for carrier in _AMONG if any(_speaks(carrier, frame) for frame in frames)]
    kept = [frame for frame in frames if not any(_is_of(carrier, frame) for carrier in languages)]
    end = len(kept)
    while end and _carries(Where.OUTERMOST, kept[end - 1]):
        end -= 1
    start = 0
    while start < end and _carries(Where.INNERMOST, kept[start]):
        start += 1
    return tuple(kept[start:end] or kept[max(0, end - 1) : max(1, end)] or frames[:1])


_AMONG = tuple(carrier for carrier in CARRIERS if carrier.where is Where.AMONG)


def _speaks(carrier: Carrier, frame: Frame) -> bool:
    """Whether a frame is of the language that a carrier runs."""
    return carrier.language is not None and bool(carrier.language.match(frame.name or ""))


def _carries(where: Where, frame: Frame) -> bool:
    return where in _places(frame.name or "", frame.file.rpartition("/")[2])


def _is_of(carrier: Carrier, frame: Frame) -> bool:
    file = frame.file.rpartition("/")[2]
    if not frame.name or not (carrier.files.fullmatch(file) if carrier.files else file):
        return False
    return bool(carrier.names.fullmatch(plain_name(frame.name)))


@lru_cache(1 << 14)
def _places(name: str, file: str) -> frozenset[Where]:
    """Return where a function of a file carries."""
    plain = plain_name(name)
    return frozenset(
        carrier.where
        for carrier in CARRIERS
        if carrier.names.fullmatch(plain) and (carrier.files is None or carrier.files.fullmatch(file))
    )
