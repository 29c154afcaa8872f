"""A fleet: the processes of some names, as figures for a monitoring system."""
