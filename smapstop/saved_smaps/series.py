"""Turn the saved readings of one process into ticks, with identities, changes and events as if they were sampled."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import data_file_column
from smapstop.model.protocol import Target
from smapstop.model.same_process import is_same_process
from smapstop.model.tick import Tick
from smapstop.model.totals import totals_of
from smapstop.proc.added_fields import DATA_FILE
from smapstop.proc.columns import Counters, Mappings, StringTable, strip_deleted
from smapstop.proc.smaps.parser import SmapsParser, drop_torn
from smapstop.proc.stat import PAGE_KB
from smapstop.sampling.process_reader import ProcessReading
from smapstop.sampling.transition import SamplerState, advance
from smapstop.saved_smaps.dates import Date, find_date_in_name
from smapstop.saved_smaps.readings import SavedReading, SavedText
from smapstop.saved_smaps.records import number_in_name
from smapstop.saved_smaps.saved_text import decode_file, read_saved_text, with_sizes
from smapstop.saved_smaps.times import ReadingTime, find_times, name_of_process

CLOCK_TICKS = 100
"""Unit of the CPU times of a process, which saved texts do not have."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file with readings."""

    name: str
    """Its path."""
    shown: str
    """Its name in messages."""
    data: bytes
    modified_ns: int
    """Its time, ns since the epoch."""


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one process."""

    target: Target
    ticks: tuple[Tick, ...]
    page_kb: int
    """Page size of its machine, kB."""
    notes: tuple[str, ...]
    """What is missing or assumed, for the user."""


def read_series(
    files: Iterable[SavedFile], *, pid: int | None = None, name: str | None = None, interval_ns: int | None = None
) -> Series:
    """Read the readings of one process, in order.

    Args:
        files: The files; each is read when the one before is done.
        pid: Its pid; by default what the texts or the names of the files say.
        name: Its name (comm); by default the same, or the name of its executable.
        interval_ns: Time between two readings; by default what the dates and the times of the files say.

    Raises:
        SmapstopError: A text is damaged or no smaps, the readings are not of one process, or their times go back.
    """
    reader = _SeriesReader()
    for file in files:
        reader.add_file(file)
    times, time_notes = find_times(reader.times, interval_ns)
    executable = _executable_of(reader.first)
    pid = pid or reader.pid or reader.number_of_files or 0
    name = name or reader.name or (name_of_process(executable) if executable else "unknown")
    target = Target(pid, (executable or name,), executable, False, False, None, CLOCK_TICKS, None)
    ticks = _with_times(reader.ticks, times, pid, name)
    return Series(target, tuple(ticks), reader.page_kb, (*reader.notes, *time_notes))


class _SeriesReader:
    """Reads one file after the other, and keeps what changed from reading to reading."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        """Ticks without their times."""
        self.times: list[ReadingTime] = []
        self.notes: list[str] = []
        self.pid: int | None = None
        self.name: str | None = None
        self.page_kb = PAGE_KB
        self._numbers: list[int | None] = []
        self._parser = SmapsParser(StringTable())
        self._state = SamplerState()

    @property
    def first(self) -> Mappings:
        """The first map."""
        return self.ticks[0].rows

    @property
    def number_of_files(self) -> int | None:
        """The number in the names of all files, if it is likely a pid: not the number of the only file."""
        number = self._numbers[0]
        is_pid = set(self._numbers) == {number} and (len(self._numbers) > 1 or (number or 0) >= _LIKELY_PID)
        return number if is_pid else None

    def add_file(self, file: SavedFile) -> None:
        """Add the readings of a file."""
        try:
            text = read_saved_text(decode_file(file.data))
            if text.readings[0].kind == "rollup":
                raise SmapstopError("only totals (smaps_rollup), without mappings", "save /proc/PID/smaps")
        except SmapstopError as error:
            raise SmapstopError(f"{file.shown}: {error.what}", error.remedy) from error
        self.notes += [f"{file.shown}: {note}" for note in text.notes]
        for reading, date in zip(text.readings, _dates_of(text), strict=True):
            if date is None and len(text.readings) == 1:
                date = find_date_in_name(file.name)
            time = ReadingTime(file.shown, reading.line, date, file.modified_ns, len(text.readings) == 1)
            self._add_reading(reading, time)
        self._numbers.append(number_in_name(file.name))

    def _add_reading(self, reading: SavedReading, time: ReadingTime) -> None:
        """Add a reading."""
        pid = reading.pid
        if pid is not None and self.pid is not None and pid != self.pid:
            raise SmapstopError(f"{time.place}: this reading is of process {pid}, not {self.pid}", _ONE_PROCESS)
        self.pid, self.name = pid or self.pid, reading.name or self.name
        raw = self._parser.parse(reading.text)
        mappings = drop_torn(raw)
        torn = mappings is not raw
        mappings = with_sizes(mappings).with_fields({DATA_FILE: data_file_column(mappings)})
        mappings = self._with_same_fields(mappings, time)
        if not self.ticks:
            self.page_kb = _page_kb(mappings)
        known = self._state.known
        transition = advance(self._state, _process_reading(mappings, torn=torn), self.page_kb)
        if known is not None and not is_same_process(known[0], mappings, transition.matched.previous_rows):
            raise SmapstopError(f"{time.place}: this reading is of another process than the one before", _ONE_PROCESS)
        self._state = transition.state
        sent = slice(None) if transition.keyframe else transition.changed
        self.notes += [f"{time.file}: {note}" for note in reading.notes]
        self.times.append(time)
        self.ticks.append(
            Tick(
                number=len(self.ticks),
                monotonic_ns=0,
                wall_ns=0,
                read_ns=0,
                cpu_ns=0,
                interval_ns=0,
                smaps_interval_ns=0,
                counters=_NO_COUNTERS,
                tier="smaps",
                totals=totals_of(_NO_COUNTERS, mappings, {}),
                keyframe=transition.keyframe,
                ids=transition.matched.ids[sent],
                rows=mappings.take(sent),
                gone=transition.matched.gone,
                lineage=transition.matched.lineage,
                events=transition.events,
                torn=torn,
            )
        )

    def _with_same_fields(self, mappings: Mappings, time: ReadingTime) -> Mappings:
        """The fields in the order of the first reading.

        Raises:
            SmapstopError: They are others.
        """
        if not self.ticks or mappings.fields == self.first.fields:
            return mappings
        fields = self.first.fields
        if set(fields) != set(mappings.fields):
            what = f"{time.place}: this reading has other fields than the first one"
            raise SmapstopError(what, "save all lines of /proc/PID/smaps each time")
        order = [mappings.fields.index(field) for field in fields]
        return replace(mappings, fields=fields, amounts=mappings.amounts[order])


_LIKELY_PID = 100
_ONE_PROCESS = "import the readings of one process, or print one with smapstop snapshot --reading N"
_NO_COUNTERS = Counters(
    pid=0,
    name="",
    state="",
    ppid=0,
    threads=None,
    start_time=0,
    image=0,
    minor_faults=None,
    major_faults=None,
    user_ticks=None,
    system_ticks=None,
    exit_code=None,
    rss=None,
)
"""Counters of a process of which only smaps is known."""


def _process_reading(mappings: Mappings, *, torn: bool) -> ProcessReading:
    """A reading as the sampler takes it."""
    return ProcessReading(
        wall_ns=0,
        monotonic_ns=0,
        read_ns=0,
        counted_ns=0,
        tier="smaps",
        counters=_NO_COUNTERS,
        counters_after=_NO_COUNTERS,
        mappings=mappings,
        has_mappings=True,
        rollup={},
        torn=torn,
        executed=False,
        missing="",
    )


def _dates_of(text: SavedText) -> list[Date | None]:
    """Dates of the readings of a text: before each of them, or after each of them."""
    dates = [reading.date for reading in text.readings]
    if dates[0] is None and text.date_after is not None and None not in dates[1:]:
        return [*dates[1:], text.date_after]
    return dates


def _page_kb(mappings: Mappings) -> int:
    """Page size of the machine, kB: the smallest one of the kernel's; this machine's if it is not printed."""
    sizes = mappings.get("kernel_page_size")
    return PAGE_KB if sizes is None or not (sizes > 0).any() else int(sizes[sizes > 0].min())


def _executable_of(mappings: Mappings) -> str | None:
    """Path of the executable, as far as the map shows it: the file before the heap, else the first one with code."""
    names = [mappings.name_of(row) for row in range(len(mappings))]
    if "[heap]" in names:
        before = [name for name in names[: names.index("[heap]")] if name.startswith("/")]
        if before:
            return strip_deleted(before[-1])
    code = (name for row, name in enumerate(names) if name.startswith("/") and "x" in mappings.perms_of(row))
    first = next(code, None)
    return None if first is None else strip_deleted(first)


def _with_times(ticks: Sequence[Tick], times: Sequence[int], pid: int, name: str) -> Iterator[Tick]:
    """Ticks with their times, and with the process."""
    steps = np.diff(times)
    interval_ns = int(np.median(steps)) if len(steps) else 1_000_000_000
    for tick, wall_ns in zip(ticks, times, strict=True):
        yield replace(
            tick,
            monotonic_ns=wall_ns - times[0],
            wall_ns=wall_ns,
            interval_ns=max(1, interval_ns),
            smaps_interval_ns=max(1, interval_ns),
            counters=replace(tick.counters, pid=pid, name=name),
        )
