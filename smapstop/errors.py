"""The one exception of smapstop, and how it says that a name is unknown or ambiguous."""

from collections.abc import Iterable, Sequence

_MAX_CANDIDATES = 8


class SmapstopError(Exception):
    """Something went wrong that a person can act on: printed as one line, exit status 2.

    Attributes:
        what: What happened, without a final full stop.
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
    """An error that lists what a name may mean.

    Args:
        what: What happened.
        candidates: All that the name may mean; the first of them are listed.
        remedy: How to say which one.
    """
    more = [f"and {len(candidates) - _MAX_CANDIDATES} more"] if len(candidates) > _MAX_CANDIDATES else []
    return SmapstopError(f"{what} ({', '.join([*candidates[:_MAX_CANDIDATES], *more])})", remedy)


def unknown_name_error(what: str, name: str, known: Iterable[str], remedy: str) -> SmapstopError:
    """An error that suggests the names closest to one that nothing has.

    Args:
        what: What happened.
        name: The name.
        known: The names that there are.
        remedy: What to do when none of them is close.
    """
    from difflib import get_close_matches  # it takes a while to import, and few need it

    close = get_close_matches(name, sorted(known), n=3)
    return SmapstopError(what, f"did you mean {' or '.join(close)}?" if close else remedy)
