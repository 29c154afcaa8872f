"""The short name of a mapping: of a file without its directory."""

from smapstop.model.kinds import SHARED_ANONYMOUS, SHARED_ANONYMOUS_TEXT
from smapstop.proc.columns import strip_deleted


def without_path(name: str) -> str:
    """Name of a file without its directory; other names unchanged but that of shared memory without one.

    A number alone says nothing, such as the file that a JVM names after its pid: it keeps the last directory.
    """
    if name == SHARED_ANONYMOUS:
        return SHARED_ANONYMOUS_TEXT
    if not name.startswith("/"):
        return name
    *_, directory, base = name.split("/")
    return f"{directory}/{base}" if directory and strip_deleted(base).isdecimal() else base


def base_name(name: str) -> str:
    """Name without a path, as in `without_path`, and without the kernel's ` (deleted)`."""
    return strip_deleted(without_path(name))
