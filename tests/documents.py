"""Links, headings and examples of the README, the CHANGELOG and the chapters of the guide."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from places import ROOT

GUIDE = ROOT / "smapstop" / "guide"
DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(GUIDE.glob("*.md")))


@dataclass(frozen=True, slots=True)
class Example:
    """A command in a block marked `console`, and the lines that it prints."""

    command: str
    output: tuple[str, ...]

    def has_output(self, text: str) -> bool:
        """Whether a text is the output; a line of `…` stands for any lines."""
        lines = (r"(?:.*\n)*?" if line == "…" else re.escape(line) + r"\n" for line in self.output)
        return re.fullmatch("".join(lines), text) is not None


def blocks(document: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)


def examples(block: str) -> Iterator[Example]:
    """The commands of a block, in order."""
    command, output = "", list[str]()
    for line in block.splitlines():
        if command and not _is_complete(command):
            command += f"\n{line}"
        elif line.startswith("$ "):
            if command:
                yield Example(command, tuple(output))
            command, output = line.removeprefix("$ "), []
        else:
            output.append(line)
    assert _is_complete(command), command
    yield Example(command, tuple(output))


def _is_complete(command: str) -> bool:
    """Whether no quotation and no line of a command is open."""
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return not command.endswith("\\")


def prose(document: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)


def links(document: Path) -> list[str]:
    """The targets of all links and pictures."""
    without_code = re.sub(r"`[^`\n]*`", "`code`", prose(document))
    return re.findall(r"\]\(([^)\s]+)\)", without_code)


def anchors(document: Path) -> set[str]:
    """What links may say after `#`: the headings, as GitHub and Textual spell them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
