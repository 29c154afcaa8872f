"""Names in a report, which may be anybody's: the page has no other elements, and they are text."""

import re
import tempfile
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from recorded_runs import record_service

from smapstop.export.html.page import run_page
from smapstop.export.html.recorded_run import read_run

_PLACE = re.compile(
    r"#[a-z]+-\d+|(?:(?:left|top|width): \d+\.\d%(?:; transform: translateX\(-\d+\.\d%\))?|--kind: var\(--[a-z]+\))"
)
"""A place in the page, or a measure or a colour of an element."""
NEXT = b"\x1b"
"""Ends a name."""


class _Outline(HTMLParser):
    """The elements of a page with the names of their attributes, and what leads or moves it somewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.places: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.places |= {value or "" for name, value in attrs if name in ("href", "src", "action", "style")}

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", ()))

    def handle_decl(self, decl: str) -> None:
        self.elements.append((decl, ()))


@cache
def _tags() -> frozenset[tuple[str, tuple[str, ...]]]:
    """Elements of a page with harmless names."""
    return frozenset(_Outline(_page([b"/usr/lib/libfoo.so", b"service", b"remember@service.c:9 < parse"])).elements)


def check(data: bytes) -> None:
    """Report a run with these names: no element that a report has not, and no link out of it."""
    outline = _Outline(_page(data.split(NEXT)))
    assert set(outline.elements) <= _tags(), set(outline.elements) - _tags()
    assert all(_PLACE.fullmatch(place) for place in outline.places), outline.places


def _page(names: list[bytes]) -> str:
    library, name, stack = (
        each.replace(b"\0", b"").decode("utf-8", "surrogateescape").replace("\n", " ")
        for each in (*names, b"a", b"b", b"c")[:3]
    )
    with tempfile.TemporaryDirectory() as directory:
        path = record_service(Path(directory) / "run.smaps", count=3, library=library, name=name, stack=stack)
        return run_page(read_run(path))


def seeds() -> Iterator[bytes]:
    """Names that would be markup."""
    yield b"/usr/lib/libfoo.so" + NEXT + b"service" + NEXT + b"remember@service.c:9 < parse < main"
    hostile = b'</script><script>window.pwned=1</script>"><img src=x onerror=alert(1)>'
    yield NEXT.join((b"/" + hostile, hostile, hostile))
    yield b"/a'><!-- " + NEXT + b"{{ 7 * 7 }}{% raw %}" + NEXT + b"<svg/onload=x>&lt;&#60;"
    yield b"javascript:alert(1)" + NEXT + b"\xff\xfe\xed\xa0\x80" + NEXT + "\u202e\u2028</title>".encode()
