"""The terminal dashboard; the only package that imports Textual."""
