"""Alerts: conditions on the memory of a process, and when they are raised and cleared; pure, over ticks."""
