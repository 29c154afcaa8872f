"""Fold call stacks: leave out the functions that `skip_rules` lists, so that stacks begin with who wanted memory."""

from collections.abc import Sequence
from functools import cache, lru_cache

from smapstop.model.callers.skip_rules import Position, SkipRule, plain_name, skip_rules
from smapstop.proc.callstack.frames import Frame


def fold_frames(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Return the frames, innermost first, without those that are skipped.

    If all of them are, the one for which the others work is left.
    """
    languages = [rule for rule in _rules_among() if any(_is_of_language(frame, rule) for frame in frames)]
    rest = [frame for frame in frames if not any(_matches(frame, rule) for rule in languages)]
    end = len(rest)
    while end and _is_skipped(rest[end - 1], Position.OUTERMOST):
        end -= 1
    start = 0
    while start < end:
        function = _function_at(rest, start)
        if _is_skipped(rest[function], Position.INNERMOST):
            start = function + 1
        elif _is_skipped(rest[start], Position.INNERMOST) or _is_skipped(rest[start], Position.TEMPLATE):
            start += 1
        else:
            break
    return tuple(rest[start:end] or rest[max(0, end - 1) : max(1, end)] or frames[:1])


def _function_at(frames: Sequence[Frame], at: int) -> int:
    """Position of the function that an inlined one is part of, or of the one that is there."""
    while frames[at].inlined and at + 1 < len(frames):
        at += 1
    return at


@cache
def _rules_among() -> tuple[SkipRule, ...]:
    """Rules of interpreters."""
    return tuple(rule for rule in skip_rules() if rule.position is Position.AMONG)


def _is_of_language(frame: Frame, rule: SkipRule) -> bool:
    """Whether a frame is of the language whose interpreter a rule skips."""
    return rule.language is not None and bool(rule.language.match(frame.name or ""))


def _is_skipped(frame: Frame, position: Position) -> bool:
    return position in _positions(frame.name or "", frame.file.rpartition("/")[2])


def _matches(frame: Frame, rule: SkipRule) -> bool:
    file = frame.file.rpartition("/")[2]
    if not frame.name or not (rule.files.fullmatch(file) if rule.files else file):
        return False
    return bool(rule.names.fullmatch(plain_name(frame.name)))


@lru_cache(1 << 14)
def _positions(name: str, file: str) -> frozenset[Position]:
    """Return the positions in which a function of a file is skipped."""
    plain = plain_name(name)
    return frozenset(
        rule.position
        for rule in skip_rules()
        if rule.names.fullmatch(plain) and (rule.files is None or rule.files.fullmatch(file))
    )
