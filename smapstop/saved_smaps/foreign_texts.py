"""Recognise texts that are not smaps, so that the error can say what they are and what to save instead."""

import re
from typing import NamedTuple

from smapstop.errors import SmapstopError

SAVE_SMAPS = "save /proc/PID/smaps instead: cat /proc/PID/smaps >FILE"
_PROBE_BYTES = 1 << 16


class _Foreign(NamedTuple):
    """A kind of text."""

    pattern: re.Pattern[bytes]
    """Matches some of it, near its begin."""
    what: str
    remedy: str = SAVE_SMAPS


def _line(pattern: bytes) -> re.Pattern[bytes]:
    """Pattern of the begin of a line, also a quoted or indented one."""
    return re.compile(rb"(?m)^[> \t]{0,20}" + pattern)


_SNAPSHOT = "smapstop snapshot -p PID --format json writes one that can be read"
_UNPACK = "unpack it, and give the smaps in it"
_SHORT = "which has names without their directories"
_POLICY = rb"[0-9a-f]{4,16} (?:default|local|(?:bind|interleave|prefer|weighted)[^ \n]*)(?: |$)"
_KINDS = (
    _Foreign(re.compile(rb"\ASQLite format 3\0"), "an SQLite database", "a recording: replay, export or diff it"),
    _Foreign(re.compile(rb"\A\x7fELF"), "an ELF file, such as a program or a core dump"),
    _Foreign(re.compile(rb"\APK\x03\x04"), "a zip archive", _UNPACK),
    _Foreign(re.compile(rb"\A(?s:.{257})ustar"), "a tar archive", _UNPACK),
    _Foreign(re.compile(rb"\A\x04\"M\x18"), "lz4-compressed", "decompress it first: lz4 -dc FILE"),
    _Foreign(re.compile(rb"(?i)\A\s{0,99}<(?:!doctype|html)"), "a web page", "save the text in it, not the page"),
    _Foreign(_line(rb"Address +Perm +Offset +Device +Inode (?=.*VmFlags)"), f"output of pmap -XX, {_SHORT}"),
    _Foreign(_line(rb"Address +Perm +Offset +Device +Inode "), f"output of pmap -X, {_SHORT}"),
    _Foreign(_line(rb"Address +Kbytes +(?:RSS|PSS) "), "output of pmap -x"),
    _Foreign(_line(rb"Address +Kbytes +Mode +Offset +Device "), "output of pmap -d"),
    _Foreign(_line(rb"[0-9a-f]{8,16} +[0-9]+K [r-][w-][x-][sR-][-R]? "), "output of pmap"),
    _Foreign(_line(_POLICY), "the text of numa_maps"),
    _Foreign(_line(rb"VmPeak:\s"), "the text of status, which has totals only"),
    _Foreign(_line(rb"MemTotal:\s"), "the text of meminfo, which is of the whole machine"),
    _Foreign(_line(rb"start,end,perms,offset,device,inode,"), "CSV of smapstop", _SNAPSHOT),
    _Foreign(_line(rb"Mapping +(?:Maps|Start) .*Rss"), "a table of smapstop", _SNAPSHOT),
    _Foreign(_line(rb"(?:virtual|size) +(?:shared|RSS) "), "output of showmap"),
    _Foreign(
        re.compile(rb"(?m)^.{0,200}smaps'?: ?(?:Permission denied|Operation not permitted)"),
        "an error message: its reader had no permission",
        "save it as root or as the user of the process",
    ),
    _Foreign(
        re.compile(rb"(?m)^.{0,200}smaps'?: ?No such (?:file|process)"),
        "an error message: there was no such process",
        "save it while the process runs",
    ),
    _Foreign(
        _line(rb"(?:Rss|Pss|Size): +[0-9]+ kB"),
        "lines of smaps without the headers of the mappings",
        "save all of it: cat /proc/PID/smaps >FILE",
    ),
)


def foreign_error(text: bytes) -> SmapstopError:
    """Error for a text without a mapping, which says what it is, as far as that is known."""
    probe = text[:_PROBE_BYTES]
    for kind in _KINDS:
        if kind.pattern.search(probe):
            return SmapstopError(f"not smaps, but {kind.what}", kind.remedy)
    if not text.strip():
        return SmapstopError("it is empty", "save one with: cat /proc/PID/smaps >FILE")
    if b"\0" in probe:
        return SmapstopError("not smaps, but binary data", SAVE_SMAPS)
    first = next(filter(bytes.strip, probe.split(b"\n"))).strip()
    shown = (first if len(first) <= 60 else first[:57] + b"...").decode("utf-8", "surrogateescape")
    return SmapstopError(f"not smaps: no line is the header of a mapping; it begins with {shown!r}", SAVE_SMAPS)
