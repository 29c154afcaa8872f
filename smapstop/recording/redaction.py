"""Recording without words: what a process is called, how it was started, and which files it maps, left out."""

import re
import secrets
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from smapstop.model.protocol import Target
from smapstop.model.tick import Tick
from smapstop.proc.columns import Addresses, Mappings, StringIds, StringTable, strip_deleted

REDACTED_COMM = "redacted"
"""What every process is called."""
_KERNEL_NAMES = re.compile(
    r"|\[[a-z_]+(:\d+)?\]|/dev/zero|/anon_hugepage|/drm mm object"  # [heap], [stack], [vdso] …; fs/proc/task_mmu.c
)
"""The names that every process may have."""
_NAME_FORMS = (
    (re.compile(r"\[anon:.*\]", re.DOTALL), "[anon:{}]"),
    (re.compile(r"\[anon_shmem:.*\]", re.DOTALL), "[anon_shmem:{}]"),
    (re.compile(r"\[.*", re.DOTALL), "[special:{}]"),
    (re.compile(r"/memfd:.*", re.DOTALL), "/memfd:{}"),
    (re.compile(r"/SYSV[0-9a-f]{8}"), "/SYSV{:08x}"),
    (re.compile(r"/dev/shm/.*", re.DOTALL), "/dev/shm/{}"),
    (re.compile(r".*\.so(\.[^/]*)?", re.DOTALL), "/library-{}"),
)
"""Names that others gave: what is left of them is what kind of memory it is (`kind_of`), and a number."""
_SAFE_REASONS = re.compile(
    r"--[a-z]+|SIG[A-Z]+|the (process ended|dashboard was left|recorder failed)"
    r"|it was (saved while it went on|not saved to its end)"
)
"""Why a recording may have ended, in words that name nobody."""


class Redaction:
    """Says of what is recorded all but words: every file, library or named memory gets a number, and keeps it.

    Numbers are given in order of appearance, so they mean something in the recordings of one `Redaction` only; all of
    them have its `token`.
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        """Tells the numbers of one redaction from those of another."""
        self._numbers: dict[str, dict[str, int]] = {}
        self._files: dict[tuple[str, int], int] = {}
        self._program: str | None = None
        self._original_texts: StringTable | None = None
        self._redacted_texts = StringTable()

    def redact_target(self, target: Target) -> Target:
        """What may be recorded of whom the recording is of."""
        self._program = target.executable
        return replace(target, command_line=(), executable=None)

    def redact_tick(self, tick: Tick) -> Tick:
        """What may be recorded of a tick."""
        return replace(
            tick,
            counters=replace(tick.counters, name=REDACTED_COMM),
            rows=self._redact_rows(tick.rows),
            events=replace(tick.events, names=()),
            stacks=tuple(replace(stack, name="") for stack in tick.stacks),
            missing="the mappings could not be read" if tick.missing else "",
        )

    def redact_reason(self, why: str) -> str:
        """Why a recording ended, if that names nobody."""
        return why if _SAFE_REASONS.fullmatch(why) else ""

    def redact_name(self, name: str) -> str:
        """What a mapping is called instead."""
        bare = strip_deleted(name)
        deleted = name[len(bare) :]
        if _KERNEL_NAMES.fullmatch(bare):
            return name
        if bare == self._program:
            return f"/program{deleted}"
        form = next((form for pattern, form in _NAME_FORMS if pattern.fullmatch(bare)), "/file-{}")
        numbers = self._numbers.setdefault(form, {})
        return form.format(numbers.setdefault(bare, len(numbers) + 1)) + deleted

    def _redact_rows(self, rows: Mappings) -> Mappings:
        """Mappings without the names that others gave, and without what finds their files."""
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
        """A column of texts; each is asked about once."""
        assert self._original_texts is not None
        distinct, at = np.unique(column, return_inverse=True)
        codes = [self._redacted_texts.intern(of(self._original_texts[code])) for code in distinct.tolist()]
        return np.array(codes, np.int32)[at]

    def _redact_inodes(self, rows: Mappings) -> Addresses:
        """A number for each file in place of its inode, which is one's of a device; 0 without a file."""
        assert self._original_texts is not None
        pairs = np.stack([rows.device.astype(np.uint64), rows.inode])
        distinct, at = np.unique(pairs, axis=1, return_inverse=True)
        numbers = [
            self._files.setdefault((self._original_texts[device], inode), len(self._files) + 1) if inode else 0
            for device, inode in distinct.T.tolist()
        ]
        return np.array(numbers, np.uint64)[at.reshape(-1)]
