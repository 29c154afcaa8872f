"""What the samples mean: pure functions and frozen data; no I/O, no clock, no threads."""
