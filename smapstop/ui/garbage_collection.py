"""Garbage collection, which rests while the dashboard starts: nothing that is imported is garbage."""

import gc

RESUME_SECONDS = 1.0
"""When collection begins, after the app is mounted: later than the first table, unless the machine is slow."""
_THRESHOLDS = 2_000, 5, 20
"""Collection in small steps: with 10,000, 10 and 10, one of 100,000 young objects held up keys for 20 ms. All is
looked at after 200,000 more: what was drawn is garbage that only this finds, in a family 25,000 objects each half
minute."""


def resume_collection() -> None:
    """Begin to collect garbage, if that was put off; what there is stays out of it."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
