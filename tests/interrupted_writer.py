"""A program whose output blocks, and is stopped and continued meanwhile: the kernel then writes a part of it only."""

import os
import signal
import subprocess
import sys
import tty
from contextlib import suppress

import psutil
from stepped_program import wait_until


def output_across_a_stop(code: str) -> bytes:
    """What Python code writes to its terminal, without a buffer of Python's own, if it is stopped while it writes."""
    master, slave = os.openpty()
    tty.setraw(slave)
    words = [sys.executable, "-u", "-c", code]
    with subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave) as writer:
        os.close(slave)
        try:
            written = os.read(master, 1)  # the rest is more than the terminal takes
            process = psutil.Process(writer.pid)
            wait_until(lambda: process.status() == psutil.STATUS_SLEEPING)
            writer.send_signal(signal.SIGSTOP)
            wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
            writer.send_signal(signal.SIGCONT)
            with suppress(OSError):  # EIO: the writer has ended
                while more := os.read(master, 1 << 16):
                    written += more
        finally:
            writer.kill()
            os.close(master)
    return written
