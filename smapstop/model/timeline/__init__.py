"""Packed log of ticks, and map snapshots at any tick."""
