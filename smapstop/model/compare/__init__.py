"""Compare runs and processes."""
