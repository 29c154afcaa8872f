"""Interpretation of samples: pure functions and frozen data; no I/O, no clock, no threads."""
