"""Words for whose doing a change was: "by dictExpand"."""

from smapstop.model.history.culprits import Culprit
from smapstop.text.functions import function_text, source_text


def culprit_text(culprit: Culprit | None, *, full: bool = False) -> str:
    """Whose doing it was, after a space: " by dictExpand", " mostly by dictExpand?"; in full with the line.

    Empty if it is not known.
    """
    if culprit is None:
        return ""
    source = source_text(culprit.frame) if full else ""
    mostly = "" if culprit.is_alone else "mostly "
    return f" {mostly}by {function_text(culprit.frame)}{f', {source}' if source else ''}{'' if culprit.sure else '?'}"
