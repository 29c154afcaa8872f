"""A command: a name, what may follow it, and what it does to the dashboard's screen."""

from collections.abc import Callable, Iterable

from smapstop.errors import SmapstopError, unknown_name_error
from smapstop.lazy_dataclass import dataclass
from smapstop.ui.screens.dashboard import MainScreen


def no_completions(screen: MainScreen, argument: str) -> Iterable[str]:  # noqa: ARG001  (of a command without arguments)
    """Completions of an argument that is free text."""
    return ()


def always(screen: MainScreen) -> bool:  # noqa: ARG001  (of a command that always makes sense)
    """Whether a command makes sense that always does."""
    return True


@dataclass(frozen=True, slots=True)
class ScreenCommand:
    """One row of the table of commands."""

    name: str
    """One word, by which it is called; any unique beginning of it will do."""
    usage: str
    """What follows the name, as a reader would write it: "COLUMN [asc|desc]"; empty for nothing."""
    help: str
    """One sentence."""
    run: Callable[[MainScreen, str], object]
    """Do it, given the screen and the argument, without spaces around it.

    Raises a `SmapstopError` for an argument that makes no sense; then nothing is done."""
    complete: Callable[[MainScreen, str], Iterable[str]] = no_completions
    """All that the argument could be, given what of it was typed; the caller leaves out what begins otherwise."""

    available: Callable[[MainScreen], bool] = always
    """Whether it makes sense now; else its key is not shown."""

    @property
    def synopsis(self) -> str:
        """Name and usage."""
        return f"{self.name} {self.usage}".rstrip()

    def choose(self, argument: str, choices: Iterable[str]) -> str:
        """The choice that an argument names, in any case, by itself or as the unique beginning of one.

        Raises:
            SmapstopError: It names none, or several.
        """
        names = list(choices)
        word = argument.casefold()
        found = [name for name in names if name.casefold() == word] or [
            name for name in names if word and name.casefold().startswith(word)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise SmapstopError(f"{self.name}: {argument!r} may be several", ", ".join(found))
        what = f"{self.name}: {argument!r} is not one of its choices"
        raise unknown_name_error(what, argument, names, ", ".join(names))
