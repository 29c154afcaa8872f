"""Mapped ELF files: segments, symbols, debug files."""
