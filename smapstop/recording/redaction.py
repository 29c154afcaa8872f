"""Redact recordings: remove the names of the process, its command line, and the files it maps."""

import re
import secrets
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from smapstop.model.callers.call_stacks import BEYOND, CallStacks
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.family.reading import FamilyMember, FamilyReading
from smapstop.model.protocol import Target
from smapstop.model.tick import ExitStatus, Tick
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.columns import Addresses, Mappings, StringIds, StringTable, strip_deleted
from smapstop.proc.limits import Limits

REDACTED_COMM = "redacted"
"""Comm of every redacted process."""
REDACTED_CGROUP = "/redacted"
"""Path of every redacted control group."""
_KERNEL_NAMES = re.compile(
    r"|\[[a-z_]+(:\d+)?\]|/dev/zero|/anon_hugepage|/secretmem"
    r"|/\[aio\]|/drm mm object|/i915|anon_inode:\[?[a-z_]+\]?"  # [heap], [stack], [vdso] …; fs/proc/task_mmu.c
)
"""Names given by the kernel, which any process may have."""
_NAME_FORMS = (
    (re.compile(r"\[anon:.*\]", re.DOTALL), "[anon:{}]"),
    (re.compile(r"\[anon_shmem:.*\]", re.DOTALL), "[anon_shmem:{}]"),
    (re.compile(r"\[.*", re.DOTALL), "[special:{}]"),
    (re.compile(r"/memfd:.*", re.DOTALL), "/memfd:{}"),
    (re.compile(r"/SYSV[0-9a-f]{8}"), "/SYSV{:08x}"),
    (re.compile(r"/(dev|run|var/run)/shm/.*", re.DOTALL), "/dev/shm/{}"),
    (re.compile(r"/dev/hugepages[^/]*/.*", re.DOTALL), "/dev/hugepages/{}"),
    (re.compile(r"/dev/ashmem/.*", re.DOTALL), "/dev/ashmem/{}"),
    (re.compile(r"/dev/.*", re.DOTALL), "/dev/{}"),
    (re.compile(r"/dmabuf:.*", re.DOTALL), "/dmabuf:{}"),
    (re.compile(r"/(sys|proc)/.*", re.DOTALL), "/sys/{}"),
    (re.compile(r"anon_inode:.*", re.DOTALL), "anon_inode:{}"),
    (re.compile(r"[\w-]+:\[.*", re.DOTALL), "socket:[{}]"),
    (re.compile(r".*\.so(\.[^/]*)?", re.DOTALL), "/library-{}"),
)
"""Replacements of other names: they preserve the kind of memory (`kind_of`), and have a number."""
_SAFE_REASONS = re.compile(
    r"--[a-z]+|SIG[A-Z]+|the (process ended|dashboard was left|recorder failed)"
    r"|it was (saved while it went on|not saved to its end)"
)
"""Stop reasons that contain no name."""


def _redact_limits(limits: Limits) -> Limits:
    """Redact the path of the control group."""
    return replace(limits, cgroup=limits.cgroup and replace(limits.cgroup, path=REDACTED_CGROUP))


def _redact_ending(ending: ExitStatus | None) -> ExitStatus | None:
    """Replace the path of the control group that limited the process."""
    if ending is None or ending.oom is None or ending.oom.limit is None:
        return ending
    return replace(ending, oom=replace(ending.oom, limit=replace(ending.oom.limit, path=REDACTED_CGROUP)))


class Redaction:
    """Replace names by numbers: every file, library or named memory has a fixed number.

    Numbers are assigned in order of appearance, so they are comparable only between recordings of one `Redaction`,
    which all have its `token`.
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        """Identifies the numbering."""
        self._numbers: dict[str, dict[str, int]] = {}
        self._files: dict[tuple[str, int], int] = {}
        self._functions: dict[tuple[str, str], int] = {}
        self._program: str | None = None
        self._original_stacks: CallStacks | None = None
        self._redacted_stacks = CallStacks()
        self._original_texts: StringTable | None = None
        self._redacted_texts = StringTable()

    def redact_target(self, target: Target) -> Target:
        """Remove command line, executable and user of a target."""
        self._program = target.executable
        remote_host = target.remote_host and replace(target.remote_host, via="a command")
        return replace(target, command_line=(), executable=None, remote_host=remote_host, user=None)

    def redact_tick(self, tick: Tick) -> Tick:
        """Remove the names in a tick."""
        return replace(
            tick,
            counters=replace(tick.counters, name=REDACTED_COMM),
            rows=self._redact_rows(tick.rows),
            events=replace(tick.events, names=()),
            stacks=tuple(replace(stack, name="") for stack in tick.stacks),
            missing="the mappings could not be read" if tick.missing else "",
            ending=_redact_ending(tick.ending),
            limits=_redact_limits(tick.limits),
            faults=None if tick.faults is None else self._redact_faults(tick.faults),
        )

    def redact_family(self, reading: FamilyReading) -> FamilyReading:
        """Remove the names and command lines of the members."""
        return replace(
            reading,
            new=tuple(FamilyMember(*member.key, REDACTED_COMM, (), None) for member in reading.new),
            missing=tuple((pid, "its memory could not be read") for pid, _ in reading.missing),
        )

    def redact_reason(self, why: str) -> str:
        """Return a stop reason that contains no name; else the empty string."""
        return why if _SAFE_REASONS.fullmatch(why) else ""

    def redact_name(self, name: str) -> str:
        """Replace the name of a mapping."""
        bare = strip_deleted(name)
        deleted = name[len(bare) :]
        if _KERNEL_NAMES.fullmatch(bare):
            return name
        if bare == self._program:
            return f"/program{deleted}"
        form = next((form for pattern, form in _NAME_FORMS if pattern.fullmatch(bare)), "/file-{}")
        numbers = self._numbers.setdefault(form, {})
        return form.format(numbers.setdefault(bare, len(numbers) + 1)) + deleted

    def _redact_faults(self, faults: PageFaults) -> PageFaults:
        """Replace the names of functions and files in call stacks."""
        if faults.stacks is not self._original_stacks:
            self._original_stacks, self._redacted_stacks = faults.stacks, CallStacks()
        known = self._redacted_stacks
        rows, frames = faults.stacks.additions_since(len(known), known.frame_count)
        known.extend(rows, map(self._redact_frame, frames))
        return replace(faults, stacks=known)

    def _redact_frame(self, frame: Frame) -> Frame:
        """Replace the names in a frame: every function has a fixed number."""
        file = self.redact_name(frame.file) if frame.file else ""
        if frame.name is None or frame == BEYOND:
            return frame._replace(file=file, source=None)
        number = self._functions.setdefault((frame.file, frame.name), len(self._functions) + 1)
        return Frame(f"function-{number}", file, frame.offset, inlined=frame.inlined)

    def _redact_rows(self, rows: Mappings) -> Mappings:
        """Replace the names of mappings, and the inodes and devices that identify their files."""
        if rows.strings is not self._original_texts:
            self._original_texts, self._redacted_texts = rows.strings, StringTable()
        return replace(
            rows,
            inode=self._redact_inodes(rows),
            perms=self._redact_column(rows.perms, str),
            device=np.full(len(rows), self._redacted_texts.intern("00:00"), np.int32),
            name=self._redact_column(rows.name, self.redact_name),
            flags=self._redact_column(rows.flags, str),
            strings=self._redacted_texts,
        )

    def _redact_column(self, column: StringIds, of: Callable[[str], str]) -> StringIds:
        """Replace the texts of a column; `of` is called once for each distinct text."""
        assert self._original_texts is not None
        distinct, at = np.unique(column, return_inverse=True)
        codes = [self._redacted_texts.intern(of(self._original_texts[code])) for code in distinct.tolist()]
        return np.array(codes, np.int32)[at]

    def _redact_inodes(self, rows: Mappings) -> Addresses:
        """Number the files, by device and inode, in place of their inodes; 0 without a file."""
        assert self._original_texts is not None
        pairs = np.stack([rows.device.astype(np.uint64), rows.inode])
        distinct, at = np.unique(pairs, axis=1, return_inverse=True)
        numbers = [
            self._files.setdefault((self._original_texts[device], inode), len(self._files) + 1) if inode else 0
            for device, inode in distinct.T.tolist()
        ]
        return np.array(numbers, np.uint64)[at.reshape(-1)]
