"""Input of the shell elsewhere, and how its answers are taken apart.

It needs a POSIX shell and cat. The script writes nothing there: it opens files only to read them.
"""

import os
import shlex
from collections.abc import Iterable

from smapstop.lazy_dataclass import dataclass

_LOOP = 'printf "%s-%s\\n" {0} {1}; while IFS= read -r line; do eval "$line"; done'
"""Say hello, then run each line: a shell that read its script ahead would swallow what is meant for later."""
_FUNCTIONS = (
    "LC_ALL=C; export LC_ALL",  # errors are recognised by their texts
    "mark() {{ printf '\\n{word} %s\\n' \"$1\"; }}",
    'files() {{ for f do mark "$f"; cat "$f" 2>&1; mark $?; done; }}',
    # by the shell itself, which starts no process for a few lines
    'copy() {{ while IFS= read -r line; do printf "%s\\n" "$line"; done; }}',
    'lines() {{ for f do mark "$f"; {{ copy <"$f"; }} 2>/dev/null; mark $?; done; }}',
    'texts() {{ mark texts; cat "$@" 2>&1; mark 0; }}',
    'names() {{ mark "$1"; printf \'%s\\n\' "$1"/*; mark 0; }}',
    'enter() {{ mark "$1"; cd "$1" 2>&1; mark $?; }}',
    'setting() {{ mark "$1"; getconf "$1" 2>&1; mark $?; }}',
    "itself() {{ mark self; printf '%s\\n' $$; mark 0; }}",
)
_ERRORS = {
    b"No such file or directory": FileNotFoundError,
    b"No such process": ProcessLookupError,
    b"Permission denied": PermissionError,
    b"Operation not permitted": PermissionError,
}
NO_COMMAND = 127
"""Exit status of a shell that does not find a command."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the shell answered about a file, a directory or a setting."""

    name: str
    """As it was asked for; from a pattern, what matches it."""
    text: bytes
    """Its contents; if it could not be read, they end with the message why."""
    status: int
    """0 if all was read, `NO_COMMAND` if there is no such command."""

    def contents(self) -> bytes:
        """Return the contents.

        Raises:
            OSError: It could not be read; of the same kind as if it was a local file.
        """
        if not self.status:
            return self.text
        why = self.text.rstrip().rpartition(b": ")[2]
        kind = _ERRORS.get(why, OSError)
        raise kind(_NUMBERS.get(kind, 5), os.fsdecode(why) or "it cannot be read", self.name)


_NUMBERS: dict[type[OSError], int] = {FileNotFoundError: 2, ProcessLookupError: 3, PermissionError: 13}


def hello_of(number: str) -> bytes:
    """What the shell says when it is ready; the line that makes it say so does not contain it, if that is echoed."""
    return f"{number[:8]}-{number[8:]}".encode()


def first_line(number: str) -> bytes:
    """The first line, which other login shells understand, too (csh, fish): run a POSIX shell that says hello."""
    return f"exec sh -c '{_LOOP.format(number[:8], number[8:])}'\n".encode()


def functions_line(word: str) -> bytes:
    """The line that defines the functions; `word` is secret, so that no name and no file can contain it."""
    return ("; ".join(_FUNCTIONS).format(word=word) + "\n").encode()


class Call(str):
    """A call of a function of the script."""

    __slots__ = ("names",)

    names: tuple[str, ...]
    """Names of its answers, in order."""

    @property
    def is_pattern(self) -> bool:
        """Whether there are as many answers as there are files with such a name."""
        return any("*" in name for name in self.names)


def request_line(calls: Iterable[str]) -> bytes:
    """The line that calls functions, and says when all is answered."""
    return "; ".join((*calls, "mark .\n")).encode()


def call(function: str, *names: str) -> Call:
    """Call a function of the script with names; an asterisk in them is a pattern."""
    made = Call(" ".join((function, *("*".join(map(_quoted, name.split("*"))) for name in names))))
    made.names = {"texts": ("texts",), "itself": ("self",)}.get(function, names)
    return made


def last_mark(word: str) -> bytes:
    """The last bytes of what a request is answered."""
    return f"\n{word} .\n".encode()


def parse_answers(data: bytes, word: str, calls: Iterable[str]) -> list[Answer]:
    """Take apart the answer to a request; other output of the shell is left out.

    Raises:
        ValueError: These are not the answers to the calls.
    """
    parts = data.split(f"\n{word} ".encode())[1:-1]  # before all marks, and behind the last one
    answers = []
    for named, ended in zip(parts[::2], parts[1::2], strict=True):
        name, _, text = named.partition(b"\n")
        answers.append(Answer(os.fsdecode(name), text, int(ended.partition(b"\n")[0])))
    asked = [each for each in calls if isinstance(each, Call)]
    names = [name.partition("\n")[0] for each in asked for name in each.names]
    if names != [answer.name for answer in answers] and not any(each.is_pattern for each in asked):
        raise ValueError("answers to something else")
    return answers


def _quoted(text: str) -> str:
    """Quote a part of a name."""
    return shlex.quote(text) if text else ""
