"""Viewer of the guide that follows links between chapters."""

import re
from pathlib import PurePath

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Markdown, MarkdownViewer
from textual.widgets.markdown import MarkdownFence, MarkdownTableOfContents

from smapstop.guide import chapter_of, read_chapter, strip_pictures


class Example(MarkdownFence):
    """A fenced block with bold commands; without syntax colours, which are not legible in every theme."""

    @classmethod
    def highlight(cls, code: str, language: str, ansi: bool = False, dark: bool = False) -> Content:  # noqa: ARG003
        """Style the block."""
        return Content(code).highlight_regex(re.compile(r"^\$ .*$", re.MULTILINE), style="bold")


class Chapter(Markdown, can_focus=True):
    """The text of a chapter."""

    BLOCKS = {**Markdown.BLOCKS, "fence": Example, "code_block": Example}  # noqa: RUF012  (as Textual declares it)


class GuideViewer(MarkdownViewer, inherit_bindings=False):
    """Shows a chapter, and follows its links to others.

    Args:
        name: The chapter to start with.
    """

    DEFAULT_CSS = """
    GuideViewer { width: 1fr; scrollbar-size-vertical: 1;
      MarkdownTable, MarkdownTable:light { background: transparent; }
      MarkdownTableContent { keyline: none; grid-gutter: 0 1;
        & > .header, & > .cell { padding: 0 1 0 0; }
        & > .header { color: $foreground; text-style: bold; }
      }
      MarkdownFence { color: $foreground;
        & > Label { padding: 0 1; }
      }
      MarkdownHeader { margin: 1 0; color: $text-primary; }
    }
    """

    class Opened(Message):
        """Another chapter is shown."""

    def __init__(self, name: str) -> None:
        super().__init__(strip_pictures(read_chapter(name)), show_table_of_contents=False, id="chapter")
        self.chapter = name
        self._visited: list[str] = []

    def compose(self) -> ComposeResult:
        """Compose the text, and the table of contents that the base class needs, which stays hidden."""
        text = Chapter(open_links=False)
        yield text
        yield MarkdownTableOfContents(text)

    async def go(self, location: str | PurePath) -> None:
        """Follow a link: to a chapter, to a heading of one, or out of the guide."""
        file, _, anchor = str(location).partition("#")
        name = chapter_of(file) if file else self.chapter
        if name is None:
            self.app.notify(f"not in the guide: {location}", markup=False)
            return
        if name != self.chapter:
            await self.open(name)
        if anchor:
            self.call_after_refresh(self.document.goto_anchor, anchor)

    async def open(self, name: str) -> None:
        """Show the start of a chapter, and add the current one to the chapters visited."""
        self._visited.append(self.chapter)
        await self._load(name)

    async def back(self) -> None:
        """Return to the last chapter visited, if any."""
        if self._visited:
            await self._load(self._visited.pop())

    @property
    def is_first(self) -> bool:
        """Whether no chapter was shown before."""
        return not self._visited

    async def _load(self, name: str) -> None:
        self.chapter = name
        await self.document.update(strip_pictures(read_chapter(name)))
        self.scroll_home(animate=False)
        self.post_message(self.Opened())
