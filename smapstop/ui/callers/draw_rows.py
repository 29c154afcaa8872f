"""Draw the lines of a call tree: share, number of faults, function, and who called it."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.callers.call_stacks import BEYOND
from smapstop.model.callers.culprit import is_script
from smapstop.text import format as fmt
from smapstop.text.functions import CodeKind, code_kind, function_text, module_text, source_text
from smapstop.ui.callers.call_rows import CallRow, hottest_chain
from smapstop.ui.drawing.style import DrawStyle

_MARKS = {"open": "▾ ", "closed": "▸ ", "leaf": "  "}
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WIDE, _WITH_MODULE = 64, 96
"""Widths from which there is a bar of the share, and the file that has the code, cells."""
_BAR, _MODULE = 10, 22
_KIND_ROLES: dict[CodeKind, str] = {"program": "file", "library": "anonymous", "generated": "heap"}


def kind_style(kind: CodeKind, style: DrawStyle) -> Style:
    """Colour of code of a kind."""
    role = _KIND_ROLES.get(kind)
    return style.quiet if role is None else style.base + Style(color=style.palette.colours[role])


def draw_head(style: DrawStyle, width: int, *, callers_first: bool) -> Strip:
    """Draw the titles of the columns."""
    what = "Function called, from the outermost in" if callers_first else "Function that faulted < who called it"
    bar = " " * (_BAR + 2) if width >= _WIDE else "  "
    text = fmt.pad(fmt.clip(f"{'share':>7}{'faults':>9}{bar}  {what}", width), width)
    if width >= _WITH_MODULE:
        text = fmt.pad(text[: width - _MODULE], width - _MODULE) + fmt.pad("Code in", _MODULE)
    return Strip([Segment(text, style.header)], width)


def draw_row(
    row: CallRow, total: int, style: DrawStyle, width: int, *, has_cursor: bool, callers_first: bool
) -> Strip:
    """Draw a line.

    Args:
        row: The line.
        total: All faults, of which the shares are.
        style: Colours and styles.
        width: Cells.
        has_cursor: Whether the cursor is on it.
        callers_first: Whether what is below a function was called by it.
    """
    frame = row.node.frame
    assert frame is not None
    share, kind = row.node.faults / max(1, total), code_kind(frame)
    segments = [
        Segment(f"{fmt.percent(share):>7}", style.bold if share >= 0.1 else style.base),
        Segment(f"{row.node.faults:>9,}  ", style.base),
    ]
    if width >= _WIDE:
        segments.append(Segment(f"{_bar(share)}  ", kind_style(kind, style)))
    segments.append(Segment("  " * min(row.indent, 12) + _MARKS[row.fold], style.quiet))
    room = width - sum(segment.cell_length for segment in segments) - (_MODULE + 1 if width >= _WITH_MODULE else 1)
    segments += _name(row, style, max(1, room), callers_first=callers_first)
    used = sum(segment.cell_length for segment in segments)
    if width >= _WITH_MODULE:
        module = fmt.shorten(module_text(frame), _MODULE - 1)
        segments += [Segment(" " * (width - _MODULE - used), style.base), Segment(module, style.quiet)]
    line = style.line(segments, width)
    if has_cursor:
        return Strip([Segment(segment.text, _on_cursor(segment.style, style)) for segment in line])
    return line


def _on_cursor(text: Style | None, style: DrawStyle) -> Style:
    """Style of a text on the cursor: that of the cursor, so that it can be read."""
    return style.cursor if text is None else style.cursor + Style(bold=text.bold)


def _name(row: CallRow, style: DrawStyle, room: int, *, callers_first: bool) -> list[Segment]:
    """Name and source of the function; and on a closed line who called it, as far as there is room."""
    frame = row.node.frame
    assert frame is not None
    name = fmt.shorten_middle("… callers not known" if frame == BEYOND else function_text(frame), room)
    segments = [Segment(name, style.bold if code_kind(frame) != "library" else style.base)]
    room -= fmt.cell_width(name)
    source = source_text(frame)
    if source and fmt.cell_width(source) + 1 <= room:
        segments.append(Segment(f" {source}", style.quiet))
        room -= fmt.cell_width(source) + 1
    if row.fold == "closed":
        between = " > " if callers_first else " < "
        frames = hottest_chain(row.node)
        scripts = [each for each in frames if is_script(each)]
        names = [function_text(each) for each in scripts or frames]
        if scripts and not is_script(frame) and scripts[0] != frames[0]:  # what of the interpreter lies between
            names.insert(0, "…")
        chain = "".join(f"{between}{name}" for name in names)
        if room >= 6:
            segments.append(Segment(fmt.clip(chain, room), style.quiet))
    return segments


def _bar(share: float) -> str:
    """A share as a bar."""
    eighths = max(1, round(share * _BAR * 8)) if share else 0
    whole, rest = divmod(min(eighths, _BAR * 8), 8)
    return fmt.pad("█" * whole + (_EIGHTHS[rest] if rest else ""), _BAR)
