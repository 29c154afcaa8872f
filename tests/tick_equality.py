"""Whether two ticks say the same; their texts may have other codes."""

from dataclasses import fields
from typing import Any

from factories import mapping_dicts

from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.tick import Tick


def tick_values(tick: Tick) -> dict[str, Any]:
    """All that a tick says, as plain values; without when the next is due, which is not recorded."""
    plain = {field.name: getattr(tick, field.name) for field in fields(tick) if field.name != "due_ns"}
    return plain | {
        "ids": tick.ids.tolist(),
        "rows": mapping_dicts(tick.rows),
        "gone": tick.gone.tolist(),
        "events": list(tick.events),
        "faults": None if tick.faults is None else fault_values(tick.faults),
    }


def fault_values(faults: PageFaults) -> dict[str, Any]:
    """All that is told of page faults, with the frames of the stacks."""
    rows = zip(
        faults.mapping.tolist(), map(faults.stacks.frames_of, faults.stack), faults.faults.tolist(), strict=True
    )
    plain = {field.name: getattr(faults, field.name) for field in fields(faults)}
    return plain | {"rows": list(rows), "mapping": None, "stack": None, "faults": None, "stacks": None}
