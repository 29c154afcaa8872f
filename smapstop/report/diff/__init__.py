"""Two runs or snapshots compared."""
