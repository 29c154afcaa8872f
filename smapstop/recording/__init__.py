"""Recordings: the log of ticks as an SQLite file that outlives the process and that any SQLite tool can query."""
