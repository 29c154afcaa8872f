"""One parser for reading after reading, each compared with what reading line by line gives."""

from collections.abc import Callable
from typing import Any

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Mappings
from smapstop.proc.smaps.parser import SmapsParser, parse_smaps

COLUMNS = ("start", "end", "offset", "inode", "perms", "device", "name", "flags")


def said(mappings: Mappings) -> dict[str, Any]:
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


def outcome(parse: Callable[[], Mappings]) -> dict[str, Any] | str:
    """What a reading says, or the complaint."""
    try:
        return said(parse())
    except SmapstopError as error:
        return str(error)


class Reader:
    """One parser; its readings are compared with the line-by-line ones and are never touched afterwards."""

    def __init__(self) -> None:
        self._parser = SmapsParser()
        self._memory = bytearray()
        self._kept: list[tuple[Mappings, dict[str, Any]]] = []

    def read(self, text: bytes) -> bool:
        """Read a text into the memory in which all are read, as the sampler does; whether it could be read."""
        self._memory[: len(self._memory)] = text
        with memoryview(self._memory) as view:
            got = outcome(lambda: self._keep(self._parser.parse(view)))
        assert got == outcome(lambda: parse_smaps(text, self._parser.strings))
        for mappings, before in self._kept:
            assert said(mappings) == before
        return not isinstance(got, str)

    def _keep(self, mappings: Mappings) -> Mappings:
        self._kept = [*self._kept[-2:], (mappings, said(mappings))]
        return mappings
