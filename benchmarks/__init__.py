"""What smapstop costs, measured: `make bench`. Every figure is a ratio or a size, taken in one run."""
