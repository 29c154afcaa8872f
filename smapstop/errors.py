"""SmapstopError, and errors for unknown and ambiguous names."""

from collections.abc import Iterable, Sequence

_MAX_CANDIDATES, _MAX_CLOSE = 8, 3
_MIN_PART = 2
"""Least length of a name that is looked for inside others."""


class SmapstopError(Exception):
    """An error the user can act on: printed as one line, exit status 2.

    Attributes:
        what: What went wrong, without a final full stop.
        remedy: What the user can do about it; may be empty.
        status: The exit status of the command line; 2 unless a shell's convention says otherwise.
    """

    def __init__(self, what: str, remedy: str = "", *, status: int = 2) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.status = status

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}" if self.remedy else self.what


def ambiguous_name_error(what: str, candidates: Sequence[str], remedy: str) -> SmapstopError:
    """Return an error that lists the candidates for an ambiguous name.

    Args:
        what: What went wrong.
        candidates: Everything the name could refer to; only the first few are listed.
        remedy: How to choose one.
    """
    more = [f"and {len(candidates) - _MAX_CANDIDATES} more"] if len(candidates) > _MAX_CANDIDATES else []
    return SmapstopError(f"{what} ({', '.join([*candidates[:_MAX_CANDIDATES], *more])})", remedy)


def unknown_name_error(what: str, name: str, known: Iterable[str], remedy: str) -> SmapstopError:
    """Return an error that suggests the known names closest to an unknown one.

    Args:
        what: What went wrong.
        name: The unknown name.
        known: All valid names.
        remedy: What to do when no known name is close.
    """
    close = closest_names(name, known)
    return SmapstopError(what, f"did you mean {' or '.join(close)}?" if close else remedy)


def closest_names(name: str, known: Iterable[str]) -> list[str]:
    """Return at most three of the known names that contain a name, the shortest first, else those spelt like it."""
    from difflib import get_close_matches  # slow to import and rarely needed

    names = sorted(known, key=lambda each: (len(each), each))
    folded = name.casefold()
    containing = [each for each in names if len(folded) >= _MIN_PART and folded in each.casefold()]
    spelt = {each.casefold(): each for each in reversed(names)}
    close = [spelt[each] for each in get_close_matches(folded, sorted(spelt), n=_MAX_CLOSE)]
    return containing[:_MAX_CLOSE] or close
