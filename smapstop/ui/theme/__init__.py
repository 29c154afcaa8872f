"""Themes, palettes and colour contrast."""
