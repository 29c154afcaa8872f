"""Frames of a call stack, by name."""

from typing import NamedTuple


class Frame(NamedTuple):
    """A function that was being called."""

    name: str | None
    """Function, demangled; `None` if there is no symbol."""
    file: str
    """The file that has the code, as in `Mappings`; empty for code that the program wrote at run time."""
    offset: int
    """Bytes from the start of the function or, without a name, of the file as if it were loaded at 0; if it is
    inlined, from the start of the function that it is part of."""
    source: str | None = None
    """Source file and line of the call: `src/dict.c:153`; `None` if the file has none."""
    inlined: bool = False
    """Whether the compiler made it part of the next frame's function."""

    @property
    def identity(self) -> tuple[str | None, str, int]:
        """What makes two frames the same function; without a name, the place."""
        return self.name, self.file, self.offset if self.name is None else 0
