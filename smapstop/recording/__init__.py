"""Recordings: the log of ticks as a file that outlives the process, and that every SQLite tool can query."""
