"""smapstop: a live terminal dashboard of a Linux process's memory map."""

__version__ = "0.2.0"
