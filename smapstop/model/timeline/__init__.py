"""The log of ticks, packed, and the map at any tick."""
