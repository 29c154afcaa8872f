"""Wire format of ticks and requests: length-prefixed frames, safe to decode from untrusted input.

A frame is two little-endian u32 (bytes of JSON, bytes of columns), the JSON of a dataclass, and the columns that it
refers to. Each string is sent once: both sides have the same `StringTable`s, with numbers, one for each process that
is sampled; a frame has the number and the strings added since the last frame. The oldest tables are forgotten.
So is each call stack, in a `CallStacks` of each process.
"""

import dataclasses
import json
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from smapstop.model import protocol, tick
from smapstop.model.callers.call_stacks import CallStacks
from smapstop.model.family.reading import FamilyReading
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.columns import StringTable
from smapstop.proc.pages.page_runs import PageFlags, PageRuns

_MAX_TABLES = 64
"""Tables that are remembered; one that is forgotten is sent again, as a new one."""
_Table = TypeVar("_Table")
_Sent = TypeVar("_Sent")
_FRAME_HEADER = struct.Struct("<II")
_NO_TEXTS, _NO_STACKS = 1, (1, 0)
"""Counts of an empty `StringTable` and `CallStacks`."""
WireMessage = (
    tick.Tick
    | protocol.Target
    | protocol.LaunchFailed
    | protocol.Failure
    | protocol.Notice
    | protocol.MappingReply
    | protocol.ThreadsReply
    | protocol.Request
    | FamilyReading
    | protocol.MemberMessage
)
"""Messages that can be sent."""


def _dataclasses_in(kind: Any) -> Iterator[type]:
    """Dataclasses that a type refers to: itself, members of a union, and those of its fields."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        yield kind
        # protocol imports these for type checking only
        parts: Iterable[Any] = get_type_hints(kind, localns={"PageRuns": PageRuns, "Tick": tick.Tick}).values()
    else:
        parts = get_args(kind)
    for part in parts:
        yield from _dataclasses_in(part)


_TYPES = {kind.__name__: kind for kind in _dataclasses_in(WireMessage)}
"""Every dataclass that a message can contain, by name."""


class Encoder:
    """Encode the messages of one stream."""

    def __init__(self) -> None:
        self._tables: dict[int, tuple[StringTable, int]] = {}
        """Tables, by number, with the count of strings that were sent."""
        self._stacks: dict[int, tuple[CallStacks, tuple[int, int]]] = {}
        """Likewise, with the counts of stacks and frames."""

    def encode(self, message: WireMessage) -> bytes:
        """Encode a message as a frame."""
        columns: list[NDArray[Any]] = []
        text = json.dumps(self._to_json(message, columns), separators=(",", ":")).encode()
        header = _FRAME_HEADER.pack(len(text), sum(column.nbytes for column in columns))
        return b"".join([header, text, *(column.data for column in columns)])  # copied once: they may be large

    def _to_json(self, value: Any, columns: list[NDArray[Any]]) -> Any:
        """Convert a value to JSON; its columns are appended to `columns`."""
        match value:
            case PageFlags():
                return {"page": int(value)}
            case None | bool() | int() | float() | str():
                return value
            case np.ndarray():
                columns.append(np.ascontiguousarray(value))
                return {"column": value.dtype.str, "shape": value.shape}
            case StringTable():
                number, sent = _find(self._tables, value, _NO_TEXTS)
                self._tables[number] = value, len(value)
                return {"texts": value.additions_since(sent), "number": number}
            case CallStacks():
                number, known = _find(self._stacks, value, _NO_STACKS)
                self._stacks[number] = value, (len(value), value.frame_count)
                rows, frames = value.additions_since(*known)
                return {"stacks": rows, "frames": frames, "number": number}
            case tuple():
                return [self._to_json(item, columns) for item in value]
            case dict():
                return {"table": value}
        fields = dataclasses.fields(value)
        return {"is": type(value).__name__} | {f.name: self._to_json(getattr(value, f.name), columns) for f in fields}


def _find(tables: dict[int, tuple[_Table, _Sent]], table: _Table, nothing: _Sent) -> tuple[int, _Sent]:
    """Number of a table, and how much of it was sent; a new one replaces the oldest."""
    for number, (known, sent) in tables.items():
        if known is table:
            return number, sent
    number = max(tables, default=-1) + 1
    tables.pop(number - _MAX_TABLES, None)
    return number, nothing


class Decoder:
    """Decode the messages of one stream."""

    def __init__(self) -> None:
        self._tables: dict[int, StringTable] = {}
        self._stacks: dict[int, CallStacks] = {}

    def decode(self, text: bytes, body: bytes) -> WireMessage:
        """Decode the two parts of a frame."""
        at = 0

        def unpack(value: Any) -> Any:
            nonlocal at
            match value:
                case list():
                    return tuple(unpack(item) for item in value)
                case {"is": name, **fields}:
                    return _TYPES[name](**{str(key): unpack(item) for key, item in fields.items()})
                case {"column": dtype, "shape": shape}:
                    column = np.frombuffer(body, dtype, int(np.prod(shape)), at).reshape(shape)
                    at += column.nbytes
                    return column
                case {"texts": new, "number": number}:
                    if number not in self._tables:
                        self._tables[number] = StringTable()
                        self._tables.pop(number - _MAX_TABLES, None)
                    self._tables[number].extend(new)
                    return self._tables[number]
                case {"stacks": rows, "frames": frames, "number": number}:
                    if number not in self._stacks:
                        self._stacks[number] = CallStacks()
                        self._stacks.pop(number - _MAX_TABLES, None)
                    self._stacks[number].extend(rows, (Frame(*frame) for frame in frames))
                    return self._stacks[number]
                case {"page": flags}:
                    return PageFlags(flags)
                case {"table": table}:
                    return table
            return value

        message: WireMessage = unpack(json.loads(text))
        return message


def read_frame(read: Callable[[int], bytes]) -> tuple[bytes, bytes] | None:
    """Read the two parts of the next frame; None at the end of the stream, even within a frame.

    Args:
        read: Returns exactly the requested number of bytes, fewer only at the end of the stream.
    """
    head = read(_FRAME_HEADER.size)
    if len(head) < _FRAME_HEADER.size:
        return None
    text_bytes, body_bytes = _FRAME_HEADER.unpack(head)
    text, body = read(text_bytes), read(body_bytes)
    return (text, body) if len(text) == text_bytes and len(body) == body_bytes else None


def read_exactly(fd: int, count: int) -> bytes:
    """Read exactly `count` bytes of a pipe; fewer only at its end."""
    parts = []
    while count and (part := os.read(fd, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`, with as many writes as the pipe needs.

    Raises:
        BrokenPipeError: The reader is gone.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
