"""SmapstopError, and errors for unknown and ambiguous names."""

from collections.abc import Iterable, Sequence

_MAX_CANDIDATES = 8


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
    from difflib import get_close_matches  # slow to import and rarely needed

    close = get_close_matches(name, sorted(known), n=3)
    return SmapstopError(what, f"did you mean {' or '.join(close)}?" if close else remedy)
