"""List the processes that can be watched.

psutil is imported where it is used: it is the slowest import, and watching a pid does not need it.
"""

import os
from typing import Any

from smapstop.proc.process_info import ProcessInfo


def list_processes() -> list[ProcessInfo]:
    """List all processes with memory of their own, by pid: no kernel threads, no zombies, and not smapstop itself."""
    import psutil

    attributes = ["pid", "ppid", "name", "username", "cmdline", "memory_info", "num_threads", "create_time"]
    running = [process.info for process in psutil.process_iter(attributes)]
    return [_process_info(info) for info in running if _has_memory(info) and not _is_ours(info)]


def _is_ours(info: dict[str, Any]) -> bool:
    """Whether a process is this one or its sampler."""
    return info["pid"] == os.getpid() or (
        info["ppid"] == os.getpid() and "smapstop.sampling" in (info["cmdline"] or ())
    )


def _has_memory(info: dict[str, Any]) -> bool:
    """Whether a process has, or may have, memory; one whose main thread has exited reports none."""
    return info["memory_info"] is None or info["memory_info"].vms > 0 or (info["num_threads"] or 1) > 1


def _process_info(info: dict[str, Any]) -> ProcessInfo:
    memory = info["memory_info"]
    return ProcessInfo(
        pid=info["pid"],
        name=info["name"] or "",
        user=info["username"],
        command_line=tuple(info["cmdline"] or ()),
        rss_kb=None if memory is None else memory.rss // 1024,
        start_time=info["create_time"],
        is_readable=_is_readable(info["pid"]),
    )


def _is_readable(pid: int) -> bool:
    """Whether the memory map of a process may be read, which the kernel decides when it is opened.

    Kernel: fs/proc/task_mmu.c: proc_maps_open.
    """
    try:
        os.close(os.open(f"/proc/{pid}/smaps", os.O_RDONLY | os.O_CLOEXEC))
    except PermissionError:
        return False
    except OSError:
        return True  # it has just ended
    return True
