"""One parser for reading after reading, each compared with what reading line by line gives."""

from collections.abc import Callable
from typing import Any

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Mappings
from smapstop.proc.smaps.parser import SmapsParser, parse_smaps

COLUMNS = ("start", "end", "offset", "inode", "perms", "device", "name", "flags")


def column_values(mappings: Mappings) -> dict[str, Any]:
    """All that a reading says, with its types, in a form that can be kept and compared."""
    columns = {name: getattr(mappings, name) for name in COLUMNS}
    texts = {
        name: [mappings.string_at(columns[name], row) for row in range(len(mappings))]
        for name in ("perms", "device", "name", "flags")
    }
    arrays = columns | {"amounts": mappings.amounts}
    return {
        "fields": mappings.fields,
        "texts": texts,
        "types": {name: (column.dtype, column.shape) for name, column in arrays.items()},
        "in one piece": all(column.flags.c_contiguous for column in [*columns.values(), *mappings.amounts]),
    } | {name: column.tolist() for name, column in arrays.items()}


def columns_or_error(parse: Callable[[], Mappings]) -> dict[str, Any] | str:
    """What a reading says, or the complaint."""
    try:
        return column_values(parse())
    except SmapstopError as error:
        return str(error)


class CheckedParser:
    """One parser; its readings are compared with the line-by-line ones and are never touched afterwards."""

    def __init__(self) -> None:
        self._parser = SmapsParser()
        self._buffer = bytearray()
        self._last_readings: list[tuple[Mappings, dict[str, Any]]] = []

    def read(self, text: bytes) -> bool:
        """Read a text into the memory in which all are read, as the sampler does; whether it could be read."""
        self._buffer[: len(self._buffer)] = text
        with memoryview(self._buffer) as view:
            got = columns_or_error(lambda: self._remember(self._parser.parse(view)))
        assert got == columns_or_error(lambda: parse_smaps(text, self._parser.strings))
        for mappings, before in self._last_readings:
            assert column_values(mappings) == before
        return not isinstance(got, str)

    def _remember(self, mappings: Mappings) -> Mappings:
        self._last_readings = [*self._last_readings[-2:], (mappings, column_values(mappings))]
        return mappings
