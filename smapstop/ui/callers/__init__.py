"""Callers of page faults as a tree of lines, and as a flame graph of cells."""
