"""Pages of one mapping as a grid, now and before."""
