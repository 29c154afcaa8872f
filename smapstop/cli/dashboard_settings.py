"""Settings of the dashboard, from the options, the config file and the session before; and what it saves."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.remote_targets import find_remote_process
from smapstop.cli.targets import pace_of

if TYPE_CHECKING:  # they import numpy
    from smapstop.model.compare.runs import Run
    from smapstop.model.family.reading import FamilyReading
    from smapstop.settings import Settings


def settings_of(options: argparse.Namespace) -> "Settings":
    """Initial settings of the dashboard: from the options, else the config file, else the previous session.

    Raises:
        SmapstopError: A column is unknown, or the filter or the config file is invalid.
    """
    from smapstop.cli.config.config_file import read_config
    from smapstop.cli.config.preferences import sorting_of
    from smapstop.cli.config.state_file import read_state, save_state
    from smapstop.model.view.filter import parse_filter
    from smapstop.model.view.sort import Sorting
    from smapstop.settings import Settings
    from smapstop.text.table_columns import find_columns

    columns = tuple(filter(None, (options.columns or "").split(",")))
    find_columns(columns)
    parse_filter(options.filter)
    preferences = read_config(options.config).with_defaults(read_state())
    return Settings(
        pace=pace_of(options, preferences),
        sorting=(preferences.sorting or Sorting()) if options.sort is None else sorting_of(options.sort),
        filter=options.filter,
        columns=columns or preferences.columns or (),
        widths=preferences.widths or {},
        units=preferences.units or "auto",
        keys=preferences.keys or {},
        theme=preferences.theme or "",
        pane=preferences.pane,
        inspector=preferences.inspector,
        filters=preferences.filters or (),
        is_recording=getattr(options, "output", None) is not None,
        remember=save_state,
        write_snapshot=partial(_write_snapshot, getattr(options, "via", None)),
        commands=preferences.commands or (),
        save=partial(_save_run, redact=options.redact),
        alerts=preferences.alerts_and(getattr(options, "alert", ())),
        callers=not getattr(options, "no_callers", False),
        via=getattr(options, "via", None) or "",
    )


def _save_run(run: "Run", file: str, family: "Sequence[FamilyReading]", *, redact: bool) -> "Iterator[str]":
    """Save a run as a recording, with the family; see `save_run.save_run`."""
    from smapstop.recording.redaction import Redaction
    from smapstop.recording.save_run import save_run

    return save_run(run, file, family, Redaction() if redact else None)


def _write_snapshot(via: str | None, pid: int, file: str) -> str:
    """Save a sample of a process to a new file; return a message.

    Raises:
        SmapstopError: The process cannot be read, or the file cannot be written.
    """
    from smapstop.cli.atomic_file import write_atomically
    from smapstop.proc.process import ProcDir
    from smapstop.report.snapshot.render import as_csv, as_json, as_table
    from smapstop.report.snapshot.snapshot import take_snapshot

    path = Path(file).expanduser()
    with nullcontext((pid, ProcDir)) if via is None else find_remote_process(via, str(pid)) as (found, open_process):
        snapshot = take_snapshot(found, open_process)
    match path.suffix.lower():
        case ".json":
            text = as_json(snapshot)
        case ".csv":
            text = as_csv(snapshot)
        case _:
            text = as_table(snapshot)
    write_atomically([text], path, overwrite=False, source=Path(f"/proc/{pid}/smaps"))
    return f"saved {path}"
