"""Alerts of a recording: they end it, or a command is run each time (`--then`)."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from smapstop.model.alerts.expression import Alert
from smapstop.model.alerts.states import AlertWatch
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import GRACE_SECONDS
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.text.alerts import alert_line, unknown_text

_HISTORY_BYTES = 64 << 20
"""Limit of the history in which the cause of an alert is looked for."""
_POLL_SECONDS = 0.02
Say = Callable[[str], object]
"""Prints a line about the recording."""


class RecordedAlerts:
    """Alerts of one process and its family, checked as its ticks are recorded.

    Args:
        alerts: The alerts.
        then: Runs a command each time one is raised; None to stop at the first.
        say: Prints a line.
        stop: Ends the recording, with the reason.
    """

    def __init__(
        self, alerts: Sequence[Alert], then: "AlertCommand | None", say: Say, stop: Callable[[str], object]
    ) -> None:
        self.line = ""
        """What is to be said about the alert that ended the recording; empty while none did."""
        self._timeline = Timeline(_HISTORY_BYTES)
        self._family = FamilyLog()
        self._watch = AlertWatch(alerts, self._timeline, self._family)
        self._then, self._say, self._stop = then, say, stop
        self._is_checked = False

    def append(self, tick: Tick) -> None:
        """Check the alerts at the next tick."""
        if self.line:
            return
        self._timeline.append(tick)
        if not self._is_checked and tick.has_mappings:
            self._is_checked = True
            for text in filter(None, (unknown_text(alert, self._timeline) for alert in self._watch.states)):
                self._say(text)
        self._update(tick.counters.pid)

    def append_family(self, reading: FamilyReading) -> None:
        """Append a reading of the family: alerts about that are examined at the next tick; after the end now."""
        if self.line:
            return
        self._family.append(reading)
        self._watch.append_reading(reading)
        if self._timeline.ending is not None and self._timeline.last is not None:
            self._update(self._timeline.last.tick.counters.pid)

    def _update(self, pid: int) -> None:
        """Stop, or run the command, if an alert is raised."""
        for alert, state in self._watch.update():
            line = alert_line(alert, state, self._watch.ticks, self._family)
            if self._then is None:
                self.line = line
                self._stop(f"alert {alert.text}")
                break
            self._then.start(pid, line)
        if self._then is not None:
            self._then.check()

    def finish(self) -> None:
        """Wait a moment for the commands that still run."""
        if self._then is not None:
            self._then.finish()


class AlertCommand:
    """Runs a shell command for each alert that is raised, and says which runs fail.

    Args:
        command: Text for the shell.
        file: The recording.
        say: Prints a line.
    """

    def __init__(self, command: str, file: Path, say: Say) -> None:
        self._command, self._file, self._say = command, file, say
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, pid: int, line: str) -> None:
        """Start the command in a process group of its own, without input; it is not waited for."""
        variables = {"SMAPSTOP_PID": str(pid), "SMAPSTOP_ALERT": line, "SMAPSTOP_FILE": str(self._file.absolute())}
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", self._command],
                env=os.environ | variables,
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError as error:
            self._say(f"--then {self._command} cannot be started: {error.strerror}")
        else:
            self._running.append(process)

    def check(self) -> None:
        """Say which runs have failed since the last check."""
        for process in [process for process in self._running if process.poll() is not None]:
            self._running.remove(process)
            if process.returncode:
                signal = process.returncode < 0
                how = f"was killed by signal {-process.returncode}" if signal else f"failed: {process.returncode}"
                self._say(f"--then {self._command} {how}")

    def finish(self) -> None:
        """Wait a moment for what still runs; what takes longer runs on."""
        deadline = time.monotonic() + GRACE_SECONDS
        self.check()
        while self._running and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            self.check()
