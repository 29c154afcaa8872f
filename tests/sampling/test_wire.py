"""What goes through the pipe comes out as it was."""

import os
import threading
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from factories import COUNTERS, mappings_of, tick_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.callers.call_stacks import BEYOND, CallStacks
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.protocol import (
    Attach,
    Detach,
    Failure,
    FramesReply,
    FramesRequest,
    Launch,
    LaunchFailed,
    Pace,
    PagesReply,
    PagesRequest,
    SharersReply,
    SharersRequest,
    Signal,
    SymbolsReply,
    SymbolsRequest,
    Target,
)
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.columns import StringTable, no_mappings
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.sampling.wire import Decoder, Encoder, WireMessage, read_exactly, read_frame, write_all


def same(a: Any, b: Any) -> bool:
    """Whether two values are alike in type and content, columns and texts included."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, StringTable):
        return isinstance(b, StringTable) and a.additions_since(0) == b.additions_since(0)
    if isinstance(a, CallStacks):
        return isinstance(b, CallStacks) and a.additions_since(1, 0) == b.additions_since(1, 0)
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return type(a) is type(b) and bool(a == b)


class Pipe:
    """An encoder and a decoder in a row."""

    def __init__(self) -> None:
        self.encoder, self.decoder = Encoder(), Decoder()

    def through(self, message: WireMessage) -> WireMessage:
        data = self.encoder.encode(message)
        at = 0

        def read(count: int) -> bytes:
            nonlocal at
            at += count
            return data[at - count : at]

        frame = read_frame(read)
        assert frame is not None
        assert at == len(data)
        return self.decoder.decode(*frame)


TARGET = Target(
    pid=7,
    command_line=("a", "", os.fsdecode(b"\xff\n"), '{"is": "Tick"}'),
    executable=None,
    launched=True,
    stopped_at_exec=False,
    started_ns=1_700_000_000_123_456_789,
    clock_ticks=100,
    max_map_count=65530,
)


@pytest.mark.parametrize(
    "message",
    [
        Attach(4711, Pace(100_000_000, 0.02)),
        Launch(("sh", "-c", "exit 3"), dict(os.environ), Pace(budget=1.0)),
        Pace(),
        Signal(15),
        Detach(),
        TARGET,
        PagesRequest(7),
        FramesRequest(2**40, 4096, 2**64 - 4096),
        FramesReply(7, 0, 8192, 2, mapped_once=1, highest_map_count=12, dirty=1, referenced=2, huge=1, ksm=1),
        FramesReply(7, 0, 8192, missing_reason="shown only to root"),
        SharersRequest(7),
        SharersReply(7, ((4711, "program"), (4712, "other")), unread=3, attached=2),
        SharersReply(7, missing_reason="the mapping is gone"),
        SymbolsRequest(2**40, ((0, 4096), (2**64 - 8192, 2**64 - 4096))),
        SymbolsReply(7, ((0, 4096), (8192, 12288)), (("page1", "3 more"), ()), "is stripped of its symbols"),
        Failure("no process 7", "run smapstop without arguments", 3),
        LaunchFailed("cannot execute ./a", "exec format error"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_requests_and_news_arrive_as_they_were(message: WireMessage) -> None:
    assert message == Pipe().through(message)


def test_pages_arrive_as_they_were() -> None:
    start, end = np.array([[2**64 - 12288, 2**64 - 4096], [2**64 - 8192, 2**64 - 2048]], np.uint64)
    runs = PageRuns(
        start, end, np.array([3, 255], np.uint8), PageFlags.FILE | PageFlags.PRESENT | PageFlags.ZERO, 4096
    )
    seen = PagesReply(7, 3, 1_700_000_000_123_456_789, 2**64 - 12288, 2**64 - 2048, runs)
    nothing = PagesReply(7, 3, 1, 0, 0, None, "not permitted")

    assert same(seen, Pipe().through(seen))
    assert same(nothing, Pipe().through(nothing))


def test_tick_arrives_as_it_was() -> None:
    vsyscall = (0xFFFFFFFFFF600, 0xFFFFFFFFFF601, "--xp", "[vsyscall]")
    texts = StringTable()
    tick = tick_of(
        3,
        mappings_of((16, 20), (20, 30, "r--s", "/lib/c", 8, 2, "rd mr"), vsyscall, texts=texts, pss=[-1, 7, 0]),
        [5, 2**40, 6],
        totals={"rss": 2**45, "uss": 0},
        gone=[7, 8],
        lineage=(LifecycleEvent("split", 6, 5), LifecycleEvent("map", 2**40)),
        torn=True,
        executed=True,
        ending=ExitStatus(signal=9, zombie=True),
        missing="not permitted",
    )

    received = Pipe().through(tick)

    assert same(tick, received)


def test_tick_without_mappings_and_fields_arrives_as_it_was() -> None:
    tick = tick_of(0, no_mappings(StringTable()), [])

    assert same(tick, Pipe().through(tick))


texts = st.text(st.characters(codec=None), max_size=8) | st.binary(max_size=8).map(os.fsdecode)
streams = st.lists(st.lists(st.tuples(texts, texts, st.integers(-1, 2**62)), max_size=5), max_size=8)


@given(streams)
def test_stream_with_growing_texts_arrives_as_it_was(stream: list[list[tuple[str, str, int]]]) -> None:
    pipe, texts = Pipe(), StringTable()
    received = []
    sent = []
    for number, rows in enumerate(stream):
        mappings = mappings_of(
            *((10 * at, 10 * at + 5, "rw-p", name, rss, 0, flags) for at, (name, flags, rss) in enumerate(rows)),
            texts=texts,
        )
        sent.append(tick_of(number, mappings, list(range(len(rows)))))
        received.append(pipe.through(sent[-1]))

        assert same(sent[-1], received[-1])
    assert all(same(a, b) for a, b in zip(sent, received, strict=True))
    assert len({id(tick.rows.strings) for tick in received if isinstance(tick, Tick)}) <= 1


def test_texts_travel_once() -> None:
    encoder, texts = Encoder(), StringTable()
    name = "/a/very/particular/name"

    first = encoder.encode(tick_of(0, mappings_of((1, 2, "rw-p", name), texts=texts), [0]))
    second = encoder.encode(tick_of(1, mappings_of((1, 2, "rw-p", name), texts=texts), [0]))

    assert first.count(name.encode()) == 1
    assert name.encode() not in second


def test_call_stacks_travel_once_and_arrive_as_they_were() -> None:
    pipe, stacks, texts = Pipe(), CallStacks(), StringTable()
    frames = [Frame("a_function", "/bin/x", 16, "x.c:7"), Frame(None, os.fsdecode(b"/lib/\xff"), 2**40), BEYOND]

    def tick(number: int, *stack: int) -> Tick:
        ids = np.array(stack, np.int32)
        faults = PageFaults(3, 1, 2, 1, 0, ids.astype(np.int64), ids, 7 * ids.astype(np.int64), stacks)
        return tick_of(number, mappings_of((1, 2), texts=texts), [0], faults=faults)

    first = tick(0, stacks.intern(frames), stacks.intern(frames[1:]))
    assert same(first, pipe.through(first))
    assert b"a_function" not in pipe.encoder.encode(tick(1, stacks.intern(frames)))

    second = tick(2, stacks.intern([*frames, *frames]), 0)
    assert same(second, pipe.through(second))
    assert same(second, pipe.through(second))


def test_next_process_on_the_same_stream_begins_with_its_own_texts() -> None:
    pipe = Pipe()
    first = tick_of(0, mappings_of((1, 2, "rw-p", "/old"), texts=StringTable()), [0])
    second = tick_of(0, mappings_of((1, 2, "r--p", "/new"), texts=StringTable()), [0])
    received_first = pipe.through(first)
    received_second = pipe.through(second)

    assert same(second, received_second)
    assert same(first, received_first)


def test_processes_that_take_turns_send_their_texts_once_as_long_as_their_tables_are_remembered() -> None:
    pipe, tables = Pipe(), [StringTable() for _ in range(70)]

    def sent(at: int) -> tuple[Tick, bytes]:
        tick = tick_of(0, mappings_of((1, 2, "rw-p", f"/of/{at}"), texts=tables[at]), [0])
        assert same(tick, pipe.through(tick))
        return tick, pipe.encoder.encode(tick)

    for turn in range(3):
        for at in range(3):
            assert turn == 0 or f"/of/{at}".encode() not in sent(at)[1]
            sent(at)
    for at in range(70):
        sent(at)
    assert b"/of/69" not in sent(69)[1]
    sent(0)  # forgotten, and sent again as a new one


def test_end_of_stream_inside_a_frame_is_an_end() -> None:
    frame = Encoder().encode(TARGET)
    for length in range(len(frame)):
        parts = [frame[:length]]

        def read(count: int, parts: list[bytes] = parts) -> bytes:
            part, parts[0] = parts[0][:count], parts[0][count:]
            return part

        assert read_frame(read) is None


def test_frames_larger_than_a_pipe_pass_through_it() -> None:
    counters = [COUNTERS.minor_faults or 0] * 20_000
    tick = tick_of(0, mappings_of(*((2 * at, 2 * at + 1) for at in range(20_000)), pss=counters), list(range(20_000)))
    out, into = os.pipe()

    def write() -> None:
        write_all(into, Encoder().encode(tick))
        os.close(into)

    writer = threading.Thread(target=write)
    writer.start()
    frame = read_frame(partial(read_exactly, out))
    after = read_frame(partial(read_exactly, out))
    writer.join()
    os.close(out)

    assert frame is not None
    assert same(tick.rows.amounts, getattr(Decoder().decode(*frame), "rows").amounts)  # noqa: B009
    assert after is None


def test_writing_to_nobody_is_a_broken_pipe() -> None:
    out, into = os.pipe()
    os.close(out)
    with pytest.raises(BrokenPipeError):
        write_all(into, b"x")
    os.close(into)
