"""`smapstop diff`: two runs or snapshots compared."""
