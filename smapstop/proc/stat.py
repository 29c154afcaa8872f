"""Parse stat, statm and status (proc(5))."""

import os
import re

from smapstop.proc.columns import Counters

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
"""Page size, kB."""
_AMOUNT = re.compile(rb"^(\w+):\s+(\d+)", re.MULTILINE)
"""A line of status with a number."""
_EXITING = 0x4
"""PF_EXITING in the flags of stat (include/linux/sched.h)."""


def parse_counters(stat: bytes, statm: bytes, status: bytes, page_kb: int = PAGE_KB) -> Counters:
    """Parse the texts of a process's stat, statm and status (proc(5)); statm and status may be empty."""
    after = fields_after_name(stat)
    numbers = {label.decode(): int(digits) for label, digits in _AMOUNT.findall(status)}

    def number(position: int) -> int:
        """Return a field by its number in proc(5), 0 if missing; kernels before 3.5 print fewer."""
        return int(after[position - 3]) if len(after) > position - 3 else 0

    # statm is all 0 without memory: for a zombie, and for a main thread that exited before the others
    size, resident = map(int, statm.split()[:2]) if statm else (0, 0)
    return Counters(
        pid=int(stat[: stat.index(b" ")]),
        name=os.fsdecode(stat[stat.index(b"(") + 1 : stat.rindex(b")")]),
        state=after[0].decode(),
        ppid=number(4),
        threads=number(20),
        start_time=number(22),
        image=number(48),
        minor_faults=number(10),
        major_faults=number(12),
        user_ticks=number(14),
        system_ticks=number(15),
        exit_code=number(52) if after[0] in b"ZX" and len(after) > 52 - 3 else None,
        rss=resident * page_kb if size else None,
        vm_peak=numbers.get("VmPeak"),
        vm_size=numbers.get("VmSize"),
        vm_hwm=numbers.get("VmHWM"),
        vm_swap=numbers.get("VmSwap"),
        rss_shmem=numbers.get("RssShmem"),
        rss_anon=numbers.get("RssAnon"),
        rss_file=numbers.get("RssFile"),
        vm_data=numbers.get("VmData"),
        vm_lck=numbers.get("VmLck"),
    )


def fields_after_name(stat: bytes) -> list[bytes]:
    """Return the fields of stat from the third on; the second is a name in parentheses, of arbitrary bytes."""
    return stat[stat.rindex(b")") + 2 :].split()


def is_exiting(stat: bytes) -> bool:
    """Whether a process has begun to exit, or has exited."""
    return bool(int(fields_after_name(stat)[6]) & _EXITING)
