"""Whether two ticks say the same; their texts may have other codes."""

from dataclasses import fields
from typing import Any

from factories import mapping_dicts

from smapstop.model.tick import Tick


def tick_values(tick: Tick) -> dict[str, Any]:
    """All that a tick says, as plain values that can be compared."""
    plain = {field.name: getattr(tick, field.name) for field in fields(tick)}
    return plain | {
        "ids": tick.ids.tolist(),
        "rows": mapping_dicts(tick.rows),
        "gone": tick.gone.tolist(),
        "events": list(tick.events),
    }
