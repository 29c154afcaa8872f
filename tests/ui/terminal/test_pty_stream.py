"""Reading and writing a real pseudo-terminal without waiting for the program on it."""

import asyncio
import os
import termios
import threading
import time
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

from smapstop.pseudo_terminal import open_terminal
from smapstop.ui.terminal.pty_stream import QUEUE_BYTES, TURN_BYTES, TURN_SECONDS, PtyStream


class Output:
    """A consumer that stores its input, at a pace, and counts turns and ends."""

    def __init__(self, feed_seconds: float = 0.0) -> None:
        self.data = bytearray()
        self.skimmed: list[int] = []
        self.feeds_of_turns = [0]
        self.ends: list[bytes] = []
        """What had been fed at each end."""
        self._feed_seconds = feed_seconds

    def skim(self, data: bytes) -> bytes:
        self.skimmed.append(len(data))
        return data

    def feed(self, data: bytes) -> None:
        time.sleep(self._feed_seconds)
        self.data += data
        self.feeds_of_turns[-1] += 1

    def end_turn(self) -> None:
        self.feeds_of_turns.append(0)

    def end(self) -> None:
        self.ends.append(bytes(self.data))


class Program:
    """The side of a program, in the same process: a terminal that passes bytes as they are."""

    def __init__(self, slave: int) -> None:
        self.slave = slave
        self.path = os.ttyname(slave)
        tty.setraw(slave, termios.TCSANOW)

    def write(self, data: bytes) -> None:
        os.write(self.slave, data)

    def read(self) -> bytes:
        """Read what is there; nothing when there is nothing."""
        os.set_blocking(self.slave, False)
        try:
            return os.read(self.slave, 1 << 16)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self.slave)
        self.slave = -1

    def reopen(self) -> None:
        self.slave = os.open(self.path, os.O_RDWR | os.O_NOCTTY)


@asynccontextmanager
async def streaming(output: Output) -> AsyncIterator[tuple[PtyStream, Program, int]]:
    """A started stream, the program on its terminal, and the master."""
    master, slave = open_terminal(24, 80)
    program = Program(slave)
    stream = PtyStream(master, on_turn=output.end_turn, on_end=output.end)
    stream.start(output)
    try:
        yield stream, program, master
    finally:
        stream.stop()
        os.close(master)
        if program.slave >= 0:
            program.close()


async def until(condition: Callable[[], object], pause: float = 0.001) -> None:
    """Wait until a condition holds; with a pause of 0 it is checked in every iteration of the loop."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(pause)


def pattern(size: int) -> bytes:
    """Bytes in which any loss or swap shows."""
    return b"".join(b"%07d\n" % number for number in range(size // 8))


def write_from_thread(program: Program, data: bytes) -> threading.Thread:
    """Write more than the terminal has room for, as a program that waits for the room."""

    def write() -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(program.slave, rest) :]

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


# output


async def test_output_is_fed_as_it_was_written() -> None:
    output = Output()
    async with streaming(output) as (stream, program, _):
        program.write(b"one\x1b[31m")
        await until(lambda: output.data == b"one\x1b[31m")
        program.write(b"two\x00\xff")
        await until(lambda: output.data == b"one\x1b[31mtwo\x00\xff")
        assert stream.bytes_read == len(output.data)


async def test_a_flood_arrives_whole_and_in_order() -> None:
    output, flood = Output(), pattern(2_000_000)
    async with streaming(output) as (stream, program, _):
        writer = write_from_thread(program, flood)
        await until(lambda: len(output.data) >= len(flood))
        writer.join()
        assert output.data == flood
        assert stream.bytes_read == len(flood)


async def test_a_turn_ends_when_its_time_is_over() -> None:
    output = Output(feed_seconds=TURN_SECONDS / 3)
    async with streaming(output) as (_, program, _master):
        writer = write_from_thread(program, pattern(32_000))
        await until(lambda: len(output.data) == 32_000)
        writer.join()
        assert max(output.feeds_of_turns) <= 3
        assert len(output.feeds_of_turns) > 10


async def test_others_have_their_turn_between_two_turns_of_a_flood() -> None:
    output = Output(feed_seconds=TURN_SECONDS)
    async with streaming(output) as (_, program, _master):
        program.write(pattern(3000))
        await until(lambda: output.data)
        seen = [len(output.data)]
        while len(output.data) < 3000:
            await asyncio.sleep(0)
            seen.append(len(output.data))
        assert all(after - before <= 1024 for before, after in pairwise(seen))


async def test_nothing_more_is_read_before_all_that_was_read_is_fed() -> None:
    output, flood = Output(feed_seconds=0.0001), pattern(200_000)
    most_waiting = 0
    async with streaming(output) as (stream, program, _):
        writer = write_from_thread(program, flood)
        while len(output.data) < len(flood):
            await asyncio.sleep(0)
            most_waiting = max(most_waiting, stream.bytes_read - len(output.data))
        writer.join()
        assert sum(output.skimmed) == len(flood)
        assert most_waiting <= max(output.skimmed) < TURN_BYTES + (1 << 16)


async def test_what_the_consumer_skims_off_is_not_fed() -> None:
    class Skimming(Output):
        def skim(self, data: bytes) -> bytes:
            return data[-2:]

    output = Skimming()
    async with streaming(output) as (stream, program, _):
        program.write(b"a flood")
        await until(lambda: output.data == b"od")
        assert stream.bytes_read == 7


# input


async def test_input_that_the_program_reads_late_arrives_whole() -> None:
    data, got = pattern(40_000), b""
    async with streaming(Output()) as (stream, program, _):
        for at in range(0, len(data), 10_000):
            stream.send(data[at : at + 10_000])
        while len(got) < len(data):
            await asyncio.sleep(0.001)
            got += program.read()
        assert got == data


async def test_of_a_long_paste_only_the_begin_is_sent() -> None:
    data, got = pattern(1_000_000), b""
    async with streaming(Output()) as (stream, program, _):
        stream.send(data)
        while len(got) < QUEUE_BYTES:
            await asyncio.sleep(0.001)
            got += program.read()
        assert got == data[:QUEUE_BYTES]


async def test_a_program_that_does_not_read_holds_nothing_up() -> None:
    size = 0
    async with streaming(Output()) as (stream, program, _):
        for _ in range(50):
            stream.send(bytes(QUEUE_BYTES))
        while (count := len(program.read())) or size < QUEUE_BYTES:
            size += count
            await asyncio.sleep(0.01)
        assert size <= 4 * QUEUE_BYTES  # what the kernel had room for, and the queue


async def test_the_loop_waits_for_room_only_while_there_is_something_to_send() -> None:
    data, got = pattern(40_000), b""
    loop = asyncio.get_running_loop()
    async with streaming(Output()) as (stream, program, master):
        stream.send(b"short")
        assert not loop.remove_writer(master)
        await until(program.read)
        stream.send(data)
        assert loop.remove_writer(master)
        stream.send(b"")  # waits for room again
        while len(got) < len(data):
            await asyncio.sleep(0.001)
            got += program.read()
        await asyncio.sleep(0)
        assert not loop.remove_writer(master)


async def test_the_program_sees_the_size_of_the_terminal() -> None:
    async with streaming(Output()) as (stream, program, _):
        stream.resize(10, 60)
        assert termios.tcgetwinsize(program.slave) == (10, 60)


# its end


async def test_the_end_comes_once_after_all_output_was_fed() -> None:
    output = Output(feed_seconds=TURN_SECONDS / 2)
    loop = asyncio.get_running_loop()
    async with streaming(output) as (_, program, master):
        program.write(pattern(3000))
        program.close()
        await until(lambda: output.ends)
        assert output.ends == [pattern(3000)]
        assert not loop.remove_reader(master)  # it would be ready for ever


async def test_input_for_nobody_is_dropped() -> None:
    output = Output()
    loop = asyncio.get_running_loop()
    async with streaming(output) as (stream, program, master):
        program.close()
        await until(lambda: output.ends)
        stream.send(b"x" * 1000)
        assert not loop.remove_writer(master)


async def test_another_program_is_served_on_the_same_terminal() -> None:
    output = Output()
    async with streaming(output) as (stream, program, _):
        program.write(b"one")
        program.close()
        await until(lambda: output.ends)
        program.reopen()
        stream.reopen(b"-title-")
        program.write(b"two")
        await until(lambda: output.data == b"one-title-two")
        stream.send(b"input")
        await until(lambda: program.read() == b"input")
        program.close()
        await until(lambda: len(output.ends) == 2)
        assert output.ends == [b"one", b"one-title-two"]


async def test_what_is_unfed_can_be_taken() -> None:
    output = Output(feed_seconds=TURN_SECONDS)
    async with streaming(output) as (stream, program, _):
        program.write(pattern(3000))
        await until(lambda: output.data, pause=0)
        fed, rest = bytes(output.data), stream.take_unfed()
        assert rest
        assert stream.take_unfed() == b""
        await until(lambda: len(output.data) + len(rest) == 3000)
        assert fed + rest + output.data[len(fed) :] == pattern(3000)


async def test_a_stopped_stream_neither_reads_nor_writes() -> None:
    output = Output()
    async with streaming(output) as (stream, program, master):
        stream.stop()
        program.write(b"left")
        stream.send(b"lost")
        stream.reopen(b"lost")
        await asyncio.sleep(2 * TURN_SECONDS)
        assert (bytes(output.data), program.read()) == (b"", b"")
        assert os.read(master, 100) == b"left"


async def test_a_stream_that_is_stopped_during_a_flood_feeds_no_more() -> None:
    output = Output(feed_seconds=TURN_SECONDS)
    async with streaming(output) as (stream, program, _):
        program.write(pattern(3000))
        await until(lambda: output.data, pause=0)
        stream.stop()
        fed = len(output.data)
        assert fed < 3000
        await asyncio.sleep(2 * TURN_SECONDS)
        assert len(output.data) == fed
