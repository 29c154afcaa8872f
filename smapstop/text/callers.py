"""Text of the callers of page faults."""

from smapstop.model.callers.page_faults import PageFaults
from smapstop.proc.callstack.frames import Frame
from smapstop.text.format import printable

CALLED_BY = " < "
"""Between a function and its caller."""


def frame_text(frame: Frame) -> str:
    """Name of a function; its place in the file if it has none, or in memory if there is no file."""
    if frame.name is not None:
        return printable(frame.name)
    file = frame.file.rpartition("/")[2]
    return f"{printable(file)}+{frame.offset:#x}" if file else f"{frame.offset:#x}"


def unseen_texts(faults: PageFaults) -> list[str]:
    """Which faults were missed, and why; empty if none were."""
    texts = []
    if faults.in_system_calls:
        texts.append(f"{faults.in_system_calls:,} inside system calls, not visible")
    if faults.lost:
        texts.append(f"{faults.lost:,} lost, distributed like the others")
    return texts
