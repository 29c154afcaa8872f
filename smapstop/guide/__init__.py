"""Guide: chapters in Markdown, shipped with the package."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

CONTENTS = "contents"
"""Name of the page that lists the chapters; its file is README.md, which code hosts show for the folder."""


@cache
def chapters() -> Mapping[str, str]:
    """Chapters in reading order: the topic of each, by name."""
    rows = re.findall(r"^\| \[([\w-]+)\]\(\1\.md\) \| (.+) \|$", read_chapter(CONTENTS), re.MULTILINE)
    return dict(rows)


def read_chapter(name: str) -> str:
    """Read a chapter's Markdown.

    Args:
        name: One of `chapters`, or `CONTENTS`.
    """
    return files(__name__).joinpath(file_of(name)).read_text("utf-8")


def file_of(name: str) -> str:
    """File name of a chapter in this folder."""
    return "README.md" if name == CONTENTS else f"{name}.md"


def chapter_of(file: str) -> str | None:
    """Name of the chapter in a linked file; None if the file is not a chapter."""
    return next((name for name in (CONTENTS, *chapters()) if file_of(name) == file), None)


def strip_pictures(markdown: str) -> str:
    """Remove the images from a chapter, for terminals."""
    return re.sub(r"^!\[.*\]\(.*\)\n\n?", "", markdown, flags=re.MULTILINE)
