"""Benchmarks of smapstop: `make bench`. Every figure is a ratio or a size, measured in one run."""
