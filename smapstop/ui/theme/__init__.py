"""Colours: themes, palettes, contrast."""
