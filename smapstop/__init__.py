"""smapstop: a live terminal dashboard of a Linux process's memory map."""

__version__ = "0.1.0"
