"""`smapstop export`: a recording as csv, JSON lines, or a trace."""

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.errors import SmapstopError
from smapstop.export import KINDS, Kind
from smapstop.options import export_options, parse_words
from smapstop.verbs.printing import print_text, safe
from smapstop.verbs.saving import save
from smapstop.verbs.targets import Command

if TYPE_CHECKING:  # it imports numpy
    from smapstop.recording.store import Recording

_BY_SUFFIX = {".csv": "csv", ".json": "perfetto", ".pftrace": "perfetto"}


def run(words: list[str], command: Command) -> int:
    """Export a recording, also while it is written: as far as it goes then."""
    options, files = parse_words(export_options(), words)
    if command is not None:
        raise SmapstopError("export starts no program", "smapstop record -o FILE -- COMMAND, and then export FILE")
    if len(files) > 1:
        raise SmapstopError(f"unexpected {files[1]!r}", "export takes one recording: smapstop export FILE")
    if not files:
        raise SmapstopError("export needs a recording", "smapstop export FILE")
    form, kinds = _format(options), _kinds(options)
    begin, end = options.begin or 0.0, math.inf if options.end is None else options.end
    if begin > end:
        raise SmapstopError(f"--from {begin:g} is after --to {end:g}", "give the earlier one with --from")
    from smapstop.recording.store import Recording

    with closing(Recording(Path(files[0]))) as recording:
        pieces = _pieces(recording, form, kinds, begin, end, options.filter)
        if options.output in (None, "-"):
            for piece in pieces:
                print_text(piece, "the export")
        else:
            save(pieces, Path(options.output), overwrite=options.force, source=recording.path)
        if not recording.being_written and not recording.stopped:
            what = f"{str(recording.path)!r} ends abruptly: its recorder was killed, or its disk full"
            print(f"smapstop: {safe(what)}; what it has is exported", file=sys.stderr)
    return 0


def _format(options: argparse.Namespace) -> str:
    """The format that is asked for, in words or by the name of the file."""
    suffix = Path(options.output or "").suffix.lower()
    return options.format or _BY_SUFFIX.get(suffix, "jsonl")


def _kinds(options: argparse.Namespace) -> tuple[Kind, ...]:
    """What records are asked for; a table can hold those of one kind."""
    if _format(options) != "csv":
        return options.what or KINDS
    kinds: tuple[Kind, ...] = options.what or ("changes",)
    if len(kinds) > 1:
        raise SmapstopError("csv is one table", "give --what one of ticks, changes, events")
    return kinds


def _pieces(
    recording: "Recording", form: str, kinds: tuple[Kind, ...], begin: float, end: float, filter_text: str
) -> Iterator[str]:
    """The export, piece by piece.

    Raises:
        SmapstopError: The filter makes no sense.
    """
    from smapstop.export.lines import as_csv, as_jsonl
    from smapstop.export.steps import steps
    from smapstop.export.trace import as_trace
    from smapstop.model.arrange import filter_of

    test = filter_of(filter_text) if filter_text else None
    told = steps(recording.ticks(), str(recording.path), begin, end, test)
    match form:
        case "csv":
            return as_csv(told, kinds[0])
        case "perfetto":
            return as_trace(told, kinds, recording.target)
        case _:
            return as_jsonl(told, kinds)
