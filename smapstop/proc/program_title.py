"""Name a process by the program that it runs: an interpreter by its script, "python3 leak.py", "java app.jar"."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from smapstop.lazy_dataclass import dataclass

_MAX_ARGUMENTS = 256
"""Arguments up to which the script is looked for."""
_KERNEL_NAME_BYTES = 15
"""Length at which the kernel cuts the name of a process."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Options of an interpreter up to the script, which is its first argument that is no option."""

    names: str
    """Regular expression for the name of the program."""
    values: str = ""
    """Letters of options whose value follows: "-X dev" or "-Xdev"."""
    attached: str = ""
    """Letters of options whose value is the rest of the word: "-Mstrict"."""
    targets: str = ""
    """Letters of options whose value is what is run: "-m http.server"."""
    code: str = ""
    """Letters of options after which no script comes, but code, or arguments for standard input."""
    long_values: frozenset[str] = frozenset()
    long_targets: frozenset[str] = frozenset()
    long_code: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    """Words before the script: "run"."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


INTERPRETERS = (
    Interpreter(
        r"(?:python|pypy)[\d.]*t?", values="XW", targets="m", code="c", long_values=_words("--check-hash-based-pycs")
    ),
    Interpreter(
        "node|nodejs",
        values="rC",
        code="ep",
        long_values=_words("--require --import --loader --experimental-loader --conditions --env-file --input-type"),
        long_code=_words("--eval --print"),
        commands=_words("inspect"),
    ),
    Interpreter("bun|deno", values="rcL", code="ep", long_code=_words("--eval --print"), commands=_words("run")),
    Interpreter(
        "java",
        long_values=_words(
            "-cp -classpath --class-path -p --module-path --upgrade-module-path --add-modules --limit-modules "
            "--add-opens --add-exports --add-reads --enable-native-access"
        ),
        long_targets=_words("-jar -m --module"),
    ),
    Interpreter("dotnet", long_values=_words("--depsfile --runtimeconfig --fx-version"), commands=_words("exec")),
    Interpreter("mono|tclsh[\\d.]*|wish[\\d.]*"),
    Interpreter("j?ruby[\\d.]*", values="IrCE", attached="FxK", code="e"),
    Interpreter("perl[\\d.]*", values="I", attached="MmFCxD", code="eE"),
    Interpreter("php[\\d.]*", values="dctz", targets="fF", code="rRBES", long_targets=_words("--file")),
    Interpreter("lua(?:jit)?[\\d.]*", values="le"),
    Interpreter("julia", values="tpLJC", code="eE"),
    Interpreter("R(?:script)?", code="e", long_targets=_words("--file")),
    Interpreter("expect", targets="f", code="c"),
    Interpreter(
        "bash|dash|ash|ksh|mksh|zsh|fish|sh|rbash",
        values="oOC",
        code="cs",
        long_values=_words("--rcfile --init-file --init-command"),
        long_code=_words("--command"),
    ),
)
"""All interpreters."""


@lru_cache(256)  # hundreds of processes of one family run the same program
def interpreter_of(name: str) -> Interpreter | None:
    """The interpreter of a program's name; None for any other program."""
    return next((each for each in INTERPRETERS if re.fullmatch(each.names, name)), None)


def script_of(interpreter: Interpreter, arguments: Sequence[str]) -> str:
    """Name of the script, module, class or archive that an interpreter runs; empty if there is none.

    Args:
        interpreter: The interpreter.
        arguments: The arguments after its name, as they are: they may be anything.
    """
    words = iter(islice(arguments, _MAX_ARGUMENTS))
    for word in words:
        option, equals, value = word.partition("=")
        if word == "--":
            return _base_name(next(words, ""))
        if word == "-" or option in interpreter.long_code:
            return ""
        if option in interpreter.long_targets:
            return _base_name(value if equals else next(words, ""))
        if option in interpreter.long_values:
            if not equals:
                next(words, None)
        elif word.startswith(("-", "+")) and not word.startswith("--"):
            letter, rest = _decisive_letter(interpreter, word[1:])
            if letter and letter in interpreter.code:
                return ""
            if letter and letter in interpreter.targets:
                return _base_name(rest or next(words, ""))
            if letter and not rest:
                next(words, None)
        elif not word.startswith("-") and word not in interpreter.commands:
            return _base_name(word)
    return ""


def _decisive_letter(interpreter: Interpreter, letters: str) -> tuple[str, str]:
    """First of joined letters that has a value or ends the options, and the rest of the word; empty for none."""
    for at, letter in enumerate(letters):
        if letter in interpreter.attached:
            break
        if letter in interpreter.values + interpreter.targets + interpreter.code:
            return letter, letters[at + 1 :]
    return "", ""


def title_of(name: str, command_line: Sequence[str]) -> str:
    """Title of a process: its name, and if it is an interpreter, the script that it runs.

    Args:
        name: Name of the process, which it may have chosen itself.
        command_line: All arguments, of the program that it runs now; they may be anything.
    """
    if command_line and command_line[0].startswith(f"{name}: "):  # it has set its title: "nginx: worker process"
        return command_line[0].rstrip()
    if len(command_line) == 1 and (role := _role_in(command_line[0], name)):
        return role
    program = _base_name(command_line[0]).removeprefix("-") if command_line else ""
    interpreter = interpreter_of(program)
    script = script_of(interpreter, command_line[1:]) if interpreter else ""
    if not script:
        return name
    own_names = {program[:_KERNEL_NAME_BYTES], script[:_KERNEL_NAME_BYTES], "MainThread", "node-MainThread"}
    return f"{program} {script}" if name in own_names else f"{name} ({program} {script})"


def _role_in(text: str, name: str) -> str:
    """Title by a text that a process has put in place of its arguments; empty if that says no more than its name."""
    first, space, _ = text.rstrip().partition(" ")
    if not space or "/" in first or first[:_KERNEL_NAME_BYTES] == name:
        return ""  # its arguments, its path, or "redis-server *:6379"
    return text.rstrip() if first.endswith(":") else f"{name} ({first})"


def _base_name(path: str) -> str:
    """Last part of a path."""
    return path.rstrip("/").rpartition("/")[2]
