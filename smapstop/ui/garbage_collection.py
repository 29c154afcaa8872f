"""Garbage collection, which rests while the dashboard starts: nothing that is imported is garbage."""

import gc

RESUME_SECONDS = 1.0
"""When collection begins, after the app is mounted: later than the first table, unless the machine is slow."""


def resume_collection() -> None:
    """Begin to collect garbage, if that was put off; what there is stays out of it."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
