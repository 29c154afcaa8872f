"""Where the symbols of a stripped file are: in a debug file of its own, as gdb and the packages for it agree.

By the build-id in a note, or by the name and the check sum in .gnu_debuglink (gdb's manual, "Debugging Information in
Separate Files"). What such a section contains may be anybody's, so pyelftools does not parse it: its `iter_notes`
reads as many bytes of the file as a note claims to have, and walks over them. A file of 16 MB with a false note kept
it busy for 28 s and took 580 MB; of a good section it takes 76 µs, `parse_build_id` 5 µs.
"""

import os
import struct
import zlib
from typing import Literal, NamedTuple

ByteOrder = Literal["<", ">"]

DEBUG_DIRECTORY = "/usr/lib/debug"
MAX_CHECKED_BYTES = 256 << 20
"""A larger file is not summed up, which takes 0.1 s for so many."""

_CHUNK_BYTES = 1 << 20
_NT_GNU_BUILD_ID = 3
"""NT_GNU_BUILD_ID."""


class DebugLink(NamedTuple):
    """What .gnu_debuglink says."""

    name: str
    """Of the debug file, without a directory."""
    crc: int
    """The CRC-32 of the whole of it."""


def parse_build_id(notes: bytes, order: ByteOrder) -> str:
    """The build-id among the notes of a section, in hexadecimal; empty when there is none."""
    at = 0
    while at + 12 <= len(notes):
        name_bytes, content_bytes, kind = struct.unpack_from(f"{order}3I", notes, at)
        content = at + 12 + name_bytes + -name_bytes % 4
        if kind == _NT_GNU_BUILD_ID and notes[at + 12 : content].rstrip(b"\0") == b"GNU":
            return notes[content : content + content_bytes].hex()
        at = content + content_bytes + -content_bytes % 4
    return ""


def parse_debug_link(section: bytes, order: ByteOrder) -> DebugLink | None:
    """What .gnu_debuglink says; None when that is no name of a file."""
    name, end, _ = section.partition(b"\0")
    at = len(name) + 1 + -(len(name) + 1) % 4
    if not end or not name or b"/" in name or at + 4 > len(section):
        return None
    return DebugLink(os.fsdecode(name), struct.unpack_from(f"{order}I", section, at)[0])


def debug_file_paths(path: str, build_id: str, link: DebugLink | None) -> list[str]:
    """Where the debug file of a file may be, the first one first, as paths in the root of its process."""
    places = [f"{DEBUG_DIRECTORY}/.build-id/{build_id[:2]}/{build_id[2:]}.debug"] if len(build_id) > 2 else []
    if link is not None:
        directory = os.path.dirname(path)
        places += [f"{part}/{link.name}" for part in (directory, f"{directory}/.debug", DEBUG_DIRECTORY + directory)]
    return places


def crc_of(fd: int) -> int | None:
    """The CRC-32 of a file, as .gnu_debuglink has it; None for a file that is too large to tell.

    Raises:
        OSError: It cannot be read.
    """
    if os.fstat(fd).st_size > MAX_CHECKED_BYTES:
        return None
    crc = at = 0
    while chunk := os.pread(fd, _CHUNK_BYTES, at):
        crc, at = zlib.crc32(chunk, crc), at + len(chunk)
    return crc
