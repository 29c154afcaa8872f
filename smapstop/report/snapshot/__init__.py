"""One sample, printed."""
