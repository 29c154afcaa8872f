"""Name the function that caused a change: "by dictExpand"."""

from smapstop.model.callers.culprit import TopFunction
from smapstop.model.history.culprits import Culprit
from smapstop.text import format as fmt


def culprit_text(culprit: Culprit | None, *, full: bool = False) -> str:
    """Function that caused it, after a space: " by dictExpand", " mostly by dictExpand?"; in full with the line.

    Empty if it is not known.
    """
    if culprit is None:
        return ""
    from smapstop.text.functions import function_text, source_text  # not before a function is named

    source = source_text(culprit.frame) if full else ""
    mostly = "" if culprit.is_alone else "mostly "
    return f" {mostly}by {function_text(culprit.frame)}{f', {source}' if source else ''}{'' if culprit.sure else '?'}"


def majority_text(top: TopFunction, seen: int) -> str:
    """Function that made most page faults of a mapping: "93 % of the 1,204 page faults seen in it: f"."""
    from smapstop.text.functions import function_text, source_text

    source = source_text(top.frame)
    whose = f"{function_text(top.frame)}{f', {source}' if source else ''}"
    if seen == 1:
        return f"the only page fault seen in it: {whose}"
    return f"{fmt.percent(top.faults / seen)} of the {seen:,} page faults seen in it: {whose}"
